/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The protocol engine: local repair of TCP losses between the box and a wireless station.
 *
 * The engine is pure: no clock, no packet memory, no system call. Its caller (a worker lcore, or a
 * test) hands it parsed packets and the time, keeps the flow objects, and carries out what the
 * engine asks for through struct snoop_ops. One engine belongs to one worker, which alone calls it.
 * Other threads may read its counters and histograms, a few packets old.
 *
 * Rooms, each of which calls only those after it: event (what happened), act (what is done), judge
 * (what it means), store (what is known), engine.h with the shared state. The files beside this one
 * make an engine and answer questions about it.
 *
 * Data of a flow runs from the wired to the wireless side; its ACKs run back. All sequence numbers
 * are in host order, all times are microseconds of the caller's monotonic clock.
 */
#ifndef SNOOP_SNOOP_H
#define SNOOP_SNOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <counters/counters.h>
#include <counters/histograms.h>
#include <wire/wire.h>

#define SNOOP_NEVER UINT64_MAX

/* The rows of both enumerations, with their names and help: counters/reasons.h. */
enum snoop_level {
#define SNOOP_LEVEL_ENUM(id, token, help) SNOOP_LEVEL_##id,
	SNOOP_LEVELS(SNOOP_LEVEL_ENUM)
#undef SNOOP_LEVEL_ENUM
		SNOOP_LEVEL_COUNT
};

/* Why a flow is not helped, exactly one at a time; in order of precedence. */
enum snoop_reason {
#define SNOOP_REASON_ENUM(id, token, help) SNOOP_REASON_##id,
	SNOOP_REASONS(SNOOP_REASON_ENUM)
#undef SNOOP_REASON_ENUM
		SNOOP_REASON_COUNT
};

const char *snoop_level_name(enum snoop_level level);
/** @return the level, or -1 where no level has that name. */
int snoop_level_parse(const char *name);
const char *snoop_reason_name(enum snoop_reason reason);

/** Protocol settings. Each is a key of config/snoopd.ini, in the section named below;
 * lib/config/keys.h has the rows. */
struct snoop_config {
	/* [cache] */
	uint32_t cache_segments;   /* per worker: cached segments and withheld ACKs together */
	uint64_t cache_bytes;	   /* per worker: frame bytes held by them */
	uint64_t flow_cache_bytes; /* per flow */
	uint32_t stations;	   /* station records per worker */
	/* [timers], microseconds */
	uint32_t rto_min_us;	    /* floor of the tail timer */
	uint32_t rto_max_us;	    /* ceiling of its exponential backoff */
	uint32_t rto_initial_us;    /* while the station's RTT is unknown */
	uint32_t delayed_ack_us;    /* least allowance while little is in flight */
	uint32_t probe_interval_us; /* a silent station is probed this often */
	uint32_t silence_max_us;    /* after this long a silent station is probed no more */
	/* [repair] */
	uint32_t tries_max;	     /* retransmits of one segment before the sender has to do it */
	uint32_t hole_age_max_us;    /* a hole older than this is left to the sender */
	uint32_t allowance_segments; /* retransmits in hand beyond one per delivered segment */
	/* [withhold] */
	uint32_t withhold_max_us; /* longest time that a duplicate ACK is withheld */
	uint32_t withhold_acks;	  /* withheld ACKs per flow */
	/* [veto] */
	uint32_t veto_delay_floor_us; /* queueing delay below this is radio jitter */
	uint32_t veto_delay_us;	      /* of congestion; 0 = one path RTT, learnt */
	uint32_t veto_prior_ppm;      /* loss share assumed before it is learnt */
	/* [syn] */
	uint32_t syn_entries;  /* SYN memory, handshakes; 0 = off */
	uint32_t syn_tries;    /* retransmits of one SYN */
	uint32_t syn_rate_max; /* SYNs per second above which the memory is off (flood) */
};

void snoop_config_defaults(struct snoop_config *config);

/** The side a packet came from or goes to. */
enum snoop_side { SNOOP_WIRED, SNOOP_WIRELESS };

enum snoop_cause {
	SNOOP_CAUSE_SCOREBOARD,
	SNOOP_CAUSE_DUPACK,
	SNOOP_CAUSE_TIMEOUT,
	SNOOP_CAUSE_PROBE,
	SNOOP_CAUSE_SYN,
	SNOOP_CAUSE_SHIELD
};

/**
 * What the engine asks of the owner of the packets. A packet is an opaque handle; the engine holds
 * references and never looks inside.
 */
struct snoop_ops {
	/** Take one more reference: the packet stays valid until unref(), or release() of a
	 * withheld ACK. */
	void (*ref)(void *owner, void *packet);
	/** Give one reference back. */
	void (*unref)(void *owner, void *packet);
	/** Send a byte-identical copy to the wireless side. The engine keeps its reference. */
	void (*retransmit)(void *owner, void *packet, enum snoop_cause cause);
	/** Forward a withheld ACK to the wired side. The engine's reference passes on. */
	void (*release)(void *owner, void *packet);
};

/** The verdict on a received packet. */
enum snoop_verdict {
	SNOOP_FORWARD,	/* the caller forwards it now */
	SNOOP_WITHHOLD, /* the engine has taken the caller's reference; do not forward */
};

/** What the caller knows of a packet beside its headers. */
struct snoop_packet {
	const struct wire_view *view;
	void *handle; /* opaque; NULL if it cannot be kept: never retransmitted or withheld */
	uint32_t frame_bytes;
	bool checksum_ok; /* of TCP, and of the IPv4 header: nothing is believed without it */
};

/** Both directions of a connection have the same key: the sides give the order. */
struct snoop_key {
	uint8_t wired_addr[16];
	uint8_t station_addr[16];
	uint32_t vlan[WIRE_VLAN_MAX];
	uint16_t wired_port;
	uint16_t station_port;
	uint8_t ip_version;
	uint8_t link; /* of the caller: equal connections on two links are two */
	uint8_t pad[2];
};
_Static_assert(sizeof(struct snoop_key) == 48, "the key is hashed as a block: no hidden padding");

/**
 * Build the key of a TCP packet that was received on the given side of a link, without its VLAN
 * tags.
 */
static inline void snoop_key_untagged(struct snoop_key *key, const struct wire_view *view,
				      enum snoop_side from, uint8_t link)
{
	bool wired = from == SNOOP_WIRED;
	uint16_t wired_port = wired ? view->src_port : view->dst_port;
	uint16_t station_port = wired ? view->dst_port : view->src_port;

	memcpy(key->wired_addr, wired ? view->src : view->dst, sizeof(key->wired_addr));
	memcpy(key->station_addr, wired ? view->dst : view->src, sizeof(key->station_addr));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	/* One store: the key is hashed at once, which would have to wait for several. */
	typedef uint64_t block __attribute__((vector_size(16), aligned(4), may_alias));
	uint64_t rest = wired_port | (uint64_t)station_port << 16 |
			(uint64_t)view->ip_version << 32 | (uint64_t)link << 40;

	*(block *)key->vlan = (block){0, rest};
#else
	memset(key->vlan, 0, sizeof(key->vlan));
	key->wired_port = wired_port;
	key->station_port = station_port;
	key->ip_version = view->ip_version;
	key->link = link;
	memset(key->pad, 0, sizeof(key->pad));
#endif
}

/** Add the VLAN tags. A priority tag (VID 0) is no VLAN; one direction may carry it alone. */
static inline void snoop_key_add_tags(struct snoop_key *key, const struct wire_view *view)
{
	for (int i = 0, at = 0; i < view->vlan_count; i++)
		if (view->vlan[i] & 0xfff)
			key->vlan[at++] = view->vlan[i];
}

/** Build the whole key. */
static inline void snoop_key_of(struct snoop_key *key, const struct wire_view *view,
				enum snoop_side from, uint8_t link)
{
	snoop_key_untagged(key, view, from, link);
	snoop_key_add_tags(key, view);
}

struct snoop_engine;
struct snoop_flow; /* see snoop/flow.h; embedded in the caller's flow record */

/** @return bytes of memory that an engine with this configuration needs. */
size_t snoop_engine_bytes(const struct snoop_config *config);

/**
 * Make an engine in memory given by the caller (hugepages in the appliance).
 *
 * @param memory     snoop_engine_bytes(config) bytes, 64-byte aligned; stays the caller's
 * @param counters   the worker's counters; written by the engine
 * @param secret     per-start secret that keys the engine's own small hash tables
 */
struct snoop_engine *snoop_engine_init(void *memory, const struct snoop_config *config,
				       const struct snoop_ops *ops, void *owner,
				       struct counters *counters, uint64_t secret);

/** Give back all packets that the engine holds outside of flows: those of the SYN memory and of
 * discarded segments. */
void snoop_engine_flush(struct snoop_engine *engine);

/** Replace the settings, but for the sizes of tables. Call between packets. */
void snoop_engine_configure(struct snoop_engine *engine, const struct snoop_config *config);

/**
 * While the engine drains it withholds no more ACKs, and a flow whose timer expires is reset, which
 * releases its withheld ACKs, instead of retransmitting. So all withheld ACKs leave within the time
 * that they may be withheld.
 */
void snoop_engine_drain(struct snoop_engine *engine, bool drain);

/** @return how many duplicate ACKs of all flows are withheld now. */
uint32_t snoop_engine_withheld(const struct snoop_engine *engine);

/** How much of its cache the engine uses. */
struct snoop_cache_use {
	uint32_t segments;	/* cached segments; of observed flows records without a packet */
	uint32_t withheld_acks; /* they share the pool of records with the segments */
	uint64_t bytes;		/* frame bytes of both */
};
struct snoop_cache_use snoop_engine_cache_use(const struct snoop_engine *engine);

/** The wireless port did not accept everything: losses of the next moments are congestion. */
void snoop_engine_tx_backlog(struct snoop_engine *engine, uint64_t now_us);

/**
 * SYN or SYN-ACK, of either side. Call for every packet with the SYN flag, after snoop_flow_reset()
 * of a flow with the same key if there is one. Never withholds.
 */
void snoop_syn(struct snoop_engine *engine, const struct snoop_key *key,
	       const struct snoop_packet *packet, enum snoop_side from, uint64_t now_us);

/** Retransmit none of the SYNs that are remembered now; what they negotiated stays. */
void snoop_syn_drop_all(struct snoop_engine *engine);

/** A SYN of this key, or of any, passed unseen: forget what may be of an older connection. */
void snoop_syn_forget(struct snoop_engine *engine, const struct snoop_key *key);
void snoop_syn_forget_all(struct snoop_engine *engine);

/** A packet of the key that is not a SYN passed, and no flow exists: the handshake may have
 * completed. */
void snoop_handshake_done(struct snoop_engine *engine, const struct snoop_key *key,
			  const struct wire_view *view, enum snoop_side from, uint64_t now_us);

/** The packets that follow may have waited up to so long between their arrival and their now_us. */
void snoop_engine_waited(struct snoop_engine *engine, uint64_t waited_us);

/** When snoop_engine_timer() wants to be called, SNOOP_NEVER if not at all. */
uint64_t snoop_engine_deadline_us(const struct snoop_engine *engine);
void snoop_engine_timer(struct snoop_engine *engine, uint64_t now_us);

/** Start a flow at its first data segment. flow is zeroed memory of the caller's. */
void snoop_flow_init(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct snoop_key *key, enum snoop_level level, uint64_t now_us);

/** Change the level of a running flow: it is reset, withheld ACKs are released, and it starts
 * afresh.
 */
void snoop_flow_set_level(struct snoop_engine *engine, struct snoop_flow *flow,
			  enum snoop_level level);

/** A packet (not a SYN) of the flow from the wired side. Always forwarded; may be cached. */
void snoop_flow_data(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct snoop_packet *packet, uint64_t now_us);

/** A packet (not a SYN) of the flow from the wireless side. May call ops->retransmit before it
 * returns. */
enum snoop_verdict snoop_flow_ack(struct snoop_engine *engine, struct snoop_flow *flow,
				  const struct snoop_packet *packet, uint64_t now_us);

/**
 * Prefetch what the flow's next data segment will touch outside the hot part of struct snoop_flow.
 * A hint only: it changes no state and may be skipped.
 */
void snoop_data_prefetch(const struct snoop_engine *engine, const struct snoop_flow *flow);

/**
 * The same for an ACK, in steps that give memory time in between. Call the third step as often as
 * it may have segments to fetch.
 *
 * @param sacks    the ACK has SACK blocks
 * @param segment  what the second or third step returned last
 * @return first step: whether the third is of use; the others: where the third goes on.
 */
bool snoop_ack_prefetch(const struct snoop_engine *engine, const struct snoop_flow *flow,
			bool sacks);
uint32_t snoop_ack_prefetch_next(const struct snoop_engine *engine, const struct snoop_flow *flow);
uint32_t snoop_ack_prefetch_more(const struct snoop_engine *engine, uint32_t segment);

void snoop_flow_timer(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);

/**
 * Forget everything about the flow's bytes: release withheld ACKs, discard segments (many of them
 * later, in snoop_engine_timer()). The flow may go on.
 */
void snoop_flow_reset(struct snoop_engine *engine, struct snoop_flow *flow);

/** The flow leaves the table: reset, and let go of its station. */
void snoop_flow_close(struct snoop_engine *engine, struct snoop_flow *flow);

/** @return true if the flow has ended: RST, or FIN of both sides, acknowledged where ACKs are seen.
 */
bool snoop_flow_finished(const struct snoop_flow *flow);

enum snoop_reason snoop_flow_reason(const struct snoop_flow *flow);

/** Sums over all flows of a station, since its record was made. */
struct snoop_totals {
	uint64_t acked_bytes, delivered_segments;
	uint64_t radio_losses, repairs_confirmed, given_up, vetoes;
};

/** What telemetry shows of a station. */
struct snoop_station_info {
	uint8_t addr[16];
	uint32_t vlan[WIRE_VLAN_MAX];
	uint8_t ip_version; /* 4: the address is the first four bytes */
	bool silent;
	uint32_t flows;
	uint32_t srtt_us, rttvar_us, min_rtt_us; /* 0 until the first sample */
	uint64_t heard_us;			 /* last packet from it */
	struct snoop_totals totals;
};

/** Station records are numbered 1 to this. */
uint32_t snoop_station_count(const struct snoop_engine *engine);

/** @return false if the record is not in use. */
bool snoop_station_info(const struct snoop_engine *engine, uint32_t index,
			struct snoop_station_info *info);

/** The engine's histograms; the caller may add to those that are not the engine's own. */
struct histograms *snoop_engine_histograms(struct snoop_engine *engine);

/** What telemetry shows of a flow. */
struct snoop_flow_info {
	enum snoop_level level;
	enum snoop_reason reason;
	bool withholding; /* duplicate ACKs of this flow are being withheld when they qualify */
	bool midstream, sack, timestamps, window_scale_known;
	uint32_t srtt_us, rttvar_us, min_rtt_us, wired_rtt_us, queue_delay_us;
	uint32_t cached_segments, withheld_acks;
	uint64_t cached_bytes, data_segments, data_bytes, acked_bytes;
	uint64_t radio_losses, upstream_holes, retransmits, repairs_confirmed, spurious, given_up,
		vetoes;
	uint64_t sender_retransmits, timeouts, acks_withheld;
	uint64_t last_seen_us;
};
void snoop_flow_info(const struct snoop_engine *engine, const struct snoop_flow *flow,
		     struct snoop_flow_info *info);

#endif
