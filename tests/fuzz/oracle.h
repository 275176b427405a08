/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The promises of the engine, checked for packets that nobody sane would send.
 *
 * The world is an engine, a few flows and the packets. The simulation of tests/sim checks more (it
 * knows what its hosts mean by a packet); here nothing is known but the bytes of the packets: what
 * crossed, what the engine asked for. A promise that is broken ends the program (FUZZ_CHECK).
 */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include <stdbool.h>

#include <snoop/engine.h>
#include <snoop/store/records.h>

#include "bytes.h"

#define WORLD_FLOWS 4u
#define WORLD_PACKETS 2048u /* more only take time: the checks look at each */
#define WORLD_WITHHELD 256u

struct packet {
	struct wire_view view;
	struct wire_view sealed; /* what view was: nobody may write to it */
	uint32_t engine_refs;
	uint32_t number; /* in the world */
	uint32_t flow, generation;
	uint32_t retransmits, era; /* since its station returned from silence */
	uint64_t came_us, release_by_us;
	bool from_wired, forwarded, withheld, taken_up;
};

struct flow {
	struct snoop_flow engine;
	struct snoop_key key;
	bool exists;
	uint32_t generation; /* counts connections of this key */
	/* What the wired host has seen last of the station. */
	bool heard;
	uint32_t ack;
	uint16_t window;
	uint8_t ecn;
	uint32_t answers; /* packets that make the station answer with a duplicate ACK of its own */
	struct packet *withheld[WORLD_WITHHELD];
	uint32_t withheld_head, withheld_tail;
};

struct world {
	struct snoop_engine *engine;
	void *memory;
	struct snoop_config config;
	struct counters counters;
	uint64_t now_us;
	struct flow flows[WORLD_FLOWS];
	struct packet *packets[WORLD_PACKETS];
	uint32_t packet_count;
	bool checksum_ok, handles; /* of the next packets */
	/* The engine call that runs. */
	enum { CALL_NONE, CALL_DATA, CALL_ACK, CALL_TIMER, CALL_SYN_TIMER, CALL_END } call;
	uint32_t current;     /* its flow */
	uint32_t retransmits; /* in it, shields left out */
	uint32_t shields;
	uint32_t tries_max, withhold_acks; /* the largest of all configurations so far */
	uint64_t cache_bytes;
};

struct world *world_open(const struct snoop_config *config);
/** Ends every flow; nothing may be left. */
void world_close(struct world *world);
/** A packet of the flow, of either side, as the worker hands it to the engine. view->src and the
 * like are set here. */
void world_input(struct world *world, uint32_t flow, enum snoop_side from, struct wire_view *view,
		 enum snoop_level level);
/** Let time pass; serve every timer at its deadline, or all of them late. */
void world_wait(struct world *world, uint64_t us, bool late);
/** The flow leaves the table. */
void world_forget(struct world *world, uint32_t flow);
void world_set_level(struct world *world, uint32_t flow, enum snoop_level level);
void world_configure(struct world *world, const struct snoop_config *config);

/* ---- oracle.c, for world.c ---- */

extern const struct snoop_ops oracle_ops;

/** The flow of the engine call that runs. */
static inline struct flow *flow_now(struct world *world)
{
	return &world->flows[world->current];
}

/** Told of every packet, of what the engine does with it, and without a packet after every step;
 * tests/sim/ways.c sets it. */
extern void (*oracle_note)(const struct world *world, const char *what,
			   const struct packet *packet);
/** FUZZ_TRACE=1 in the environment: one line on stderr. */
void oracle_trace(const struct world *world, const char *what, const struct packet *packet);
/** The packet is what it was when it came. */
void oracle_sealed(const struct packet *packet);
/** After every step: memory and counters. */
void oracle_step(struct world *world);
/** Served timers leave nothing withheld beyond its time. */
void oracle_overdue(const struct world *world);
/**
 * The closed list of doc/protocol.md.
 *
 * @param heard_before  an ACK with this number, window and ECN bits was believed just before
 */
void oracle_withheld(struct world *world, const struct packet *packet, bool described_ok,
		     bool heard_before);

#endif
