/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Internals that the files of the engine share. Not for users of the library.
 */
#ifndef SNOOP_ENGINE_H
#define SNOOP_ENGINE_H

#include <snoop/store/segments.h>

#define USEC_PER_SEC 1000000ULL
#define PPM 1000000ULL

/* A short way, which has to end where the general one does: tests/unit/ways.h counts them, or closes them all. */
#ifndef SNOOP_SHORT_WAY
#define SNOOP_SHORT_WAY(name, taken) (taken)
#endif

/** A wireless station: what all flows to one address have in common. Three cache lines, by who needs them. */
struct snoop_station {
	/* Every ACK. */
	uint64_t heard_us;              /* last packet from it */
	uint32_t delay_since_us;        /* low half of the clock */
	uint32_t timeouts;              /* consecutive, over all flows, since it was heard */
	uint32_t srtt_us, rttvar_us;    /* 0 until the first sample */
	struct snoop_windowed_min min_rtt;
	/* Outcome of segments while the queue was short: the radio's own loss share. Halved at 65536. */
	uint32_t low_delivered, low_lost;
	/* Largest queueing delay of the running period (since delay_since_us) and of the one before. */
	uint32_t delay_max_us[2];
	uint16_t era;                   /* counts its returns from silence */
	bool silent;
	bool used;
	/* The newest part of the totals, see station_add_up(). */
	uint32_t acked_bytes, delivered_segments;
	/* Losses, and what is rare. */
	struct snoop_totals totals;
	uint64_t probe_us;              /* silent: no probe before this time */
	uint32_t probe_gap_us;
	uint32_t next;                  /* chain of the hash bucket, or of the free list */
	/* Look-ups, and flows that come and go. */
	uint8_t addr[16];
	uint32_t vlan[WIRE_VLAN_MAX];
	uint32_t refs;                  /* flows that point here */
	uint8_t ip_version;
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct snoop_station, totals) == 64 && offsetof(struct snoop_station, addr) == 128,
	       "snoop_ack_prefetch() fetches what is needed and no more");

/** One handshake in the SYN memory. */
struct snoop_handshake {
	struct snoop_key key;
	uint32_t next;                  /* chain of the hash bucket, or of the free list */
	uint32_t older, newer;          /* LRU order */
	void *packet;                   /* SYN or SYN-ACK that crossed to the radio and is unanswered */
	uint32_t frame_bytes;
	uint32_t tries;
	uint32_t seq[2];                /* of the last SYN or SYN-ACK, by enum snoop_side: where it came from */
	uint32_t window_bytes;          /* the station's newest; valid with to_wired_us */
	uint64_t to_station_us;         /* when it crossed; 0 = none did */
	uint64_t to_wired_us;           /* when the station's SYN or SYN-ACK crossed; 0 = none did */
	uint64_t retransmit_us;             /* when it is to be retransmitted */
	uint32_t due_at;                /* place in the heap of those with a packet, 0 = not in it */
	uint32_t due;                   /* the heap's entry at the place that this record's index is */
	uint32_t wired_rtt_us;
	uint32_t wireless_rtt_us;
	bool answered;                  /* the station has answered packet */
	bool again[2];                  /* that SYN was sent more than once: its answer gives no RTT (Karn) */
	uint8_t shift[2];               /* window scale by enum snoop_side */
	bool scales[2], sack[2];
};

#define SNOOP_RECENT_RETRANSMITS 16 /* retransmits remembered for D-SACK feedback */
#define SNOOP_SPANS 8           /* parts of a path RTT */
#define SNOOP_HISTORIES 8192U   /* flows with a history at the same time; their numbers have 16 bits */

/** What only few flows need: those that we have retransmitted something for, and those of senders without SACK. */
struct snoop_history {
	struct snoop_flow *flow;        /* whose it is; NULL = free */
	struct {
		uint32_t seq;
		uint8_t cause;
		bool valid;
	} recent_retransmits[SNOOP_RECENT_RETRANSMITS];
	/* Without SACK: bytes from the sender in the last spans, each an eighth of the path RTT. */
	uint64_t span_start_us;
	uint32_t span_bytes[SNOOP_SPANS];
	uint32_t span_peak_bytes;       /* most in one span: what the narrowest wired link lets through */
	/*
	 * F-RTO (RFC 5682): a segment that a time-out retransmitted has arrived, alone. If the radio only stalled, the others
	 * arrive in a moment as well; RACK takes it up at doubt_until_us, unless one of them did. Valid with flow->doubted.
	 */
	uint64_t doubt_until_us;
	uint64_t doubt_sent_us;
	uint32_t doubt_end;
	/* RFC 8985 section 6.2.1: widened once per round trip, taken back after so many without another D-SACK. */
	uint64_t reo_round_us;
	uint8_t reo_persist;
	uint8_t span_now;               /* index of the span under way */
	uint8_t retransmit_next;            /* slot of recent_retransmits that is written next */
};

struct snoop_engine {
	struct snoop_config config;
	const struct snoop_ops *ops;
	void *owner;
	struct counters *counters;
	uint64_t secret;
	uint64_t backlog_until_us;
	uint64_t flow_bytes_max;        /* what one flow may cache */
	uint64_t now_us;                /* of the last call that told the time */
	bool draining;                  /* see snoop_engine_drain() */
	uint32_t returns;               /* of all stations, from silence */
	struct histograms histograms;
	uint64_t portion_us;            /* the instant that portion_left is of */
	uint32_t portion_left;          /* segments that may still leave the scoreboards at this instant */

	/* Gauges of the same in struct counters are copies for telemetry, which no decision reads. */
	uint64_t cached_bytes;          /* frame bytes of cached segments and withheld ACKs */
	uint32_t cached_segments;       /* discarded ones included until they are freed */
	uint32_t withheld_acks;
	uint32_t silent_stations;

	struct snoop_segment *segments; /* [1 .. cache_segments] */
	uint32_t segment_count;
	uint32_t segment_free;
	struct snoop_history *histories; /* [1 .. SNOOP_HISTORIES] */
	uint32_t history_hand;          /* where the next one is looked for */

	/* What segment_find() found last, and for whom: the retransmits of a sender come in order. */
	const struct snoop_flow *found_of;
	uint32_t found;
	uint32_t discarded;             /* segments of no flow, by seq_next, freed in portions */

	struct snoop_station *stations; /* [1 .. stations] */
	uint32_t *station_buckets;
	uint32_t station_count;
	uint32_t station_free;
	uint32_t station_hand;          /* clock hand for reuse */

	struct snoop_handshake *handshakes; /* [1 .. syn_entries] */
	uint32_t *handshake_buckets;
	uint32_t handshake_count;
	uint32_t handshake_free;
	uint32_t handshake_oldest, handshake_newest;
	uint32_t due_count;             /* handshakes with a packet: a heap, the first due on top */
	uint64_t syn_second_us;         /* start of the second in which SYNs are being counted */
	uint32_t syn_in_second;
};

/** engine.c: snoop_flow_reset() of a connection that goes on: its FINs stay known. */
void flow_reset_bytes(struct snoop_engine *engine, struct snoop_flow *flow);

static inline struct snoop_segment *segment_at(const struct snoop_engine *engine, uint32_t index)
{
	return &engine->segments[index];
}

/** @return the flow's station, or NULL. */
static inline struct snoop_station *station_of(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return flow->station ? &engine->stations[flow->station] : NULL;
}

/* history.c */
/** @return the flow's history, made where it has none: if all are in use another flow loses its own. */
struct snoop_history *history_get(struct snoop_engine *engine, struct snoop_flow *flow);
/** The flow needs it no more. */
void history_put(struct snoop_engine *engine, struct snoop_flow *flow);
/** @return NULL where the flow has none. */
static inline struct snoop_history *history_of(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return flow->history ? &engine->histories[flow->history] : NULL;
}

/* util.c */
uint64_t hash_bytes(const void *data, size_t bytes, uint64_t seed);
void windowed_min_add(struct snoop_windowed_min *min, uint32_t sample_us, uint64_t period_us, uint64_t now_us);
/** @return UINT32_MAX while there is no sample. */
static inline uint32_t windowed_min_get(const struct snoop_windowed_min *min)
{
	return min->now_us < min->before_us ? min->now_us : min->before_us;
}
void windowed_min_init(struct snoop_windowed_min *min);
static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* station.c */
void station_table_init(struct snoop_engine *engine);
/** @return index of the station, made where it is new; 0 if the table is full of stations in use. */
uint32_t station_get(struct snoop_engine *engine, const struct snoop_key *key);
/** @return index, or 0: never makes one. */
uint32_t station_find(const struct snoop_engine *engine, const struct snoop_key *key);
/** @return where a flow's totals are kept; those of flows without a station in record 0, which nobody reads. */
static inline struct snoop_totals *station_totals(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return &engine->stations[flow->station].totals;
}
/** Into the totals goes what has come together beside what every ACK needs. */
void station_add_up(struct snoop_station *station);
/** Neither may be more than INT32_MAX. */
static inline void station_note(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t acked_bytes,
				uint32_t delivered_segments)
{
	struct snoop_station *station = &engine->stations[flow->station];

	station->acked_bytes += acked_bytes;
	station->delivered_segments += delivered_segments;
	if ((station->acked_bytes | station->delivered_segments) > INT32_MAX)
		station_add_up(station);
}
void station_heard(struct snoop_engine *engine, struct snoop_station *station, uint64_t now_us);
/** A tail timer of one of its flows expired. Decides whether the station has fallen silent. */
void station_timeout(struct snoop_engine *engine, struct snoop_station *station, uint64_t now_us);

/* rtt.c */
#define RTT_GROWTH_SPAN_US 10000U /* at least so long is the growth of the queue looked at */
void rtt_sample(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t rtt_us, bool may_be_delayed,
		uint64_t now_us);
void rtt_station_sample(struct snoop_station *station, uint32_t rtt_us, uint64_t now_us);
/** @return the tail timer's length without delayed-ACK allowance, backoff included. */
uint64_t rtt_rto_us(const struct snoop_engine *engine, const struct snoop_flow *flow);
/** @return its smoothed RTT, the station's before its own first sample, 0 while both are unknown. */
static inline uint32_t rtt_smoothed_us(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return flow->has_rtt || !flow->station ? flow->srtt_us : engine->stations[flow->station].srtt_us;
}
/** @return base RTT between box and station. */
static inline uint32_t rtt_min_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint32_t own_us = windowed_min_get(&flow->min_rtt);
	uint32_t shared_us = station ? windowed_min_get(&station->min_rtt) : UINT32_MAX;

	if (shared_us < own_us)
		own_us = shared_us;
	return own_us == UINT32_MAX ? 0 : own_us;
}
void rtt_wired_echo(struct snoop_flow *flow, const struct wire_view *view, uint64_t now_us);
void rtt_wired_arm(struct snoop_flow *flow, const struct wire_view *view, uint64_t now_us);

/* data.c */
/** The connection is another one, or we have missed part of it: its window scale is unknown. */
void flow_forget_window(struct snoop_flow *flow);
/** What is outstanding fits into the window. Not after the station may have taken back some of it. @return true if that is news. */
bool flow_learn_window(struct snoop_flow *flow);

/* loss.c */
#define MSS_DEFAULT_BYTES 536U  /* RFC 9293 section 3.7.1: a station that knows no better takes this for full */

/** Two segments that the station takes for full: it does not delay their ACK. */
static inline uint32_t loss_two_full_bytes(const struct snoop_flow *flow)
{
	return 2 * (flow->max_payload_bytes > MSS_DEFAULT_BYTES ? flow->max_payload_bytes : MSS_DEFAULT_BYTES);
}
/** RACK over in_flight: marks losses, sets reo_deadline_us. */
void loss_detect(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/** Put the first loss of a segment into the statistics. */
void loss_count(struct snoop_engine *engine, struct snoop_flow *flow, struct snoop_segment *segment);
/** One segment is lost: statistics, veto, then lost list or the sender. */
void loss_mark(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index, enum snoop_cause cause,
	       uint64_t now_us);
/** The tail timer expired over this segment: it is retransmitted next, and counts as a loss when the retransmit is answered. */
void loss_suspect(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** Retransmit what is lost as far as packet conservation, window and rules allow. */
void loss_repair(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/** The station came back from silence: tries and ages start anew. */
void loss_revive(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/**
 * A retransmit of the sender with timestamp tsval is about to be forwarded. When it fills a hole, the station will discard
 * every older copy that arrives later (PAWS): what is on the air now could not be repaired any more. Each such loss would
 * have to wait for the sender, whose retransmit makes the next ones stale in turn, with a cut of its window every time. So
 * where the radio's share makes a loss likely, what is on the air is sent once more, ahead of it.
 */
void loss_shield(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval, uint64_t now_us);
/** The flow starts: with a store of copies, as its first losses cost it most. */
void loss_shield_start(struct snoop_flow *flow);
/** A new segment was forwarded. */
void loss_shield_earn(struct snoop_flow *flow);
/** Set deadline_us from everything that the flow waits for. */
void flow_rearm(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/**
 * The same behind an ACK with news where all that is cached is in flight, in one piece and without a suspect: mostly no segment
 * has to be looked at.
 *
 * @param at_border  the ACK did not end within a segment
 */
void flow_rearm_flowing(struct snoop_engine *engine, struct snoop_flow *flow, bool at_border, uint64_t now_us);

/* ack.c */
static inline void count_dup_ack(uint16_t *count)
{
	*count = (uint16_t)(*count + (*count < UINT16_MAX));
}
/**
 * Take up what ACKs of this flow have left over, for flow->behind. An ACK may cover ten thousand segments, which would
 * stall the worker: it is taken in portions. The cumulative ACK itself counts at once; until what lies below it has left
 * the scoreboard, no loss is judged and nothing is retransmitted.
 *
 * @return true if all of it is done.
 */
bool ack_catch_up(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);

/* veto.c */
/** New data of a sender without SACK passed: how much of the wired path does it fill? */
void veto_wired_data(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t frame_bytes, uint64_t now_us);
void veto_delivered(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments, uint64_t now_us);
/** A first transmission was lost. @return true if it is left to the sender. */
bool veto_loss(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_segment *segment,
	       uint64_t now_us);
/** The sender retransmits [seq, end): if that is the signal, it has taken up the veto. */
void veto_sender_retransmit(struct snoop_flow *flow, uint32_t seq, uint32_t end);
void veto_progress(struct snoop_flow *flow, uint64_t now_us);
/** Queueing delay from which on a loss is congestion. */
uint32_t veto_threshold_us(struct snoop_engine *engine, const struct snoop_flow *flow);
/** The radio's own loss share as measured while its queue was short; 0 without evidence. */
uint64_t veto_measured_share_ppm(struct snoop_engine *engine, const struct snoop_flow *flow);

/* ack_policy.c */
/** @return true if this duplicate ACK may be withheld (the closed list of doc/protocol.md). */
bool ack_may_withhold(struct snoop_engine *engine, const struct snoop_flow *flow, const struct wire_view *view,
		      bool dsack_is_ours, uint64_t now_us);
/** @return how long a duplicate ACK may be withheld now. */
uint32_t ack_withhold_us(const struct snoop_engine *engine, const struct snoop_flow *flow);
void ack_release_withheld(struct snoop_engine *engine, struct snoop_flow *flow);
void ack_free_withheld(struct snoop_engine *engine, struct snoop_flow *flow);
/* Nearly every packet asks, and nearly no flow has any. */
static inline void ack_release_all(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->withheld.head)
		ack_release_withheld(engine, flow);
}
/* The same behind a packet that tells no more: the deadline was that of the oldest, and take_next() would let it stand. */
static inline void ack_release_only(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	if (!flow->withheld.head)
		return;
	ack_release_withheld(engine, flow);
	flow_rearm(engine, flow, now_us);
}
static inline void ack_free_all(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->withheld.head)
		ack_free_withheld(engine, flow);
}
bool flow_withholds(const struct snoop_flow *flow);
static inline uint8_t ack_ecn_bits(const struct wire_view *view)
{
	return (uint8_t)(view->ecn | (view->tcp_flags & (WIRE_TCP_ECE | WIRE_TCP_CWR)) | (view->tcp_ae << 2));
}

/* syn.c */
void syn_init(struct snoop_engine *engine);
/** Move what the handshake taught into a new flow and forget the handshake. @return false if none is known. */
bool syn_adopt(struct snoop_engine *engine, const struct snoop_key *key, struct snoop_flow *flow, uint64_t now_us);

#endif
