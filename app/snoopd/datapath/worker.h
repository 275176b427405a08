/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A worker: one lcore that owns its queues, its flows, its engine and its counters, and runs every
 * packet to completion.
 *
 *	rx_burst -> parse -> flow lookup -> engine verdict -> TX buffer -> tx_burst
 *
 * The room's rules. Everything in datapath/ runs on a worker's lcore, except for what is marked
 * "control thread" or "control side". It touches its own struct worker and what was given to it,
 * writes no log, makes no system call (but sched_yield() where workers share a CPU) and allocates
 * nothing. It calls base/, lib/ and DPDK, and nothing of the rooms above.
 *
 * With several workers a packet is handled by the worker that owns its flow. The NICs find it
 * (RSS), or the worker that receives the packet does and hands it over (handoff.h).
 *
 * Threads. The control thread creates and destroys workers while no lcore runs them. While one
 * runs, struct worker belongs to its lcore; each group of fields says what other threads may do.
 * What is written by one thread and read by another has cache lines of its own.
 *
 * A test harness drives the same code without an lcore: worker_create() with a `send` of its own,
 * then worker_input() for received packets and worker_service() to let time pass, at any clock it
 * likes, and worker_close(). It links snoopd_worker_dep and its own timer source, see
 * flow/timer.h.
 */
#ifndef SNOOPD_WORKER_H
#define SNOOPD_WORKER_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_pause.h>

#include <config/config.h>
#include <counters/counters.h>
#include <flow/other_vlan.h>
#include <flow/periodic.h>
#include <flow/table.h>
#include <flow/timer.h>
#include <snoop/snoop.h>
#include <snoopd/base/clock.h>
#include <snoopd/datapath/burst.h>
#include <snoopd/base/carriage.h>
#include <snoopd/datapath/flows.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/datapath/packet.h>
#include <snoopd/datapath/receive.h>
#include <snoopd/datapath/reconfigure.h>
#include <snoopd/datapath/request.h>
#include <snoopd/datapath/trace.h>
#include <snoopd/datapath/transmit.h>
#include <snoopd/datapath/worker_report.h>

#define WORKER_RECORDS_PER_STEP 512u /* that a request looks at between two turns */
/* Turns from one look at rte_timer to the next: together they are shorter than a tick. Where
 * workers share a CPU, and turns may be long, each looks. */
#define WORKER_MANAGE_TURNS 4u

/**
 * May a worker use a port? As soon as one is not open, the wire is cut: see flows_look_at_outage().
 */
enum worker_gate {
	GATE_OPEN,
	GATE_CLOSED, /* what is for it is dropped and counted */
	GATE_ABSENT, /* that, and the worker does not touch the port at all */
};

/** When does the loop end? */
enum worker_stop {
	WORKER_RUNS,
	WORKER_EMPTIES, /* after a turn in which nothing was left to receive */
	WORKER_STOPS,	/* after this turn */
};

struct worker_port {
	uint16_t port_id;
	uint16_t queue_id; /* the worker's RX and TX queue, unless worker_join() gives it others */
	enum driver_sharing sharing;
	const struct carriage *carriage; /* NULL = the port takes every length */
};

/** What a worker is made from. */
struct worker_setup {
	unsigned int index;	     /* 0 .. workers - 1 */
	unsigned int lcore;	     /* for messages */
	uint32_t workers;	     /* that share the budgets of config; 0 = 1 */
	const struct config *config; /* of the link; constant while the worker lives */
	struct rte_mempool *pool;    /* where received packets come from */
	uint16_t segments_per_frame; /* mbufs that a cached frame may take */
	struct worker_port port[2];  /* by enum snoop_side */
	int socket;
	bool shares_cpu;       /* with another worker: an idle turn yields */
	uint64_t secret;       /* keys the hashes; drawn at start, the same in all workers */
	transmit_send_fn send; /* NULL = rte_eth_tx_burst() */
	void *send_context;
};

/** What arrived on one side; any number of packets. */
struct worker_received {
	struct rte_mbuf **packets;
	uint32_t count;
};

/** A ring from another worker. */
struct worker_lane {
	struct rte_ring *ring;
	enum snoop_side side; /* rx: where its packets come from, tx: where they go to */
};

/** Packets of the burst under way that belong to another worker. */
struct worker_stage {
	uint32_t count;
	struct rte_mbuf *packets[WORKER_BURST];
};

struct worker {
	/* Constant after worker_create(). Any thread may read it. */
	unsigned int index, lcore;
	uint32_t workers;
	struct rte_mempool *pool;
	struct snoop_engine *engine; /* its histograms may be read by any thread, a packet old */
	uint64_t secret;
	transmit_send_fn send;
	void *send_context;
	struct worker_port port[2];
	uint16_t segments_per_frame;
	bool shares_cpu;

	/* Constant after worker_join(). Worker: ro. */
	bool spreads;		 /* it looks up the owner of what it receives */
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

	/* Worker: rw. Any thread: ro, atomic, a turn old. */
	uint64_t now_us; /* time of this turn */

	/* Worker: rw. */
	struct clock clock;
	uint32_t clock_steps; /* of the clock, that the jobs have followed */
	uint32_t turns;
	struct receive_state receive;
	/* What the jobs begin, and turns end in portions. */
	bool timers_due;      /* the wheel may have timers that fire now */
	uint32_t ageing_left; /* records that ageing still has to look at */
	uint64_t aged_us;     /* when ageing was told to go on last */
	struct periodic tick, ageing, housekeeping;
	uint64_t jobs_us; /* a harness: when the first of them is due */
	struct flow_table table;
	struct flow_timers timers;
	struct flow_gauges gauges;
	struct flow_other_vlan other_vlan;

	/* Worker: rw. Any thread: ro, atomic, a few packets old. */
	struct counters counters __rte_cache_aligned;

	/* Worker: rw. */
	struct transmit output[2] __rte_cache_aligned; /* by enum snoop_side: where to */
	struct packet_dropped
		dropped[2] __rte_cache_aligned; /* in this turn, and in the last one */
	uint32_t dropping;			/* index of this turn's */
	struct burst_slot slots[BURST_MAX] __rte_cache_aligned;		     /* of both sides */
	struct worker_stage staged[HANDOFF_WORKERS_MAX] __rte_cache_aligned; /* by owner */

	/* Worker: rw. Any thread: ro, atomic. */
	struct worker_health health __rte_cache_aligned;
	bool empty; /* with WORKER_EMPTIES: all that had arrived was sent */

	/* Control: rw, worker: ro, atomic. */
	uint8_t stop __rte_cache_aligned; /* enum worker_stop: asks the loop to end */
	uint8_t gate[2];		  /* enum worker_gate, by enum snoop_side */

	/* Handed back and forth by its state, see mailbox.h. */
	struct request request __rte_cache_aligned;
};

/**
 * Control thread. Memory comes from the hugepages of setup->socket.
 *
 * @return the worker, or NULL after one line on stderr that says what was needed.
 */
struct worker *worker_create(const struct worker_setup *setup);

/**
 * Control thread, before the worker runs: take up its queues and its ends of the rings. Without it
 * the worker has the queues of its setup, and every packet that it receives is its own.
 *
 * @param handoff  outlives the worker's run
 */
void worker_join(struct worker *worker, struct handoff *handoff);

/** Control thread, after worker_close(). */
void worker_destroy(struct worker *worker);

/**
 * Packets arrived, by enum snoop_side. Of each WORKER_BURST those from the wired side are handled
 * first. The references pass.
 */
void worker_input(struct worker *worker, const struct worker_received received[2], uint64_t now_us);

/** Another worker received packets of this one's flows and handed them over. The references pass.
 */
void worker_input_handed(struct worker *worker, enum snoop_side from, struct rte_mbuf **packets,
			 uint32_t count, uint64_t now_us);

/**
 * End a turn at now_us: run the jobs that are due, send what is buffered. A harness; on its lcore a
 * worker does the same, and rte_timer runs its jobs. A harness that has more packets for the worker
 * says so by receive_note() before.
 */
void worker_service(struct worker *worker, uint64_t now_us);

/**
 * Let go of everything: withheld ACKs are released and transmitted, every flow is closed, the
 * caches are dropped. After that the worker holds no packet.
 */
void worker_close(struct worker *worker, uint64_t now_us);

/** The lcore's function (rte_eal_remote_launch): turns until worker_stop(), then worker_close(). */
int worker_main(void *worker);

/**
 * Control thread. Stop all workers: at their end they wait for each other. With WORKER_EMPTIES they
 * forward what has arrived, as nothing more does, and sleep until WORKER_STOPS.
 */
void worker_stop(struct worker *worker, enum worker_stop when);

/** Control thread. @return whether it sleeps. */
static inline bool worker_is_empty(const struct worker *worker)
{
	return __atomic_load_n(&worker->empty, __ATOMIC_ACQUIRE);
}

/** Any thread. The worker follows within a turn. */
static inline void worker_set_gate(struct worker *worker, enum snoop_side side,
				   enum worker_gate gate)
{
	__atomic_store_n(&worker->gate[side], (uint8_t)gate, __ATOMIC_RELEASE);
}

/**
 * Control thread: has every turn that began before the gate was set ended?
 *
 * @param turns  health.turns of the worker, read after the gate was set
 */
static inline bool worker_has_seen_gate(const struct worker *worker, uint64_t turns)
{
	/* The turn under way may have looked before. */
	return __atomic_load_n(&worker->health.turns, __ATOMIC_ACQUIRE) - turns >= 2;
}

/** Wait a moment for another worker on this CPU, or for a port. */
static inline void worker_relax(const struct worker *worker)
{
	if (worker->shares_cpu)
		sched_yield();
	else
		rte_pause();
}

#endif
