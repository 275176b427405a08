/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A worker: one lcore that owns its queues, its flows, its engines and its counters, and runs every
 * packet to completion. What it has of each link that it forwards for is in worker_link.h.
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

#include <counters/counters.h>
#include <flow/other_vlan.h>
#include <flow/periodic.h>
#include <flow/table.h>
#include <flow/timer.h>
#include <snoop/snoop.h>
#include <snoopd/base/clock.h>
#include <snoopd/datapath/burst.h>
#include <snoopd/datapath/receive.h>
#include <snoopd/datapath/request.h>
#include <snoopd/datapath/worker_link.h>
#include <snoopd/datapath/worker_report.h>

#define WORKER_RECORDS_PER_STEP 512u /* that a request looks at between two turns */
/* Turns from one look at rte_timer to the next: together they are shorter than a tick. Where
 * workers share a CPU, and turns may be long, each looks. */
#define WORKER_MANAGE_TURNS 4u

/** When does the loop end? */
enum worker_stop {
	WORKER_RUNS,
	WORKER_EMPTIES, /* after a turn in which nothing was left to receive */
	WORKER_STOPS,	/* after this turn */
};

/** What a worker is made from. */
struct worker_setup {
	unsigned int index;	     /* 0 .. workers - 1 */
	unsigned int lcore;	     /* for messages */
	struct rte_mempool *pool;    /* where received packets come from */
	uint16_t segments_per_frame; /* mbufs that a cached frame may take */
	int socket;
	bool shares_cpu;       /* with another worker: an idle turn yields */
	uint64_t secret;       /* keys the hashes; drawn at start, the same in all workers */
	transmit_send_fn send; /* NULL = rte_eth_tx_burst() */
	/* By the link's number in the process; NULL = the worker does not serve that one. */
	const struct worker_link_setup *link[WORKER_LINKS_MAX];
};

/** What arrived on one side; any number of packets. */
struct worker_received {
	struct rte_mbuf **packets;
	uint32_t count;
};

/** Packets of the burst under way that belong to another worker. */
struct worker_stage {
	uint32_t count;
	struct rte_mbuf *packets[WORKER_BURST];
};

struct worker {
	/* Constant after worker_create(). Any thread may read it. */
	unsigned int index, lcore;
	struct rte_mempool *pool;
	uint64_t secret;
	transmit_send_fn send;
	uint16_t segments_per_frame;
	bool shares_cpu;
	uint64_t links; /* bit n: the worker serves link n of the process */
	struct worker_link *link[WORKER_LINKS_MAX];

	/* Worker: rw. Any thread: ro, atomic, a turn old. */
	uint64_t now_us; /* time of this turn */

	/* Worker: rw. */
	struct clock clock;
	uint32_t clock_steps; /* of the clock, that the jobs have followed */
	uint32_t turns;
	struct receive_round round;
	uint64_t round_begin; /* TSC */
	uint64_t unsent;      /* bit n: link n may have packets in its TX buffers */
	struct receive_state receive;
	/* What the jobs begin, and turns end in portions. */
	bool timers_due;      /* the wheel may have timers that fire now */
	uint32_t ageing_left; /* records that ageing still has to look at */
	uint64_t aged_us;     /* when ageing was told to go on last */
	struct periodic tick, ageing, housekeeping;
	uint64_t jobs_us; /* a harness: when the first of them is due */
	struct flow_table table;
	struct flow_timers timers;
	struct flow_other_vlan other_vlan;

	/* Worker: rw. Any thread: ro, atomic. Only what no link has: turns and the clock. */
	struct counters counters __rte_cache_aligned;

	/* Worker: rw. */
	struct packet_dropped
		dropped[2] __rte_cache_aligned; /* in this turn, and in the last one */
	uint32_t dropping;			/* index of this turn's */
	struct burst_slot slots[BURST_MAX] __rte_cache_aligned;		     /* of both sides */
	struct worker_stage staged[HANDOFF_WORKERS_MAX] __rte_cache_aligned; /* by owner's rank */

	/* Worker: rw. Any thread: ro, atomic. */
	struct worker_health health __rte_cache_aligned;
	bool empty; /* with WORKER_EMPTIES: all that had arrived was sent */

	/* Control: rw, worker: ro, atomic. */
	uint8_t stop __rte_cache_aligned; /* enum worker_stop: asks the loop to end */

	/* Handed back and forth by its state, see mailbox.h. */
	struct request request __rte_cache_aligned;
};

/* For each link that the worker serves, in the order of their numbers. */
#define WORKER_FOR_EACH_LINK(worker, each)                                                         \
	for (uint64_t left_##each = (worker)->links;                                               \
	     left_##each != 0 && ((each) = (worker)->link[__builtin_ctzll(left_##each)], true);    \
	     left_##each &= left_##each - 1)

/** @return the link of a flow. */
static inline struct worker_link *worker_link_of(const struct worker *worker,
						 const struct flow_record *record)
{
	return worker->link[record->link];
}

/**
 * Control thread. Memory comes from the hugepages of setup->socket.
 *
 * @return the worker, or NULL after one line on stderr that says what was needed.
 */
struct worker *worker_create(const struct worker_setup *setup);

/** Control thread, after worker_close(). */
void worker_destroy(struct worker *worker);

/** Control thread: the line on stderr when there is no memory. */
void worker_explain_memory(const char *what, uint64_t bytes);

/**
 * Packets of a link arrived, by enum snoop_side. Of each WORKER_BURST those from the wired side are
 * handled first. The references pass.
 */
void worker_input(struct worker_link *link, const struct worker_received received[2],
		  uint64_t now_us);

/** Another worker received packets of this one's flows and handed them over. The references pass.
 */
void worker_input_handed(struct worker_link *link, enum snoop_side from, struct rte_mbuf **packets,
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

/** @return whether no other worker waits for this one at its end. */
static inline bool worker_is_alone(const struct worker *worker)
{
	const struct worker_link *link;

	WORKER_FOR_EACH_LINK (worker, link)
		if (link->handoff != NULL)
			return false;
	return true;
}

/** Control thread. @return whether it sleeps. */
static inline bool worker_is_empty(const struct worker *worker)
{
	return __atomic_load_n(&worker->empty, __ATOMIC_ACQUIRE);
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
