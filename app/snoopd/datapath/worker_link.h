/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a worker has of one link: the two ports with their queues, gates and TX buffers, the
 * configuration in effect, an engine of its own, counters.
 *
 * A worker forwards for any number of links. What their packets share is in struct worker: flow
 * table, timers, packet pool, clock. What one link could use up at the cost of another is here:
 * cache, stations, SYN memory and the number of flows are budgets of the link. Everything that
 * differs between links is reached by the struct worker_link of the burst, or by the link's number
 * in the flow record.
 *
 * Threads: as struct worker, see worker.h. Each group of fields says what other threads may do.
 */
#ifndef SNOOPD_WORKER_LINK_H
#define SNOOPD_WORKER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <config/config.h>
#include <counters/counters.h>
#include <snoop/snoop.h>
#include <snoopd/base/carriage.h>
#include <snoopd/datapath/flows.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/datapath/packet.h>
#include <snoopd/datapath/reconfigure.h>
#include <snoopd/datapath/trace.h>
#include <snoopd/datapath/transmit.h>

#define WORKER_LINKS_MAX 64u

struct worker;

/**
 * May a worker use a port? As soon as one is not open, the wire is cut: see flows_look_at_outage().
 */
enum worker_gate {
	GATE_OPEN,
	GATE_CLOSED, /* what is for it is dropped and counted */
	GATE_ABSENT, /* that, and the worker does not touch the port at all */
};

struct worker_port {
	uint16_t port_id;
	uint16_t queue_id; /* the worker's RX and TX queue, unless worker_link_join() gives others
			    */
	enum driver_sharing sharing;
	const struct carriage *carriage; /* NULL = the port takes every length */
};

/** What a worker's part of a link is made from. */
struct worker_link_setup {
	const struct config *config; /* of the link; constant while the worker lives */
	uint32_t workers;	     /* that share the budgets of config; 0 = 1 */
	uint32_t rank;		     /* the worker's among them: 0 .. workers - 1 */
	struct worker_port port[2];  /* by enum snoop_side */
	void *send_context;	     /* for the worker's send() */
};

/** A ring from another worker. */
struct worker_lane {
	struct rte_ring *ring;
	enum snoop_side side; /* rx: where its packets come from, tx: where they go to */
};

struct worker_link {
	/* Constant after worker_create(). Any thread may read it. */
	struct worker *worker;
	struct snoop_engine *engine; /* its histograms may be read by any thread, a packet old */
	uint32_t number;	     /* of the link in the process */
	uint32_t workers, rank;
	uint32_t flows_max;
	void *send_context;
	struct worker_port port[2];

	/* Constant after worker_link_join(). Worker: ro. */
	bool spreads;		 /* the worker looks up the owner of what it receives */
	struct handoff *handoff; /* NULL = no other worker */
	struct handoff_queues queues[2];
	uint32_t rx_lane_count, tx_lane_count;
	struct worker_lane rx_lanes[2 * HANDOFF_WORKERS_MAX];
	struct worker_lane tx_lanes[2 * HANDOFF_WORKERS_MAX];

	/* Worker: rw, by requests: reconfigure.c, and for the trace request.c. */
	const struct config *config;
	uint64_t cache_segments, cache_bytes; /* this worker's share of the budgets */
	struct trace *trace;		      /* NULL = no flow is traced */
	bool bypass;			      /* no packet of this link is looked at */
	enum reconfigure_state reconfigure;
	uint32_t level_next; /* the record whose flow gets its level next */

	/* Worker: rw, by flows_look_at_outage(). */
	bool outage;	      /* the wire is cut: no packet is looked at */
	uint32_t outage_next; /* the record whose flow is reset next */

	/* Worker: rw. Control: ro, atomic. */
	bool pressed; /* the cache is nearly full: new flows begin in bypass */

	/* Worker: rw. */
	uint32_t flows; /* in the worker's table; at most flows_max */
	struct flow_gauges gauges;

	/* Worker: rw. Any thread: ro, atomic, a few packets old. */
	struct counters counters __rte_cache_aligned;

	/* Worker: rw. */
	struct transmit output[2] __rte_cache_aligned; /* by enum snoop_side: where to */

	/* Control: rw, worker: ro, atomic. */
	uint8_t gate[2] __rte_cache_aligned; /* enum worker_gate, by enum snoop_side */
};

/** @return how many flows of the link the worker has to hold. */
uint32_t worker_link_flows(const struct worker_link_setup *setup);

/**
 * Control thread, from worker_create(). Memory comes from the hugepages of the socket.
 *
 * @param number  of the link in the process, below WORKER_LINKS_MAX
 * @return the link, or NULL after one line on stderr that says what was needed.
 */
struct worker_link *worker_link_create(struct worker *worker, uint32_t number,
				       const struct worker_link_setup *setup, int socket);

/**
 * Control thread, before the worker runs: take up the worker's queues of the link and its ends of
 * the rings. Without it the worker has the queues of its setup, and every packet that it receives
 * is its own.
 *
 * @param handoff  of the link; outlives the worker's run
 */
void worker_link_join(struct worker_link *link, struct handoff *handoff);

/** Control thread. May be NULL. */
void worker_link_destroy(struct worker_link *link);

/** Any thread. The worker follows within a turn. */
static inline void worker_set_gate(struct worker_link *link, enum snoop_side side,
				   enum worker_gate gate)
{
	__atomic_store_n(&link->gate[side], (uint8_t)gate, __ATOMIC_RELEASE);
}

#endif
