/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the box saw of one flow, and what it did with each packet: a bounded list of frame heads
 * with a verdict. The worker that owns the flow writes it; it may be read while it grows.
 *
 * Control side: trace_new(), give it to the worker (REQUEST_CAPTURE), read up to `filled`, take it
 * away from the worker (REQUEST_CAPTURE with NULL), free it. Worker: the other functions. Without a
 * trace the packet path pays one branch per burst.
 */
#ifndef SNOOPD_TRACE_H
#define SNOOPD_TRACE_H

#include <stdint.h>

#include <rte_mbuf.h>

#include <snoop/snoop.h>

#define TRACE_PACKETS_MAX 10000
#define TRACE_FRAME_BYTES 180 /* headers, and a little payload */

/* X(identifier, "comment") */
#define TRACE_VERDICTS(X)                                                                          \
	X(FORWARDED, "forwarded")                                                                  \
	X(CACHED, "forwarded, cached")                                                             \
	X(WITHHELD, "withheld")                                                                    \
	X(RELEASED, "released")                                                                    \
	X(RETRANSMITTED_SCOREBOARD, "retransmitted: SACK says that it was lost")                   \
	X(RETRANSMITTED_DUPACK, "retransmitted: duplicate or partial ACKs")                        \
	X(RETRANSMITTED_TIMEOUT, "retransmitted: time-out")                                        \
	X(RETRANSMITTED_PROBE, "retransmitted: probe of a silent station")                         \
	X(RETRANSMITTED_SYN, "retransmitted: SYN without an answer")                               \
	X(RETRANSMITTED_SHIELD, "retransmitted: ahead of a retransmit of the sender")

enum trace_verdict {
#define TRACE_ENUM(id, text) TRACE_##id,
	TRACE_VERDICTS(TRACE_ENUM)
#undef TRACE_ENUM
};

struct trace_packet {
	uint64_t time_us;     /* since 1970 */
	uint32_t frame_bytes; /* on the wire */
	uint16_t kept_bytes;
	uint8_t to; /* enum snoop_side */
	uint8_t verdict;
	uint16_t losses, vetoes; /* that an ACK revealed */
	uint8_t bytes[TRACE_FRAME_BYTES];
};

struct trace {
	/* Constant after trace_new(). */
	struct snoop_key key;
	uint64_t epoch_us; /* what to add to the worker's clock */
	uint32_t count;	   /* room for so many packets */

	uint32_t filled;	       /* worker: rw; control: ro, atomic: so many may be read */
	uint32_t used;		       /* worker: rw */
	struct trace_packet packets[]; /* worker: rw; control: ro, up to filled */
};

struct worker_link;

const char *trace_verdict_text(enum trace_verdict verdict);

/** @return a trace, to be given to free(), or NULL without memory. */
struct trace *trace_new(const struct worker_link *link, const struct snoop_key *key,
			uint32_t count);

/** A packet with that key passes. @return what trace_end() takes; NULL where it is not traced. */
struct trace_packet *trace_begin(struct worker_link *link, const struct snoop_key *key,
				 enum snoop_side to, const struct rte_mbuf *packet);

/** Counters as they were before the packet; their growth tells what became of it. */
struct trace_before {
	uint64_t cached, losses, vetoes;
};
struct trace_before trace_before(const struct worker_link *link);
void trace_end(struct worker_link *link, struct trace_packet *captured,
	       const struct trace_before *before, bool withheld);

/** A retransmit, or a released ACK. */
void trace_own(struct worker_link *link, enum snoop_side to, const struct rte_mbuf *packet,
	       enum trace_verdict verdict);

/** Let the control side read what was traced. */
void trace_publish(struct worker_link *link);

#endif
