/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the engine knows of one flow: the data direction wired -> wireless of one TCP connection.
 *
 * The record is plain memory of the caller's (a flow table entry, or a variable of a test). Only
 * the engine that owns the flow touches it, on the worker's lcore. Segments are linked by index
 * into the engine's pool, 0 = none.
 *
 * Invariants, between calls of the engine (tests/sim/sim_check.c checks them every 16 steps):
 *  - by_seq holds every cached segment, in sequence order and without overlaps; cached_count,
 *    cached_bytes and gaps count what is in it.
 *  - open holds those that are not SACKed, in the same order; sacked_count counts the others.
 *  - Each open segment is in in_flight, in lost, or left to the sender (left_count). in_flight is
 *    in order of transmission.
 *  - Below high_sack the station has SACKed something, or high_sack is una (or below it, while
 *    catching_up).
 *  - If uncached_end is not snd_max, the last cached segment ends at snd_max.
 *  - sack_hint is 0 or an open segment.
 *  - has_lost, has_left, has_withheld, has_sacked, has_suspect and bypassed say what the lists,
 *    counts and values that they stand for say.
 *  - The deadline is never later than the one that deadline_set() would compute.
 *  - A segment holds a packet, unless the flow is only observed. A free record holds none.
 */
#ifndef SNOOP_FLOW_H
#define SNOOP_FLOW_H

#include <base/seq.h>
#include <base/windowed_min.h>
#include <snoop/snoop.h>

/** Head and tail of a list of segments. */
struct snoop_list {
	uint32_t head;
	uint32_t tail;
};

/* Cached bytes of one flow, whatever the configuration allows. */
#define SNOOP_FLOW_BYTES_MAX UINT32_MAX
#define SNOOP_RTT_WINDOW 4 /* samples over which the queueing delay is a minimum */

/*
 * The attention word: a fast path asks for all its bits at once, see ack_in_order.c and
 * data_in_order.c. A store to one bit stalls the next load of the word: write a bit only when it
 * changes.
 *
 *   bit             set by             cleared by      the fast path of data (D), ACKs (A)
 *   started         data, ack          reset           D A: no sequence numbers without it
 *   acked           ack                reset           A: the first ACK gives una and the window
 *   two_way         ack, syn           -               D A: without ACKs little is cached
 *   has_rtt         rtt                -               A: the first sample fills the RTT window
 *   echoed          ack                reset           A: ts_echo becomes valid
 *   sack, midstream ack, syn, engine   -               D: else slow start is watched
 *   timestamps      data               reset           D: they begin, or end
 *   window_shift_known  syn            window          D: else the scale is learnt from data
 *   closed          reset              -               D A: nothing is done any more
 *   bypassed        engine             engine          D A: nothing is done at this level
 *   catching_up     scoreboard         scoreboard, reset  D A: segments below una wait to leave
 *   silent          timer              ack, reset      A: the station returns
 *   recovery        timer, dupack      scoreboard, dupack, reset  A: retransmits are clocked out
 *   timeout_in_doubt  rack             rack, flow_extra, reset  A: RACK waits for a verdict
 *   vetoing         congestion         congestion, reset  A: progress may end the veto
 *   withhold_over   ack, data, timer   ack, reset      A: progress ends it
 *   bad_checksum_wired    data         data            D: the flow has to hear of a good one
 *   bad_checksum_station  ack          ack             A: the same
 *   has_left        segments           segments, discard  A: the run of segments is not plain
 *   has_lost        segments           segments, discard  A: the same, and retransmits may follow
 *   has_withheld    withheld           withheld        A: progress frees them
 *   has_sacked      scoreboard         scoreboard, ack, data  A: RACK may find losses
 *   has_suspect     rack               rack, reset     A: RACK judges again
 *   before_hole     deadline           deadline        A: the deadline is another one
 *
 * The others concern no fast path: reordering (delivery, dsack), fin_wired (data), fin_station
 * (ack), unsettled (outcomes).
 */
#define SNOOP_FLOW_ATTENTION                                                                       \
	enum snoop_level level : 3;                                                                \
	bool started : 1;    /* snd_max, una, high_sack and uncached_end are valid */              \
	bool acked : 1;	     /* at least one ACK of the station was seen */                        \
	bool two_way : 1;    /* both directions pass this box */                                   \
	bool has_rtt : 1;    /* at least one RTT sample was taken */                               \
	bool echoed : 1;     /* ts_echo is valid */                                                \
	bool sack : 1;	     /* SACK blocks were seen, or negotiated in the handshake */           \
	bool midstream : 1;  /* picked up without its handshake */                                 \
	bool timestamps : 1; /* the wired sender uses them */                                      \
	bool window_shift_known : 1;                                                               \
	bool closed : 1;      /* RST */                                                            \
	bool bypassed : 1;    /* level is bypass */                                                \
	bool catching_up : 1; /* segments below una wait to leave: scoreboard_catch_up() */        \
	bool silent : 1;      /* the station did not answer when the tail timer expired last */    \
	bool recovery : 1;    /* una is below recovery_point: NewReno, and after a time-out */     \
	bool timeout_in_doubt : 1;   /* was the last time-out spurious? struct snoop_flow_extra */ \
	bool vetoing : 1;	     /* a veto is in force */                                      \
	bool withhold_over : 1;	     /* the withholding budget of the hole at una is used up */    \
	bool bad_checksum_wired : 1; /* the last segment of that side had a wrong checksum */      \
	bool bad_checksum_station : 1;                                                             \
	bool has_left : 1;     /* left_count is not 0 */                                           \
	bool has_lost : 1;     /* lost is not empty */                                             \
	bool has_withheld : 1; /* withheld is not empty */                                         \
	bool has_sacked : 1;   /* high_sack is above una */                                        \
	bool has_suspect : 1;  /* reo_deadline_us is not SNOOP_NEVER */                            \
	bool reordering : 1;   /* the radio was seen to reorder */                                 \
	bool fin_wired : 1;                                                                        \
	bool fin_station : 1;                                                                      \
	bool before_hole : 1; /* the tail timer is one of ack_delay_applies_before_hole() */       \
	bool unsettled : 1;   /* outcomes wait for a D-SACK */

union snoop_attention {
	uint32_t word;
	struct {
		SNOOP_FLOW_ATTENTION
	};
};
_Static_assert(sizeof(union snoop_attention) == sizeof(uint32_t), "it is tested as one word");

/* The word with these bits set, say SNOOP_ATTENTION(.closed = true): a constant. */
#define SNOOP_ATTENTION(...) (((union snoop_attention){__VA_ARGS__}).word)

/*
 * In the order in which packets touch it: first what every data segment needs, then what ACKs need
 * as well, last what only losses and telemetry ask for. With the rest of its table entry a flow
 * fills seven cache lines (flow/table.h), of which data in order needs three and an ACK in order
 * five. A time of 32 bits is the low half of the clock: where what is older than an hour may pass
 * for younger without harm.
 *
 * In parentheses: who writes the field, by the file's name; data and ack stand for all files of
 * their name. Beside these, engine.c and act/reset.c begin a flow or its bytes anew, and the worker
 * notes what passes in bypass by snoop_flow_seen() below.
 */
struct snoop_flow {
	/* Sequence space. Valid with started. */
	uint32_t snd_max; /* (data, ack) highest byte forwarded, + 1 */
	uint32_t una;	  /* (data, ack) cumulative ACK of the station */
	/* (data, ack, scoreboard) Highest SACKed byte + 1; una if nothing is SACKed. */
	uint32_t high_sack;
	/* (data, ack) Below it something was forwarded uncached: what comes again there may be a
	 * retransmit. */
	uint32_t uncached_end;
	uint32_t window_bytes; /* (window, syn) of the last ACK, scaled; UINT32_MAX before it */
	uint16_t window_raw;   /* (ack) as on the wire, to recognise a window update */
	uint8_t window_shift;  /* (syn, window) unknown: the least that what was sent fits into */
	uint8_t ecn_last;      /* (ack) ECN bits and flags of the last ACK */

	union {
		uint32_t attention;
		struct {
			SNOOP_FLOW_ATTENTION
		};
	};
	uint8_t answers_due; /* (data, ack) forwarded packets that the station answers with a
				duplicate ACK of its own */
	uint8_t backoff;     /* (timer, scoreboard, loss) doublings of the tail timer */
	/* (dsack, delivery) Reordering window in quarters of the minimum RTT. */
	uint8_t reo_steps : 6;
	bool veto_answered : 1;	       /* (congestion) the sender has retransmitted the signal */
	bool cache_refused : 1;	       /* (data) a segment found no room, or could not be kept */
	uint8_t rtt_next;	       /* (rtt) slot of rtt_window_us that is written next */
	uint16_t dup_claimed_segments; /* (retransmit) duplicates without SACK made room for them */
	uint16_t max_payload_bytes;    /* (data) */
	uint32_t station;	       /* (engine) index into the engine's stations, 0 = none */

	/* The store, written by store/segments.c and store/discard.c. */
	struct snoop_list by_seq;    /* all cached segments in sequence order */
	struct snoop_list open;	     /* of those, the ones not SACKed, in sequence order */
	struct snoop_list in_flight; /* open, not known lost, in order of their last transmission */
	struct snoop_list lost;	     /* open, lost, waiting for their retransmit */
	uint64_t echo_sent_us; /* (rtt) when the ACK with echo_tsval was forwarded, 0 = none */
	uint32_t gaps;	       /* places where neighbours in by_seq do not touch */
	uint32_t cached_count;
	uint32_t open_count;
	uint32_t left_count;   /* open segments left to the sender */
	uint32_t cached_bytes; /* at most SNOOP_FLOW_BYTES_MAX */
	uint32_t open_bytes;   /* sequence space of the open segments */

	uint64_t deadline_us;	/* (deadline) */
	uint64_t last_seen_us;	/* (data, ack) last packet of either direction, until closed */
	uint64_t progress_us;	/* (data, ack, scoreboard, timer) when the tail timer starts */
	uint64_t data_segments; /* (data) */
	uint64_t data_bytes;	/* (data) */
	uint32_t echo_tsval;	/* (rtt) TSval of an ACK whose echo will give the wired RTT */
	uint32_t ts_last;	/* (data) newest TSval of the wired sender */
	uint32_t settle_us;	/* (outcomes) low half of the clock; valid with unsettled */
	uint32_t returns_seen;	/* (ack) the engine's count of returns when the flow last looked */

	/* From here on: what ACKs touch. Timers. */
	uint64_t reo_deadline_us;  /* (rack) of the oldest suspect, SNOOP_NEVER if there is none */
	uint64_t tail_deadline_us; /* (deadline) */
	uint32_t srtt_us;	   /* (rtt) */
	uint32_t rttvar_us;	   /* (rtt) */
	uint32_t rto_widen_us; /* (dsack, delivery) added to the tail timer: spurious time-outs */
	/* (retransmit, scoreboard, timer) Retransmits that packet conservation allows now. */
	uint32_t credit;
	uint32_t station_next;	    /* (ack) the station's next sequence number; valid with acked */
	uint16_t station_era;	    /* (ack, timer) station's era when the flow last looked */
	uint16_t extra;		    /* (flow_extra) index into the engine's extras, 0 = none */
	struct snoop_list withheld; /* (withheld) withheld ACKs in order of arrival */
	/* (segments, discard, search, scoreboard, data) Open segment: a search starts here. */
	uint32_t sack_hint;

	/* Loss detection. */
	uint32_t rack_end;	 /* (rack) RACK.end_seq */
	uint64_t rack_sent_us;	 /* (rack) newest transmission known delivered: RACK.xmit_ts */
	uint32_t rack_rtt_us;	 /* (rack) */
	uint32_t recovery_point; /* (timer, dupack) */
	/* (ack, data, retransmit) Duplicates in a row, without SACK. */
	uint16_t dup_acks;
	/* (delivery, retransmit, ack) Needless retransmits on their way: each brings a duplicate
	 * ACK, where there is no SACK. */
	uint16_t stray_dup_acks;
	uint32_t ts_echo;     /* (ack) TSecr of the newest ACK: the station's TS.Recent */
	uint64_t acked_bytes; /* (ack) */

	/* RTT between box and station, and between box and wired host, written by judge/rtt.c. */
	uint32_t rtt_window_us[SNOOP_RTT_WINDOW];
	uint32_t queue_delay_us;
	uint32_t sample_us; /* time of the last RTT sample */
	uint32_t delay_mark_us;
	struct windowed_min min_rtt;

	/* From here on: what only losses touch, or one packet in many. */
	uint32_t sacked_count; /* (segments, discard) */
	/* (segments, discard) Open segments that the sender has retransmitted. */
	uint32_t sender_count;
	uint32_t withheld_count;  /* (withheld) */
	uint32_t fin_end;	  /* (data) sequence number after the wired FIN */
	uint32_t delay_before_us; /* (rtt) queueing delay at delay_mark_us */
	int32_t delay_growth_ppm; /* (rtt) trend of the queueing delay, microseconds per second */
	int32_t last_slope_ppm;	  /* (rtt) */
	struct windowed_min wired_rtt; /* (rtt, syn) */
	uint32_t wired_delay_us;       /* (rtt) between box and wired host, the smaller of two */
	uint32_t wired_delay_last_us;  /* (rtt) */
	uint32_t retransmit_us;	       /* (retransmit) time of the last retransmit */

	/* Congestion veto, written by judge/congestion.c. */
	uint32_t veto_signal;	  /* first byte of the loss that was left to the sender */
	uint32_t veto_end;	  /* what the sender had sent when it took up the signal */
	uint32_t veto_budget_ppm; /* retransmits left in the veto's window, in millionths */
	uint64_t veto_quiet_us;	  /* no new veto before this time */
	uint16_t high_delivered;  /* deliveries and losses under an inflated queue, halved at 256 */
	uint16_t high_lost;
	uint32_t shield_spent; /* (shield) copies that were paid for */
	/* (scoreboard) Below it the station may have more than it could SACK; valid up to
	 * snd_max. */
	uint32_t partial_end;

	/* Statistics, each written where it happens. retransmits and spurious, which the guard
	 * compares, leave out probes and shields: cause_is_repair(). */
	uint32_t radio_losses, upstream_holes, retransmits, repairs_confirmed, spurious, given_up;
	uint32_t vetoes;
	uint32_t sender_needless; /* retransmits of the sender that our repair had made needless */
	uint32_t sender_retransmits, timeouts, acks_withheld;
};

/** @return when snoop_flow_timer() wants to be called, SNOOP_NEVER if not at all. Every call of the
 * engine for the flow may change it. */
static inline uint64_t snoop_flow_deadline_us(const struct snoop_flow *flow)
{
	return flow->deadline_us;
}

/**
 * A packet with FIN or RST passed, whose sequence numbers the engine does not follow or not
 * believe. It ends the flow as one that the engine believes would, but packets that go on keep the
 * flow.
 */
static inline void snoop_flow_end_unseen(struct snoop_flow *flow, const struct wire_view *view,
					 enum snoop_side from)
{
	bool reset = view->tcp_flags & WIRE_TCP_RST;

	flow->fin_wired |= reset || from == SNOOP_WIRED;
	flow->fin_station |= reset || from == SNOOP_WIRELESS;
}

/** A packet of a flow in bypass passed: the engine is told no more of it than this. */
static inline void snoop_flow_seen(struct snoop_flow *flow, const struct wire_view *view,
				   enum snoop_side from, uint64_t now_us)
{
	if (!flow->closed)
		flow->last_seen_us = now_us;
	if (from == SNOOP_WIRELESS)
		flow->two_way = true;
	if (view->tcp_flags & (WIRE_TCP_FIN | WIRE_TCP_RST))
		snoop_flow_end_unseen(flow, view, from);
}

#endif
