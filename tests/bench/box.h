/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The worker of snoopd as the bench drives it: real engine, flow table, timers and mbuf pool; what
 * it sends is collected instead of transmitted.
 *
 * Time is virtual, so that round trips, time-outs and losses are the same in every run and on every
 * machine; only the cycles are measured. Measured are the worker's turn, taking the received mbufs
 * from the pool and giving the transmitted ones back, which in the appliance the drivers do;
 * writing, reading and delivering frames is not.
 */
#ifndef BENCH_BOX_H
#define BENCH_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <snoopd/datapath/worker.h>

#include "machine.h"

#define BOX_SENT_ROOM 16384u

enum box_mode {
	BOX_BYPASS = SNOOP_LEVEL_BYPASS,
	BOX_OBSERVE = SNOOP_LEVEL_OBSERVE,
	BOX_REPAIR = SNOOP_LEVEL_REPAIR,
	BOX_SNOOP = SNOOP_LEVEL_SNOOP,
	BOX_AUTO = SNOOP_LEVEL_AUTO,
	BOX_WIRE = SNOOP_LEVEL_COUNT, /* no worker: packets go from one side to the other, as
					 testpmd io does */
};

struct box_setup {
	uint32_t index, workers;  /* which of how many; the sizes below are those of all */
	uint32_t links;		  /* that share the sizes below; 0 = 1 */
	struct rte_mempool *pool; /* of another one; NULL = make one */
	bool nic_checksum;	  /* the NIC's verdict on checksums counts */
	enum box_mode mode;
	uint32_t flows;
	uint32_t stations;
	uint32_t segments;	/* cache */
	uint32_t spare_buffers; /* mbufs beyond the cache */
	uint32_t idle_us;	/* flows are forgotten after this; 0 = default */
};

struct box {
	const struct machine *machine;
	enum box_mode mode;
	struct config config;
	struct rte_mempool *pool;
	uint32_t buffers; /* in the pool if it is ours, else 0 */
	struct worker *worker;
	struct box_link {
		struct box *box;
		uint8_t number;
	} links[WORKER_LINKS_MAX];
	double flow_bytes, segment_bytes; /* memory per flow and per cached segment */
	uint32_t sent_count;
	struct rte_mbuf *sent[BOX_SENT_ROOM];
	uint8_t sent_link[BOX_SENT_ROOM]; /* by which each of them left */

	uint64_t packets_total; /* received since the start */

	/* Since box_reset(). */
	struct box_figures {
		uint64_t packets, bytes; /* received */
		uint64_t turns;
		uint64_t turn_cycles, pool_cycles;
		uint64_t turn_max_cycles;
	} figures;
};

/** @return the box, or NULL after one line on stderr. */
struct box *box_create(const struct machine *machine, const struct box_setup *setup);

/** Close the worker; those that share a pool before its owner. @return 0, or -1 if a buffer did not
 * come back. */
int box_destroy(struct box *box, uint64_t now_us);

/** Zero the measured figures. */
void box_reset(struct box *box);

/** Take empty buffers from the pool. @return 0, or -1 if there are not enough. */
int box_take(struct box *box, struct rte_mbuf **buffers, uint32_t count);

/** One turn of the worker with these received packets of a link, and what others hand to it.
 * @return its cycles. */
uint64_t box_turn(struct box *box, uint32_t link, struct rte_mbuf **wired, uint32_t wired_count,
		  struct rte_mbuf **wireless, uint32_t wireless_count, uint64_t now_us);

/** Give back what was sent so far, after the caller has looked at sent[]. */
void box_release(struct box *box);

const char *box_mode_name(enum box_mode mode);
/** @return the mode, or -1. */
int box_mode_parse(const char *name);

#endif
