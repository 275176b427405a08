/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The measurements that snoopd-bench makes: steady traffic, latency, expensive corners.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "box.h"
#include "machine.h"
#include "traffic.h"

#define RUN_ROUNDS_MAX 32
#define RUN_WORKERS_MAX 8
#define RUN_LOADS 2

struct run_setup {
	enum box_mode mode;
	struct traffic_setup traffic;
	bool udp;	  /* nothing but UDP: pass-through */
	uint32_t links;	  /* that the connections are divided among, and take turns */
	uint32_t workers; /* on as many lcores, where there are as many; else one after the other */
	bool handoff;	  /* the workers receive each other's packets; else RSS has divided them */
	bool nic_checksum; /* received packets carry the NIC's verdict */
	uint64_t packets;  /* measured in each round */
	uint32_t rounds;
	bool all_turns; /* interrupted ones too: for callgrind, which counts, not times */
	bool json;
	const char *corner; /* name of an expensive corner, or NULL */
	bool small;	    /* the corner with fewer flows and segments: does it work at all? */
	bool latency;
	bool timers;
	double mpps[RUN_LOADS]; /* offered in the latency runs instead of 50 % and 90 %; 0 = by load
				 */
};

/** Steady traffic: cycles per packet. @return 0, or -1 after one line on stderr. */
int run_steady(const struct run_setup *setup, const struct machine *machine);

/** Time from RX to TX at a share of the capacity measured first. */
int run_latency(const struct run_setup *setup, const struct machine *machine);

/** One expensive corner: the worst turn. */
int run_corner(const struct run_setup *setup, const struct machine *machine);

/** Flow timers on the wheel and as rte_timers, at two table sizes. */
int run_timers(const struct run_setup *setup);

/** Names of the corners on one line each, with what they are. */
void run_list_corners(FILE *out);

/* What the measurements share; scene.c. */

/* Frames are written so many turns ahead: as with a NIC's ring they have left the L1 cache when the
 * worker comes to them. */
#define SCENE_TURNS 8u

/** Per packet, of one round. */
struct run_figures {
	double cycles, pool_cycles, generator_cycles, misses, all_cycles;
	double worst_us, bytes, turn_packets, steal;
};

/** A box between synthetic connections, or several workers that are one box. */
struct scene {
	const struct run_setup *setup;
	struct box *box; /* the only one, or the first */
	struct box *boxes[HANDOFF_WORKERS_MAX];
	uint32_t box_count, index;		   /* index: of the first worker in this process */
	struct handoff *handoff;		   /* NULL = one worker */
	bool at_once;				   /* the workers are on lcores of their own */
	struct traffic *traffic[WORKER_LINKS_MAX]; /* by link */
	uint32_t link;				   /* whose packets arrive next */
	struct traffic_burst burst;
	struct rte_mbuf *stock[2 * TRAFFIC_BURST]; /* empty buffers for what arrives next */
	uint32_t stock_count;
	uint32_t udp_next;
	uint64_t generator_cycles;
};

/** @param index  other than that of every open scene. @return 0, or -1 after one line on stderr. */
int scene_open(struct scene *scene, const struct run_setup *setup, uint32_t index,
	       const struct machine *machine);
/** @return 0, or -1 if buffers are missing. */
int scene_close(struct scene *scene);
/** Write what arrives next into scene->burst. */
int scene_generate(struct scene *scene, struct traffic_burst *burst);
/** Packets that its workers have received since box_reset() of all. */
uint64_t scene_packets(const struct scene *scene);
/** SCENE_TURNS turns: generate, measure, deliver. Void where the scheduler took a CPU away
 * meanwhile. */
int scene_run(struct scene *scene);
/** Hand what the box has sent to hosts and stations, and give the buffers back. */
void scene_deliver(struct scene *scene);

#endif
