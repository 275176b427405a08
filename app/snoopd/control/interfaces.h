/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The interfaces of the kernel behind the ports while packets move: offloads that somebody switches
 * on, and frames that the wire cannot carry whole. A change is said once; a running wire is never
 * stopped for it.
 *
 * Who runs here: the control thread, once a second. It writes offloads_on of the ports. It calls
 * the room kernel.
 */
#ifndef SNOOPD_INTERFACES_H
#define SNOOPD_INTERFACES_H

#include <stdbool.h>
#include <stdint.h>

#include <counters/counters.h>
#include <snoopd/bringup/ports.h>

struct netlink;

/** Frames of one side that were dropped because they cannot be carried whole. */
struct interfaces_drops {
	uint64_t frames; /* as last said */
	uint64_t said_us;
};

struct interfaces {
	struct ports *ports;
	const char *label;		    /* of the link, for log lines */
	struct netlink *asking, *listening; /* NULL = nobody watches the offloads */
	uint16_t ethtool;		    /* id of the family */
	struct interfaces_drops drops[2];   /* by enum snoop_side: where they came from */
};

/** The ports have their interfaces. Ports and label outlive interfaces_stop(). */
void interfaces_start(struct interfaces *interfaces, struct ports *ports, const char *label);

/** @param sum  over all workers */
void interfaces_look(struct interfaces *interfaces, const struct counters *sum, uint64_t now_us);

void interfaces_stop(struct interfaces *interfaces);

#endif
