/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * When one side loses its carrier the other side has to lose it too, or the switches beside the box
 * go on sending into a dead wire. Pure: carriers and the time go in, which link to take down or to
 * give back comes out. Control thread.
 *
 * What has to be remembered: a side that we took down shows no carrier, whatever its cable does. So
 * it is never a reason to take down the other one, at most one side is down by our hand, and it is
 * given back as soon as the other side has had its carrier for long enough. Then it may take its
 * time to negotiate before its own lack of a carrier counts again. If it has none then, the roles
 * change: its side is the broken one.
 */
#ifndef SNOOPD_LINKSTATE_H
#define SNOOPD_LINKSTATE_H

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
	bool settling;	   /* no carrier yet since it was started or given back */
	bool fixed;	   /* its driver cannot take it down */
	uint64_t since_us; /* of up, or of settling */
};

struct carrier_policy {
	struct carrier_policy_side side[2];
	int forced; /* the side that we took down, or CARRIER_NO_SIDE */
};

struct carrier_policy_order {
	enum carrier_policy_action action;
	int side;
};

/** Both ports have just been started. */
void carrier_policy_init(struct carrier_policy *state, uint64_t now_us);

/**
 * What is to be done now. The order counts as done, unless carrier_policy_refused() follows.
 *
 * @param up       carriers, by side; that of a side that we took down is not looked at
 * @param follow   false = no side follows the other one: only give back what was taken
 * @param withhold_us  how long a carrier has to last before the other side gets its own back
 */
struct carrier_policy_order carrier_policy_look(struct carrier_policy *state, const bool up[2],
						bool follow, uint64_t withhold_us, uint64_t now_us);

/** The driver cannot take that side down: it is not tried again. */
void carrier_policy_refused(struct carrier_policy *state, int side);

#endif
