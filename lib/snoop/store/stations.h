/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Stations: what all flows to one wireless address have in common. An address of IPv4 and one of
 * IPv6 are two stations.
 */
#ifndef SNOOP_STORE_STATIONS_H
#define SNOOP_STORE_STATIONS_H

#include <snoop/engine.h>

/** Three cache lines, by who needs them. */
struct snoop_station {
	/* Every ACK. */
	uint64_t heard_us;	 /* last packet from it */
	uint32_t delay_since_us; /* low half of the clock */
	uint32_t ack_wait_us; /* the tail timer's allowance for delayed ACKs, 0 = nothing learnt */
	uint32_t srtt_us, rttvar_us; /* 0 until the first sample */
	struct windowed_min min_rtt;
	/* Outcome of segments while the queue was short: the radio's own loss share. Halved at
	 * 65536. */
	uint32_t low_delivered, low_lost;
	/* Largest queueing delay of the running period (since delay_since_us) and of the one
	 * before. */
	uint32_t delay_max_us[2];
	uint16_t era;	  /* counts its returns from silence */
	uint8_t timeouts; /* consecutive, over all flows, since it was heard; no more while silent
			   */
	bool silent : 1;
	bool used : 1;
	/* The newest part of the totals, see station_fold_totals(). */
	uint32_t acked_bytes, delivered_segments;
	/* Losses, and what is rare. */
	struct snoop_totals totals;
	uint64_t probe_us; /* silent: no probe before this time */
	uint32_t probe_gap_us;
	uint32_t next; /* chain of the hash bucket, or of the free list */
	/* Look-ups, and flows that come and go. */
	uint8_t addr[16];
	uint32_t vlan[WIRE_VLAN_MAX];
	uint32_t refs;	       /* flows that point here */
	uint32_t shield_spent; /* (shield) copies that were paid for, of all flows */
	uint8_t ip_version;
	/* Delayed ACKs, see judge/ack_delay.c. */
	uint8_t ack_doubt;	 /* time-outs that may have been delayed ACKs */
	uint8_t ack_calm;	 /* lone segments answered in time since the last of those */
	uint8_t ack_answers;	 /* the same since an answer was late last */
	bool dsack_seen;	 /* it reports duplicates */
	uint32_t ack_delay_us;	 /* longest delay of such an answer lately */
	uint32_t ack_hold_bytes; /* less than this in flight may wait for the delay, too */
	uint32_t ack_hold_us;	 /* when that was seen last, low half of the clock */
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct snoop_station, totals) == 64 &&
		       offsetof(struct snoop_station, addr) == 128,
	       "snoop_ack_prefetch() fetches what is needed and no more");

/** @return the flow's station, or NULL. */
static inline struct snoop_station *station_of(const struct snoop_engine *engine,
					       const struct snoop_flow *flow)
{
	return flow->station ? &engine->stations[flow->station] : NULL;
}

void stations_init(struct snoop_engine *engine);
/** @return index of the station, made if it is new; 0 if no record is free. */
uint32_t station_get(struct snoop_engine *engine, const struct snoop_key *key);
/** @return index, or 0: never makes one. */
uint32_t station_find(const struct snoop_engine *engine, const struct snoop_key *key);
/** @return where a flow's totals are kept; those of flows without a station in record 0, which
 * nobody reads. */
static inline struct snoop_totals *station_totals(struct snoop_engine *engine,
						  const struct snoop_flow *flow)
{
	return &engine->stations[flow->station].totals;
}
/** Fold the counts that every ACK adds to into the totals. */
void station_fold_totals(struct snoop_station *station);
/** Count what a flow's ACK acknowledged. Neither number may exceed INT32_MAX. */
static inline void station_count_progress(struct snoop_engine *engine,
					  const struct snoop_flow *flow, uint32_t acked_bytes,
					  uint32_t delivered_segments)
{
	struct snoop_station *station = &engine->stations[flow->station];

	station->acked_bytes += acked_bytes;
	station->delivered_segments += delivered_segments;
	if ((station->acked_bytes | station->delivered_segments) > INT32_MAX)
		station_fold_totals(station);
}
/** The station is not known any more to hold the ACK of more than two full segments. */
void station_release_hold(struct snoop_engine *engine, struct snoop_station *station);
void station_heard(struct snoop_engine *engine, struct snoop_station *station, uint64_t now_us);
/** A tail timer of one of its flows expired: decide whether the station has fallen silent. */
void station_timeout(struct snoop_engine *engine, struct snoop_station *station, uint64_t now_us);

#endif
