/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Ports live and die. What the kernel says of the interfaces behind the ports (rtnetlink), and
 * ethdev of devices that are removed or reset, becomes state of the ports, gates of the workers,
 * and one line in the log for each change.
 *
 * - Down, or without a carrier: the port is down, its gate CLOSED. Once it is up what the driver
 *   kept meanwhile is thrown away, and the gate opens.
 * - Vanished, removed, reset: the port is gone, its gate ABSENT. By [ports] lost snoopd ends, or
 *   opens the port again (port_return.h).
 *
 * Who runs here: the control thread. The kernel wakes it by CARRIER_SIGNAL; removed() runs in the
 * EAL's interrupt thread. It calls bringup, the room kernel, and the gates of the workers.
 */
#ifndef SNOOPD_PORT_WATCH_H
#define SNOOPD_PORT_WATCH_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <snoop/snoop.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/datapath/worker.h>
#include <snoopd/kernel/link_state.h>

#define CARRIER_SIGNAL SIGUSR1 /* blocked in all threads, awaited by the control thread */

struct link;
struct netlink;
struct port;

/** What happened to a device, as ethdev says. */
enum port_event { PORT_EVENT_NONE, PORT_EVENT_REMOVED, PORT_EVENT_RESET };

/** Control thread only, but for `event`. */
struct port_watch_side {
	struct port_watch *watch;
	enum snoop_side side;
	bool watched;	       /* netlink tells of it */
	bool interrupts;       /* the driver tells of its carrier by itself */
	uint32_t event;	       /* enum port_event, atomic: set in the EAL's interrupt thread */
	struct link_state now; /* where watched */
	enum worker_gate gate;
	uint64_t turns[HANDOFF_WORKERS_MAX]; /* of the workers, when the gate was set */
	bool shut;			     /* gone, and closed for ethdev too */
	bool refused;	   /* the last try to open it again failed: that was said */
	uint64_t retry_us; /* when to try next */
};

struct port_watch {
	struct link *link;
	struct netlink *news;	 /* NULL: the kernel tells nothing */
	struct netlink *answers; /* for questions, if news were lost */
	pthread_t control;	 /* the thread to wake */
	struct port_watch_side side[2];
};

/** The workers do not run yet, or have just been launched. Call it from the thread to wake. */
void port_watch_start(struct port_watch *watch, struct link *link);

/** See what has changed: before the carriers are looked at. */
void port_watch_look(struct port_watch *watch);

/** @return false if the kernel says that the port has no carrier, or that it is gone. */
bool port_watch_up(const struct port_watch *watch, enum snoop_side side);

/** @return what an operator can do about that, "" = nothing. */
const char *port_watch_advice(const struct port_watch *watch, enum snoop_side side, char *out,
			      size_t out_bytes);

/**
 * After the carriers were looked at: open and close the gates of the workers, and open ports that
 * came back.
 *
 * @return false if a port is gone and snoopd has to end for that; it was said.
 */
bool port_watch_act(struct port_watch *watch, uint64_t now_us);

/** For port_return.c: has every worker left the port, or stopped sending to it? */
bool port_watch_is_left(const struct port_watch_side *side);

/** Before the ports are closed. */
void port_watch_stop(struct port_watch *watch);

#endif
