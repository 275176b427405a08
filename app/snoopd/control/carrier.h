/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The carriers of the two ports: log their changes, and pass them on from one side to the other as
 * carrier_policy.h decides. A port has a carrier if its driver says so and the kernel
 * (port_watch.h) does not deny it.
 *
 * Who runs here: the control thread. A driver with a link interrupt wakes it with CARRIER_SIGNAL,
 * from the EAL's interrupt thread; otherwise a change waits for the next tick. It calls ethdev.
 */
#ifndef SNOOPD_CARRIER_H
#define SNOOPD_CARRIER_H

#include <pthread.h>

#include <snoopd/control/carrier_policy.h>
#include <snoopd/bringup/ports.h>

struct port_watch;

/** Control thread only; wake_up() reads control. */
struct carrier {
	struct carrier_policy policy;
	struct ports *ports;
	const struct port_watch *watch;
	pthread_t control;  /* the thread to wake */
	bool seen[2];	    /* the side's carrier was looked at */
	bool follow;	    /* [link] propagate, set by the supervisor */
	uint64_t stable_us; /* [link] propagate_hold, set by the supervisor */
};

/** Call it after the ports were started, from the thread to wake. */
void carrier_start(struct carrier *carrier, struct ports *ports, const struct port_watch *watch,
		   uint64_t now_us);

/** See what has changed, and act on it. */
void carrier_look(struct carrier *carrier, uint64_t now_us);

/** Give back the carrier that was taken, if any. */
void carrier_stop(struct carrier *carrier);

#endif
