/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A deterministic simulation of TCP connections through the engine, on a simulated clock:
 *
 *   sender - wired pipe - box (the engine) - radio - receiver, and back.
 *
 * Everything follows from one seed. sim_run() checks the engine's promises at every step
 * (sim_check.c); the first one that is broken ends the run. Streams are counted in grains: a
 * segment is a few grains of equal size, so that the sender may cut its retransmits anew. Single
 * thread, no clock, no file.
 */
#ifndef SIM_H
#define SIM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <snoop/engine.h>
#include <snoop/flow.h>
#include <snoop/store/flow_extra.h>
#include <snoop/store/handshakes.h>
#include <snoop/store/records.h>
#include <snoop/store/stations.h>
#include <snoop/snoop.h>
#include <wire/wire.h>

#define SIM_FLOWS_MAX 4
#define SIM_GRAINS_MAX 4096U
#define SIM_WHY_BYTES 256

struct sim_rng {
	uint64_t state;
};
uint32_t sim_random(struct sim_rng *rng);
/** @return true with a probability in parts per million. */
bool sim_chance(struct sim_rng *rng, uint32_t ppm);
/** @return a number in [low, high]. */
uint32_t sim_between(struct sim_rng *rng, uint32_t low, uint32_t high);

/** One direction of a link. */
struct sim_pipe_params {
	uint32_t bytes_per_ms;
	uint32_t delay_us;
	uint32_t queue_bytes;
	uint32_t loss_ppm;
	uint32_t burst_mean; /* 1 = independent losses; else Gilbert-Elliott with this mean run */
	uint32_t reorder_ppm, reorder_us;
	uint32_t duplicate_ppm, duplicate_us; /* the copy comes so much later at most */
	uint32_t jitter_us;		      /* added to the delay, order is kept */
	uint32_t stall_every_us, stall_us;    /* nothing is carried for a time, again and again */
	uint64_t step_at_us;		      /* from then on the delay is longer by step_us */
	uint32_t step_us;
};

struct sim;
struct sim_packet;

enum sim_handshake { SIM_MIDSTREAM, SIM_WIRED_CLIENT, SIM_STATION_CLIENT };

struct sim_params {
	uint64_t seed;
	struct snoop_config config;
	struct sim_pipe_params to_box, to_station, from_station, to_sender;
	uint32_t flows;
	enum snoop_level level;
	uint32_t grains, grain_bytes, grains_per_segment;
	enum sim_handshake handshake;
	bool sack, timestamps, ipv6, frames; /* frames: real bytes through wire_parse() */
	bool no_dsack;			     /* a receiver that reports no duplicates */
	/* As Linux: it remembers four blocks, and SACKs of so long go out as one; 0 = it does
	 * neither. */
	uint32_t compress_us;
	/* A sender that is paced and does not slow down for losses; 0 = window, halved by them. */
	uint32_t pace_bytes_per_ms, pace_window_grains;
	bool linux_rto; /* its floor is added to the RTT */
	bool near_wrap;
	bool resegment;
	bool backlog;		 /* tell the engine when the radio's queue overflows */
	bool odd_acks;		 /* some ACKs with payload, URG, ECE, foreign options */
	uint32_t receiver_bytes; /* its buffer */
	uint32_t stalls;	 /* times that the receiver's application stops reading */
	uint32_t pauses;	 /* times that the sender's application has nothing to send */
	uint32_t sparse_us;	 /* not 0: the application writes one segment in this time */
	/* Not 0: the worker now and then runs nothing for so long at most; packets wait. */
	uint32_t worker_stall_us;
	uint32_t delayed_ack_us; /* 0: every segment is acknowledged at once */
	uint32_t ack_every;	 /* segments that one ACK waits for */
	uint32_t split_ack_ppm;	 /* grains that have an ACK of their own, in the middle of a segment
				  */
	uint32_t stations;	 /* that the flows belong to, in turn */
	uint32_t aborts;	 /* the connection is reset and begun anew */
	uint32_t forgets;	 /* the worker drops the flow record in mid-flight */
	uint32_t level_changes;
	uint32_t unshareable_ppm;	      /* packets without a handle */
	uint32_t corrupt_ppm;		      /* data with a bad checksum */
	uint64_t outage_us, outage_length_us; /* radio silent */
	uint64_t limit_us;		      /* everything must be delivered by then */
	/* Told of what the engine is given and what it asks for, and after each step without a
	 * packet. May be NULL. */
	void (*note)(const struct sim *sim, const char *what, const struct sim_packet *packet);
};

struct sim_result {
	char why[SIM_WHY_BYTES]; /* empty: no promise was broken */
	struct counters counters;
	uint64_t done_us; /* when the last flow was complete */
	uint64_t steps;
	uint64_t sender_timeouts, sender_retransmits, radio_data, radio_lost, queue_drops, useless;
	uint64_t radio_drops;		 /* of queue_drops, those before the station */
	uint64_t wired_data, wired_lost; /* lost: by the queue or on the way, as radio_lost */
	/* Of wired_lost, for one connection on a wire that keeps the order: segments after which
	 * others passed the box first. A lost tail, and what is lost again, leave no such trace. */
	uint64_t wired_gaps;
	/* Of radio_lost: those of which the station had no copy, and none was under way. */
	uint64_t radio_missed;
	uint64_t spurious_sender_timeouts, bytes;
	uint32_t lenient_holes; /* withheld although a hole above the first was over tries or age */
};

/** Draw everything from a seed. */
void sim_params_random(struct sim_params *params, uint64_t seed);
/** The same where little is lost and the cache has room for it, as in most networks at most times.
 */
void sim_params_calm(struct sim_params *params, uint64_t seed);
/** A clean 20 ms + 2 ms path, 50 and 200 Mb/s, no loss, one flow: for tests that set what they
 * need. */
void sim_params_plain(struct sim_params *params, uint64_t seed);
/** Run to the end. @return true if no promise was broken. */
bool sim_run(const struct sim_params *params, struct sim_result *result);

/* ---- Internals, shared by sim_*.c ---- */

enum sim_place { SIM_BOX_WIRED, SIM_STATION, SIM_BOX_RADIO, SIM_SENDER, SIM_PLACES };

struct sim_packet {
	struct wire_view view;
	uint8_t *frame;
	uint32_t frame_bytes;
	uint32_t checksum; /* of view and frame at creation */
	uint32_t refs;
	uint32_t engine_refs; /* of those, the engine's */
	uint32_t flow, generation;
	uint32_t first, end; /* grains; end of the FIN comes after the last grain */
	bool dead, forwarded, withheld, good, old_news;
	uint32_t shielded; /* copies that shields have sent */
	uint32_t tries, probes, station_returns;
	uint64_t retransmitted_us, withheld_us;
};

struct sim_event {
	uint64_t at_us, order;
	struct sim_packet *packet;
	enum sim_place place;
};

struct sim_pipe {
	const struct sim_pipe_params *params;
	enum sim_place to;
	uint64_t free_us;
	uint64_t last_us; /* arrival of the newest packet that nothing delayed */
	bool bad;	  /* Gilbert-Elliott state */
};

struct sim_sender {
	uint32_t base;		       /* sequence number of the first grain */
	uint32_t una, next, high, end; /* grains; end includes the FIN */
	uint32_t written;	       /* by the application */
	uint32_t cwnd, ssthresh, cwnd_count, pipe, dup_acks, recover, lost_hint;
	bool recovery, after_timeout;
	uint64_t right; /* first grain beyond the receiver's window */
	uint64_t rto_us, pause_us, timer_us, connect_us, srtt_us, var_us;
	uint64_t pace_us; /* no segment is sent before */
	uint32_t backoff, pauses, timeouts, peer_seq;
	uint32_t echo; /* the receiver's timestamp that it echoes */
	uint64_t *sent_us;
	uint8_t *state;
	bool established, complete, fin_acked;
};

struct sim_receiver {
	uint32_t next, read, right; /* grains */
	uint32_t window, seq, pending, echo, compressed, compress_next;
	uint64_t delack_us, stall_us, resume_us, connect_us, fin_us;
	uint32_t recent[8], recents;
	uint32_t dsack_first, dsack_end;
	uint32_t stalls, fins;
	uint8_t *have;
	bool established, ce;
};

/* What sim_check.c knows of a flow, from the packets alone. */
struct sim_shadow {
	struct sim_packet **copy;      /* newest copy that was forwarded, by grain */
	uint8_t *sender_retransmitted; /* the sender sent it again while the engine held it */
	uint8_t *delivered;
	uint32_t una, high, forwarded_max;
	uint32_t passed_max; /* the same, whatever the engine has forgotten */
	bool acked;
	uint16_t window_raw;
	uint8_t ecn;
	uint32_t right;
	uint32_t answers;
	uint32_t budget;
	uint32_t timeout_end; /* what had been sent when the timer expired */
	uint32_t returns;     /* of silent stations, when the flow was last looked at */
	struct sim_packet **withheld;
	uint32_t withheld_head, withheld_tail, withheld_size;
};

struct sim_flow {
	struct snoop_flow flow;
	struct snoop_key key;
	bool exists, done;
	uint64_t born_us, abort_us, forget_us, level_us;
	enum snoop_level level;
	uint32_t generation, box_generation, aborts; /* box: the newest that the box has seen */
	struct sim_sender sender;
	struct sim_receiver receiver;
	struct sim_shadow shadow;
};

struct sim {
	const struct sim_params *params;
	struct sim_result *result;
	struct sim_rng rng;
	uint64_t now_us, order;
	bool failed;
	bool trace; /* SIM_TRACE in the environment: one line per packet at the box */
	struct sim_event *heap;
	uint32_t heap_count, heap_size;
	struct sim_packet **packets;
	uint32_t packet_count, packet_size;
	struct sim_pipe pipes[SIM_PLACES];
	struct sim_flow flows[SIM_FLOWS_MAX];
	void *memory;
	struct snoop_engine *engine;
	struct counters counters;
	uint32_t current; /* flow whose engine call runs; SIM_FLOWS_MAX: the engine's own timer */
	uint64_t timer_ms;
	uint32_t timer_calls;
	struct sim_rng worker_rng;
	uint64_t worker_back_us;   /* end of the worker's last stall */
	uint64_t worker_stall_us;  /* when its next one begins */
	struct sim_event *waiting; /* packets at the box, in order of arrival */
	uint32_t waiting_count, waiting_size;
};

__attribute__((format(printf, 2, 3))) void sim_fail(struct sim *sim, const char *format, ...);
void sim_trace(const struct sim *sim, const char *what, const struct sim_packet *packet);
/** For params->note alone. */
void sim_note(const struct sim *sim, const char *what, const struct sim_packet *packet);
void sim_push(struct sim *sim, uint64_t at_us, enum sim_place place, struct sim_packet *packet);

/* sim_packet.c */
struct sim_packet *sim_packet_new(struct sim *sim, uint32_t flow, bool from_wired,
				  const struct wire_view *view);
/** Finish a packet: frame, parse, checksum. */
void sim_packet_seal(struct sim *sim, struct sim_packet *packet);
void sim_packet_ref(struct sim *sim, struct sim_packet *packet);
void sim_packet_unref(struct sim *sim, struct sim_packet *packet);
void sim_packet_verify(struct sim *sim, struct sim_packet *packet, const char *where);
void sim_packets_free(struct sim *sim);
void sim_pipe_send(struct sim *sim, enum sim_place to, struct sim_packet *packet);

/* sim_sender.c, sim_receiver.c */
void sim_sender_start(struct sim *sim, uint32_t flow);
void sim_sender_input(struct sim *sim, uint32_t flow, struct sim_packet *packet);
uint64_t sim_sender_due_us(const struct sim *sim, uint32_t flow);
void sim_sender_timer(struct sim *sim, uint32_t flow);
void sim_sender_reset(struct sim *sim, uint32_t flow);
void sim_receiver_start(struct sim *sim, uint32_t flow);
void sim_receiver_input(struct sim *sim, uint32_t flow, struct sim_packet *packet);
uint64_t sim_receiver_due_us(const struct sim *sim, uint32_t flow);
void sim_receiver_timer(struct sim *sim, uint32_t flow);
/** Sequence number at the start of a grain of the wired sender. */
uint32_t sim_seq(const struct sim *sim, uint32_t flow, uint32_t grain);
uint32_t sim_grain(const struct sim *sim, uint32_t flow, uint32_t seq);

/* sim_box.c */
void sim_box_init(struct sim *sim);
void sim_box_wired(struct sim *sim, struct sim_packet *packet);
void sim_box_radio(struct sim *sim, struct sim_packet *packet);
uint64_t sim_box_due_us(const struct sim *sim);
void sim_box_timers(struct sim *sim);
void sim_box_forget(struct sim *sim, uint32_t flow);
void sim_box_finish(struct sim *sim);
/** A packet has arrived at the box; it waits while the worker does not run. */
void sim_box_arrive(struct sim *sim, const struct sim_event *event);
/** The worker runs again: it takes what waits, and only then looks at its timers. */
bool sim_box_wakes(struct sim *sim);

/* sim_check.c */
void check_forget(struct sim *sim, uint32_t flow);
void check_deadline(struct sim *sim, uint32_t flow);
void check_data(struct sim *sim, struct sim_packet *packet);
/** Before the engine sees an ACK. @return what the closed list says: NULL if it may be withheld. */
const char *check_ack(struct sim *sim, struct sim_packet *packet);
void check_verdict(struct sim *sim, struct sim_packet *packet, enum snoop_verdict verdict,
		   const char *forbidden);
void check_retransmit(struct sim *sim, struct sim_packet *packet, enum snoop_cause cause);
void check_release(struct sim *sim, struct sim_packet *packet);
void check_drop(struct sim *sim, struct sim_packet *packet);
void check_timer(struct sim *sim, uint32_t flow);
void check_step(struct sim *sim);
/** The store's lists agree with each other. @return NULL or what is wrong. */
const char *check_store(const struct snoop_engine *engine, const struct snoop_flow *flow);

#endif
