/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * When one side loses its carrier, the other side must lose it too, or the switches next to the box
 * go on sending into a dead wire. Pure: carriers and the time go in; which carrier to take down or
 * to give back comes out.
 *
 * Who runs here: the control thread, from carrier.c. It calls nothing.
 *
 * A side that snoopd took down shows no carrier, whatever its cable does. So that side is never a
 * reason to take down the other one, and at most one side is taken down at a time. Its carrier is
 * given back as soon as the other side has had a carrier for long enough. Then it has some time to
 * negotiate before a missing carrier counts again. If it still has none, the roles change: now its
 * side is the broken one.
 */
#ifndef SNOOPD_CARRIER_POLICY_H
#define SNOOPD_CARRIER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* How long a port may take to get a carrier after it was started or given back. */
#define CARRIER_SETTLE_US 10000000u

#define CARRIER_NO_SIDE (-1)

enum carrier_policy_action {
	CARRIER_LEAVE,
	CARRIER_TAKE_DOWN,
	CARRIER_GIVE_BACK,
};

struct carrier_policy_side {
	bool up;	   /* carrier, as last seen */
	bool settling;	   /* no carrier yet since the port started or got its carrier back */
	bool fixed;	   /* its driver cannot take it down */
	uint64_t since_us; /* start of up, or of settling */
};

struct carrier_policy {
	struct carrier_policy_side side[2];
	int forced; /* the side that snoopd took down, or CARRIER_NO_SIDE */
};

struct carrier_policy_order {
	enum carrier_policy_action action;
	int side;
};

/** Both ports have just been started. */
void carrier_policy_init(struct carrier_policy *state, uint64_t now_us);

/**
 * Decide what to do now. The order counts as done unless carrier_policy_refused() follows.
 *
 * @param up       carriers, by side; that of the forced side is ignored
 * @param follow   false = neither side follows the other: only give back what was taken
 * @param stable_us  how long a carrier must last before the other side gets its own back
 */
struct carrier_policy_order carrier_policy_look(struct carrier_policy *state, const bool up[2],
						bool follow, uint64_t stable_us, uint64_t now_us);

/** The driver cannot take that side down: do not try again. */
void carrier_policy_refused(struct carrier_policy *state, int side);

#endif
