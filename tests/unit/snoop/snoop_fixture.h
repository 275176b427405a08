/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * An engine with one flow, for the tests of lib/snoop: packets are counted objects, what the engine
 * asks for is written down. Segments are numbered: segment n holds the bytes [SEG(n), SEG(n + 1)).
 */
#ifndef SNOOP_FIXTURE_H
#define SNOOP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/hash.h>
#include <snoop/act/deadline.h>
#include <snoop/engine.h>
#include <snoop/event/syn.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/outcomes.h>
#include <snoop/store/handshakes.h>
#include <snoop/store/records.h>
#include <snoop/store/stations.h>

#define SEGMENT_BYTES 1000U
#define SEG(n) (f->base + (uint32_t)(n)*SEGMENT_BYTES)
#define LOG_MAX 4096
#define RTT_US 4000U
#define ACK_WINDOW 4000 /* unscaled: 4 MB at the scale that fixture_open() negotiates */

struct fixture_packet {
	struct wire_view view;
	uint32_t refs;
	uint32_t engine_refs;
};

struct fixture_log {
	uint32_t seq; /* of an ACK: its number */
	enum snoop_cause cause;
	uint64_t at_us;
};

struct fixture {
	struct snoop_engine *engine;
	void *memory;
	struct snoop_config config;
	struct counters counters;
	struct snoop_flow flow;
	struct snoop_key key;
	uint32_t base;
	uint64_t now_us;
	bool checksum_ok, no_handle; /* of the next packets */
	struct fixture_packet *packets[LOG_MAX];
	uint32_t packet_count;
	struct fixture_log retransmits[LOG_MAX], releases[LOG_MAX];
	uint32_t retransmit_count, release_count;
	struct fixture_packet *last; /* the packet of the last call */
};

/** An engine without a flow. config may be NULL. */
struct fixture *fixture_engine(const struct snoop_config *config);
/** A flow after its handshake, with two segments delivered after RTT_US: the next one is SEG(2). */
struct fixture *fixture_open(enum snoop_level level, const struct snoop_config *config,
			     uint32_t base);
/** Close everything; fails if a reference or a gauge is left. */
/** What waits for a D-SACK is counted now. */
void fixture_settle(struct fixture *f);
void fixture_close(struct fixture *f);

struct wire_view fixture_data_view(const struct fixture *f, uint32_t seq, uint32_t bytes);
struct wire_view fixture_ack_view(const struct fixture *f, uint32_t ack);
void fixture_add_sack(struct wire_view *view, uint32_t start, uint32_t end);
void fixture_send_view(struct fixture *f, const struct wire_view *view);
enum snoop_verdict fixture_receive_view(struct fixture *f, const struct wire_view *view);

/** Segments [first, end) from the wired side, one after the other, step_us apart. */
void fixture_send(struct fixture *f, uint32_t first, uint32_t end, uint32_t step_us);
/** An ACK of segment n, with up to one SACK block of segments [from, to) if to > from. */
enum snoop_verdict fixture_ack(struct fixture *f, uint32_t n, uint32_t from, uint32_t to);
/** Let time pass, with the timers. */
void fixture_wait(struct fixture *f, uint64_t us);
/** How often segment n was retransmitted. */
uint32_t fixture_retransmits_of(const struct fixture *f, uint32_t n);
/** SYN or SYN-ACK of the flow's key. */
void fixture_syn(struct fixture *f, enum snoop_side from, uint8_t flags, uint8_t window_scale);

#endif
