/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the engine knows of one flow: the data direction wired -> wireless of one TCP connection.
 *
 * The record is plain memory of the caller's (a flow table entry, or a variable of a test); only the engine that
 * owns the flow touches it, on the worker's lcore. Segments are linked by index into the engine's pool, 0 = none.
 */
#ifndef SNOOP_FLOW_H
#define SNOOP_FLOW_H

#include <snoop/snoop.h>

/** Head and tail of a list of segments. */
struct snoop_list {
	uint32_t head;
	uint32_t tail;
};

#define SNOOP_FLOW_BYTES_MAX UINT32_MAX /* cached of one flow, whatever the configuration allows */
#define SNOOP_RTT_WINDOW 4      /* samples over which the queueing delay is a minimum */

/** A minimum over a sliding window of one to two periods, in two buckets. */
struct snoop_windowed_min {
	uint32_t now_us;        /* minimum of the running period, UINT32_MAX if it has no sample */
	uint32_t before_us;     /* minimum of the period before */
	uint32_t since_us;      /* start of the running period, low half of the clock */
};

/*
 * In the order in which packets touch it: first what every data segment needs, then what ACKs need as well, last what
 * only losses and telemetry ask for. With the rest of its table entry a flow fills seven cache lines (flow/table.h), of which
 * data in order needs three and an ACK in order five. A time of 32 bits is the low half of the clock: what is older than an
 * hour may be taken for younger, where that does no harm.
 */
struct snoop_flow {
	/* Sequence space. Valid once the first data segment was seen. */
	uint32_t snd_max;       /* highest byte forwarded, + 1 */
	uint32_t una;           /* cumulative ACK of the station */
	uint32_t high_sack;     /* highest SACKed byte + 1; una if nothing is SACKed */
	/*
	 * Below it something was forwarded uncached: what comes again there may be a retransmit. Where it lies below snd_max the last
	 * cached segment, if there is one, ends at snd_max.
	 */
	uint32_t uncached_end;
	uint32_t window_bytes;  /* receive window of the last ACK, scaled; UINT32_MAX before it */
	uint16_t window_raw;    /* as on the wire, to recognise a window update */
	uint8_t window_shift;   /* scale of the station's windows; unknown: the least that what was sent fits into */
	uint8_t ecn_last;       /* ECN bits and flags of the last ACK */

	/* One word, which is asked for as a whole: a bit that is stored makes the next question wait. */
	enum snoop_level level : 8;
	bool window_shift_known : 1;
	bool started : 1;       /* the sequence numbers above are valid */
	bool silent : 1;        /* its station did not answer when the tail timer expired last */
	bool acked : 1;         /* at least one ACK of the station was seen */
	bool two_way : 1;       /* both directions pass this box */
	bool sack : 1;          /* SACK blocks were seen, or negotiated in the handshake */
	bool timestamps : 1;    /* the wired sender uses them */
	bool echoed : 1;        /* ts_echo is valid */
	bool midstream : 1;
	bool reordering : 1;    /* the radio was seen to reorder */
	bool recovery : 1;      /* una is below recovery_point: NewReno, and behind a time-out */
	bool withhold_over : 1;     /* the withholding budget of the hole at una is used up */
	bool fin_wired : 1;
	bool fin_station : 1;
	bool closed : 1;
	bool behind : 1;        /* segments below una wait to be taken out, see ack_catch_up() */
	bool vetoing : 1;       /* a veto is in force */
	bool veto_answered : 1; /* the sender has retransmitted the signal */
	bool has_rtt : 1;
	bool bad_checksum_wired : 1;   /* the last segment of that side had a wrong checksum */
	bool bad_checksum_station : 1;
	bool cache_refused : 1;
	bool doubted : 1;       /* whether the last time-out was spurious is in doubt, see struct snoop_history */
	uint8_t answers_due;    /* packets forwarded that the station answers with a duplicate ACK of its own */
	uint8_t backoff;        /* doublings of the tail timer */
	uint8_t reo_steps;      /* reordering window in quarters of the minimum RTT, widened by D-SACK */
	uint8_t rtt_next;       /* slot of rtt_window that is written next */
	uint16_t claimed;       /* segments that duplicates without SACK have made room for */
	uint16_t max_payload_bytes;
	uint32_t station;       /* index into the engine's stations, 0 = none */

	/* The store (segment.h). */
	struct snoop_list by_seq;       /* all cached segments in sequence order */
	struct snoop_list open;         /* of those, the ones not SACKed, in sequence order */
	struct snoop_list in_flight;    /* open, not known lost, in order of their last transmission */
	struct snoop_list lost;         /* open, lost, waiting for their retransmit */
	uint64_t echo_sent_us;          /* when the ACK with echo_tsval was forwarded, 0 = no echo is awaited */
	uint32_t gaps;                  /* places where neighbours in by_seq do not touch */
	uint32_t cached_count;
	uint32_t open_count;
	uint32_t left_count;            /* open segments left to the sender */
	uint32_t cached_bytes;          /* at most SNOOP_FLOW_BYTES_MAX */
	uint32_t open_bytes;            /* sequence space of the open segments */

	uint64_t deadline_us;
	uint64_t last_seen_us;          /* last packet of either direction, until the flow is closed */
	uint64_t progress_us;           /* last time that the station acknowledged something new */
	uint64_t data_segments, data_bytes;
	uint32_t echo_tsval;            /* TSval of an ACK whose echo will give the wired RTT */
	uint32_t ts_last;               /* newest TSval of the wired sender */
	uint32_t shield_credit;         /* copies that a shield may send, in new segments */
	uint32_t returns_seen;          /* the engine's count of stations' returns when the flow last looked */

	/* From here on: what ACKs touch. Timers. */
	uint64_t reo_deadline_us;       /* reordering window of the oldest suspect, SNOOP_NEVER if there is none */
	uint64_t tail_deadline_us;
	uint32_t srtt_us;
	uint32_t rttvar_us;
	uint32_t rto_widen_us;          /* added to the tail timer after spurious time-outs */
	uint32_t credit;                /* retransmits that packet conservation allows now */
	uint32_t station_next;          /* the station's next sequence number, by what it sent; valid with acked */
	uint16_t station_era;           /* station's era when the flow last looked */
	uint16_t history;               /* index into the engine's histories, 0 = none */
	struct snoop_list withheld;       /* withheld ACKs in order of arrival */
	uint32_t sack_hint;             /* open segment behind the newest SACK, where the next search starts */

	/* Loss detection. */
	uint32_t rack_end;              /* RACK.end_seq */
	uint64_t rack_sent_us;          /* newest transmission known delivered (RFC 8985 RACK.xmit_ts) */
	uint32_t rack_rtt_us;
	uint32_t recovery_point;
	uint16_t dup_acks;
	uint16_t stray_dup_acks;        /* without SACK: needless retransmits on their way, each brings a duplicate ACK */
	uint32_t ts_echo;               /* TSecr of the newest ACK: the station's TS.Recent */
	uint64_t acked_bytes;

	/* RTT between box and station, and between box and wired host. */
	uint32_t rtt_window_us[SNOOP_RTT_WINDOW];
	uint32_t queue_delay_us;
	uint32_t sample_us;             /* time of the last RTT sample */
	uint32_t delay_mark_us;
	struct snoop_windowed_min min_rtt;

	/* From here on: what only losses touch, or one packet in many. */
	uint32_t sacked_count;
	uint32_t sender_count;          /* open segments that the sender has sent again */
	uint32_t withheld_count;
	uint32_t fin_end;               /* sequence number behind the wired FIN */
	uint32_t delay_before_us;       /* queueing delay at delay_mark_us */
	int32_t delay_growth_ppm;       /* trend of the queueing delay, microseconds per second */
	int32_t last_slope_ppm;
	struct snoop_windowed_min wired_rtt;
	uint32_t wired_delay_us;        /* queueing delay between box and wired host, the smaller of two samples */
	uint32_t wired_delay_last_us;
	uint32_t retransmit_us;             /* time of the last retransmit */

	/* Congestion veto. */
	uint32_t veto_signal;           /* first byte of the loss that was left to the sender */
	uint32_t veto_end;              /* what the sender had sent when it took up the signal */
	uint32_t veto_budget_ppm;       /* retransmits left in the veto's window, in millionths */
	uint64_t veto_quiet_us;         /* no new veto before this time */
	uint32_t high_delivered;        /* deliveries and losses while the queue was inflated, halved at 256 */
	uint32_t high_lost;

	/* Statistics for telemetry. */
	uint32_t radio_losses, upstream_holes, retransmits, repairs_confirmed, spurious, given_up, vetoes;
	uint32_t sender_needless;       /* retransmits of the sender that our repair had made needless */
	uint32_t sender_retransmits, timeouts, acks_withheld;
};

/** When snoop_flow_timer() wants to be called, SNOOP_NEVER if not at all. Every call of the engine for the flow may change it. */
static inline uint64_t snoop_flow_deadline_us(const struct snoop_flow *flow)
{
	return flow->deadline_us;
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
