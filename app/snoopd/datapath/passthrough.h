/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Packets that no flow sees: everything but TCP, and all packets while the link is in bypass or
 * cut. Each is forwarded at once and counted by the reason. Worker lcore only.
 */
#ifndef SNOOPD_PASSTHROUGH_H
#define SNOOPD_PASSTHROUGH_H

#include <stdint.h>

#include <rte_mbuf.h>

#include <counters/counters.h>
#include <snoop/snoop.h>
#include <wire/wire.h>

struct worker_link;

/** Count a packet of a kind that is not TCP. */
void passthrough_count(struct counters *counters, enum wire_kind kind);

/**
 * The link is in bypass, or a port is down: send packets on as they are. What goes to the port that
 * is down is dropped there. The references pass.
 */
void passthrough_unseen(struct worker_link *link, enum snoop_side to, struct rte_mbuf **packets,
			uint32_t count);

#endif
