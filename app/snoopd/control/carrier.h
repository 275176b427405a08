/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The carriers of the two ports: logged where they change, and passed on from one side to the other
 * as linkstate.h decides. Control thread. Ports whose driver has an interrupt for it wake up that
 * thread with CARRIER_SIGNAL, the others are looked at when it wakes up by itself.
 */
#ifndef SNOOPD_LINKS_H
#define SNOOPD_LINKS_H

#include <pthread.h>
#include <signal.h>

#include <snoopd/control/carrier_policy.h>
#include <snoopd/bringup/ports.h>

#define CARRIER_SIGNAL SIGUSR1 /* blocked in all threads, awaited by the control thread */

struct carrier {
	struct carrier_policy state;
	struct ports *ports;
	pthread_t control;
	bool follow;	      /* [link] propagate */
	uint64_t withhold_us; /* [link] propagate_hold */
};

/** The ports were started. Called by the thread that is to be woken up. */
void carrier_start(struct carrier *links, struct ports *ports, uint64_t now_us);

void carrier_look(struct carrier *links, uint64_t now_us);

/** Give back what was taken. */
void carrier_stop(struct carrier *links);

#endif
