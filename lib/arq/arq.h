/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The two-ended link: frames between two boxes are numbered, and the lost ones retransmitted.
 *
 * One end belongs to one port of one worker, which alone calls it. It is pure: no clock, no packet
 * memory, no system call, no DPDK. Its caller hands it frames and the time, and carries out what
 * the end asks for through struct arq_ops. It calls nothing but lib/base.
 *
 * Promise J-1: what one end delivers is what the other end's caller gave to arq_send(), at most
 * once, and in order for each key. Exceptions, each of which has a counter: a frame whose sender is
 * not known yet or not any more (other_epoch), and an original that the radio itself delayed beyond
 * the time that its followers may wait (late_originals). Frames without a tag keep their order with
 * tagged ones if the radio does, except those that are too long for a tag (sent_long).
 *
 * Frames have one of two lanes, by class. A lane has a sequence space of its own, because a radio
 * that prefers one class would turn each such frame into a gap before the others.
 *
 * Files: header.h (tag and control frames), sender.h, receiver.h (a lane's halves), estimator.h,
 * bucket.h, peer.h (who is at the other end). All times are microseconds of a monotonic clock, all
 * sequence numbers are serial numbers (RFC 1982), 32 bits here and 24 on the wire.
 */
#ifndef ARQ_ARQ_H
#define ARQ_ARQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arq/counters.h>
#include <arq/header.h>

#define ARQ_NEVER UINT64_MAX
#define ARQ_KEYS 4096U
#define ARQ_WINDOW_MIN 64U
#define ARQ_WINDOW_MAX 32768U
#define ARQ_BUCKET_MIN_BYTES 32768U

/** What is done with a frame. The first ARQ_LANES are lanes. */
enum arq_class {
	ARQ_ORDERED,   /* withheld until the frame of the same key before it was delivered */
	ARQ_UNORDERED, /* delivered when it arrives, and retransmitted for a short time only */
	ARQ_UNTOUCHED, /* never numbered: link-local protocols, PTP */
};

struct arq_config {
	uint32_t window_frames;	  /* of each lane and direction; a power of two */
	uint64_t store_bytes;	  /* sent frames of each lane that can be retransmitted */
	uint32_t withheld_frames; /* of each lane, at the receiver */
	uint64_t withheld_bytes;
	/* Persistence (RFC 3366 section 3.3): how long followers wait for a missing frame is
	 * rounds times the mean round trip, plus margin, but at most persist_max_us, or three round
	 * trips if those are longer. */
	uint32_t persist_rounds[ARQ_LANES];
	uint32_t persist_margin_us[ARQ_LANES];
	uint32_t persist_max_us;
	uint32_t tries_max;	   /* retransmits of one frame */
	uint32_t twin_us;	   /* from the second retransmit on, a copy follows after this */
	uint32_t tolerance_max_us; /* longest reordering that is learnt */
	uint32_t status_frames;	   /* frames without gap after which a status is due */
	uint32_t alive_us;	   /* longest time without a control frame while the peer is up */
	uint32_t dead_us;	   /* silence after which the wire is plain */
	uint32_t hello_us;	   /* between two hellos while there is no peer */
	uint32_t share_min_ppm;	   /* of the bytes sent that may be retransmitted: this, plus */
	uint32_t share_max_ppm;	   /* twice the loss, but no more than share_max_ppm */
	/* Retransmits in hand: as much as gets through in bucket_us, ARQ_BUCKET_MIN_BYTES at least
	 * and at the start, bucket_bytes at most. */
	uint32_t bucket_us, bucket_bytes;
	uint32_t frame_bytes; /* longest frame to be tagged, without FCS */
	bool probe;	      /* prove that the radio takes frame_bytes and a tag */
};

void arq_config_defaults(struct arq_config *config);
/** @return NULL, or one sentence that names the field that is out of range. */
const char *arq_config_check(const struct arq_config *config);

/** A frame of the caller's; the end never looks inside. */
struct arq_packet {
	void *handle;
	uint32_t frame_bytes; /* without tag and FCS */
	uint32_t key;	      /* hash of the flow; the end reduces it to one of ARQ_KEYS */
	enum arq_class class;
};

/** What the end asks of its caller. None of these may call the end again. */
struct arq_ops {
	/** Keep a frame that is sent. @return what to keep: the handle with one more reference, or
	 * a copy; NULL if it cannot be kept, then it is never retransmitted. */
	void *(*keep)(void *owner, void *handle);
	/** Give back what keep() returned, or a frame that was taken by arq_receive(). */
	void (*unref)(void *owner, void *handle);
	/** Send a kept frame to the radio with this tag. The end keeps its reference. */
	void (*retransmit)(void *owner, void *handle, const struct arq_tag *tag);
	/** Send a control frame: payload after the EtherType, zeros up to frame_bytes (without
	 * FCS). Both are valid during the call only. */
	void (*control)(void *owner, const uint8_t *payload, uint32_t bytes, uint32_t frame_bytes);
	/** Forward a frame to the LAN. The end's reference passes on. */
	void (*deliver)(void *owner, void *handle);
};

enum arq_verdict {
	ARQ_SEND_PLAIN,	 /* arq_send: forward as it is */
	ARQ_SEND_TAGGED, /* arq_send: forward with the tag that was filled in */
	ARQ_TAKEN,	 /* arq_receive: delivered or withheld; the caller's reference is gone */
	ARQ_DROP,	 /* arq_receive: a copy of what was delivered before; the caller frees it */
};

/** What is known of the peer; the wire is tagged in ARQ_UP only. */
enum arq_state {
	ARQ_SEARCHING, /* nobody answers */
	ARQ_PROVING,   /* somebody is heard, who has not heard us */
	ARQ_PROBING,   /* both hear each other; does the radio take long frames? */
	ARQ_UP,
	ARQ_SILENT, /* was up, and is not heard: an outage, or it is gone */
	ARQ_SHORT,  /* the radio does not take frame_bytes and a tag */
	ARQ_LEFT,   /* the peer said bye */
	ARQ_LOOP,   /* our own frames come back */
	ARQ_THIRD,  /* a third box: not point to point */
	ARQ_LEAVING /* arq_leave() was called */
};

struct arq_info {
	enum arq_state state;
	uint32_t peer_epoch;
	uint32_t min_rtt_us, srtt_us, rttvar_us; /* 0 until the first sample */
	uint32_t loss_ppm, burst_x256;		 /* before repair, of what we send */
	uint64_t rate_bytes_per_s;		 /* delivered to the peer, highest of late */
	uint32_t tolerance_us[ARQ_LANES];	 /* reordering that was learnt of what we receive */
	uint32_t stored_frames, withheld_frames;
};

struct arq;

/** @return bytes of memory that an end with this configuration needs. */
size_t arq_bytes(const struct arq_config *config);

/**
 * Make an end in memory given by the caller.
 *
 * @param memory    arq_bytes(config) bytes, 64-byte aligned; stays the caller's
 * @param counters  written by the end; stays the caller's
 * @param epoch     random, drawn at each start; 0 is taken for 1
 */
struct arq *arq_init(void *memory, const struct arq_config *config, const struct arq_ops *ops,
		     void *owner, struct arq_counters *counters, uint32_t epoch, uint64_t now_us);

/** A frame from the LAN. @param tag filled in with ARQ_SEND_TAGGED. @return ARQ_SEND_... */
enum arq_verdict arq_send(struct arq *arq, const struct arq_packet *packet, uint64_t now_us,
			  struct arq_tag *tag);

/** A tagged frame from the radio, its tag removed. May call ops->deliver for it and for others.
 * @return ARQ_TAKEN or ARQ_DROP */
enum arq_verdict arq_receive(struct arq *arq, const struct arq_packet *packet,
			     const struct arq_tag *tag, uint64_t now_us);

/** A frame without a tag from the radio. What is withheld before it is delivered now; then the
 * caller forwards the frame. */
void arq_receive_plain(struct arq *arq, const struct arq_packet *packet, uint64_t now_us);

/**
 * A control frame from the radio. Whatever is in it, the end's promises hold: a field out of range
 * is counted and the frame ignored.
 *
 * @param payload      after the EtherType, with padding
 * @param frame_bytes  length of the whole frame, without FCS
 */
void arq_receive_control(struct arq *arq, const uint8_t *payload, uint32_t bytes,
			 uint32_t frame_bytes, uint64_t now_us);

/** When arq_timer() wants to be called; never ARQ_NEVER. */
uint64_t arq_deadline_us(const struct arq *arq);
void arq_timer(struct arq *arq, uint64_t now_us);

/** Carriers changed: prove the length of frames anew. */
void arq_carrier_changed(struct arq *arq, uint64_t now_us);

/** Orderly stop: tag no more, tell the peer, deliver and retransmit on until arq_left(). */
void arq_leave(struct arq *arq, uint64_t now_us);
/** @return true if the peer knows that we leave, or there is none: the port may be closed. */
bool arq_left(const struct arq *arq);

/** Deliver all that is withheld and give back all that is kept. */
void arq_flush(struct arq *arq);

void arq_info(const struct arq *arq, struct arq_info *info);
/** @return a token: "searching", "up" ... */
const char *arq_state_name(enum arq_state state);

#endif
