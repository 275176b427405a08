/* SPDX-License-Identifier: BSD-3-Clause */
#include "corner.h"

#define PORTS 1000u /* connections of one station */
#define PORT_FIRST 10000u
#define STEP_US 20u
#define WINDOW 10000u /* segments: 100 Gb/s x 1 ms, or 10 Gb/s x 10 ms */
#define SEGMENT 1448u
#define FRAME 1514u
#define HOLE_EVERY 100u
#define STATION_AWAY_US 5000000u

static const struct counters *counters(const struct feed *feed)
{
	return &feed->box->worker->link[0]->counters;
}

/* Since corner_start_counting(). */
#define GREW(feed, field) (counters(feed)->field - (feed)->before.field)

static void put_flow(struct feed *feed, uint32_t flow, enum packet_kind kind, uint32_t seq)
{
	struct packet packet = {
		.station = 1 + flow / PORTS,
		.port = (uint16_t)(PORT_FIRST + flow % PORTS),
		.to_station = kind == PACKET_DATA,
		.kind = kind,
		.seq = kind == PACKET_DATA ? seq : 1,
		.ack = kind == PACKET_DATA ? 1 : seq,
		.tsval = (uint32_t)(feed->now_us / 1000),
		.tsecr = (uint32_t)(feed->now_us / 1000),
	};

	corner_put(feed, &packet);
}

/* An ACK of a flow with one SACK block. */
static void put_sack(struct feed *feed, uint32_t flow, uint32_t ack, uint32_t start, uint32_t end)
{
	struct packet packet = {
		.station = 1 + flow / PORTS,
		.port = (uint16_t)(PORT_FIRST + flow % PORTS),
		.kind = PACKET_ACK,
		.seq = 1,
		.ack = ack,
		.tsval = (uint32_t)(feed->now_us / 1000),
		.sack_count = 1,
		.sack = {{start, end}},
	};

	corner_put(feed, &packet);
}

/* One segment and its ACK: the box knows both directions and the round trip. */
static void establish(struct feed *feed, uint32_t flows)
{
	for (uint32_t flow = 0; flow < flows; flow++)
		put_flow(feed, flow, PACKET_DATA, 1);
	corner_turn(feed);
	feed->now_us += 5000;
	for (uint32_t flow = 0; flow < flows; flow++)
		put_flow(feed, flow, PACKET_ACK, 1 + packet_payload_bytes(feed->frame_bytes));
	corner_turn(feed);
	feed->now_us += 100;
	corner_turn(feed);
}

/* The whole window of one established flow, as fast as it comes. */
static void fill_window(struct feed *feed, uint32_t window)
{
	for (uint32_t i = 0; i < window; i++) {
		put_flow(feed, 0, PACKET_DATA, 1 + (1 + i) * SEGMENT);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	corner_turn(feed);
}

static void let_pass(struct feed *feed, uint64_t us, uint32_t step_us)
{
	for (uint64_t end_us = feed->now_us + us; feed->now_us < end_us; feed->now_us += step_us)
		corner_turn(feed);
}

/* One ACK for all that was sent: it is taken in portions, and in the end nothing is cached. */
static void acknowledge_all(struct feed *feed, uint32_t window)
{
	feed->now_us += 4;
	put_flow(feed, 0, PACKET_ACK, 1 + (1 + window) * SEGMENT);
	corner_turn(feed);
	let_pass(feed, 20000, STEP_US);
	corner_want(feed, counters(feed)->cache_segments == 0,
		    "what is acknowledged is still cached");
}

/* The radio goes dead in the same moment for all of them. */
static void time_outs(struct feed *feed)
{
	uint32_t payload = packet_payload_bytes(feed->frame_bytes);
	uint32_t flows = corner_scale(feed, 10000);

	establish(feed, flows);
	for (uint32_t i = 1; i <= 2; i++)
		for (uint32_t flow = 0; flow < flows; flow++)
			put_flow(feed, flow, PACKET_DATA, 1 + i * payload);
	corner_turn(feed);
	corner_start_counting(feed);
	let_pass(feed, 300000, STEP_US);
	corner_want(feed, GREW(feed, timeouts) >= flows && GREW(feed, retransmits_timeout) > 0,
		    "not every connection has timed out");
}

/* Every hundredth segment lost, an ACK with three blocks for each that came. */
static void sack_blocks(struct feed *feed)
{
	uint32_t window = corner_scale(feed, WINDOW), first = 1 + SEGMENT;

	establish(feed, 1);
	fill_window(feed, window);
	feed->now_us += 5000;
	corner_start_counting(feed);
	for (uint32_t i = 1; i < window; i++) {
		uint32_t block = i / HOLE_EVERY, start = block * HOLE_EVERY + 1;
		struct packet ack = {
			.station = 1,
			.port = PORT_FIRST,
			.kind = PACKET_ACK,
			.seq = 1,
			.ack = first,
			.tsval = (uint32_t)(feed->now_us / 1000),
		};

		if (i % HOLE_EVERY == 0)
			continue;
		for (uint32_t b = 0; b < PACKET_SACK_MAX && b <= block; b++) {
			ack.sack[b].start = first + (start - b * HOLE_EVERY) * SEGMENT;
			ack.sack[b].end =
				first + (b == 0 ? i + 1 : (block - b + 1) * HOLE_EVERY) * SEGMENT;
			ack.sack_count++;
		}
		corner_put(feed, &ack);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	corner_turn(feed);
	corner_want(feed, GREW(feed, retransmits_scoreboard) >= window / HOLE_EVERY,
		    "the losses were not found");
	acknowledge_all(feed, window);
}

/*
 * Blocks of one byte, which SACK nothing: in turns at both ends of the window, and somewhere in its
 * middle, where nothing is near.
 */
static void sack_nothing(struct feed *feed)
{
	uint32_t window = corner_scale(feed, WINDOW), first = 1 + SEGMENT;

	establish(feed, 1);
	fill_window(feed, window);
	feed->now_us += 5000;
	corner_start_counting(feed);
	for (uint32_t i = 0; i < 2 * window; i++) {
		uint32_t places[] = {i & 1 ? window - 2 : 2, window / 4 + i % (window / 2),
				     i & 1 ? 3 : window - 3};
		struct packet ack = {
			.station = 1,
			.port = PORT_FIRST,
			.kind = PACKET_ACK,
			.seq = 1,
			.ack = first,
			.tsval = (uint32_t)(feed->now_us / 1000),
			.sack_count = RTE_DIM(places),
		};

		for (uint32_t b = 0; b < RTE_DIM(places); b++) {
			ack.sack[b].start = first + places[b] * SEGMENT;
			ack.sack[b].end = ack.sack[b].start + 1;
		}
		corner_put(feed, &ack);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	corner_turn(feed);
	corner_want(feed,
		    GREW(feed, acks_seen) >= 2 * window && GREW(feed, retransmits_scoreboard) == 0,
		    "the blocks SACKed something");
	acknowledge_all(feed, window);
}

/* The holes were there when the data arrived: the sender fills them, behind what the station has.
 */
static void upstream(struct feed *feed)
{
	uint32_t window = corner_scale(feed, WINDOW), first = 1 + SEGMENT;

	establish(feed, 1);
	for (uint32_t i = 0; i < window; i++) {
		if (i % HOLE_EVERY == 0)
			continue;
		put_flow(feed, 0, PACKET_DATA, first + i * SEGMENT);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	corner_turn(feed);
	feed->now_us += 5000;
	for (uint32_t i = 1; i < window; i++) {
		uint32_t start = i / HOLE_EVERY * HOLE_EVERY + 1;

		if (i % HOLE_EVERY != 0)
			put_sack(feed, 0, first, first + start * SEGMENT,
				 first + (i + 1) * SEGMENT);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	corner_turn(feed);
	corner_start_counting(feed);
	/* The last first: each has the most to pass on its way to its place. */
	for (uint32_t i = window / HOLE_EVERY; i-- > 0;) {
		put_flow(feed, 0, PACKET_DATA, first + i * HOLE_EVERY * SEGMENT);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	corner_turn(feed);
	corner_want(feed,
		    counters(feed)->upstream_holes >= window / HOLE_EVERY - 1 &&
			    GREW(feed, cached_segments_total) == window / HOLE_EVERY,
		    "the sender did not fill holes");
	acknowledge_all(feed, window);
}

/*
 * The sender begins again at the head of its window. No SACK was seen and its timestamps have not
 * moved, which makes the search for segments that a retransmit would make stale the longest.
 */
static void go_back_n(struct feed *feed)
{
	uint32_t window = corner_scale(feed, WINDOW);
	struct packet again = {
		.station = 1,
		.port = PORT_FIRST,
		.to_station = true,
		.kind = PACKET_DATA,
		.ack = 1,
	};

	establish(feed, 1);
	fill_window(feed, window);
	again.tsval = again.tsecr = (uint32_t)(feed->now_us / 1000);
	feed->now_us += 5000; /* sooner than a round trip it would be the wire's duplicate */
	corner_start_counting(feed);
	for (uint32_t i = 0; i < window; i++) {
		again.seq = 1 + (1 + i) * SEGMENT;
		corner_put(feed, &again);
	}
	corner_turn(feed);
	corner_want(feed, GREW(feed, sender_retransmits) == window,
		    "the sender did not retransmit");
	acknowledge_all(feed, window);
}

/* It was away with a full window on the air, and everything in it was lost. */
static void station_returns(struct feed *feed)
{
	uint32_t window = corner_scale(feed, WINDOW);

	establish(feed, 1);
	fill_window(feed, window);
	let_pass(feed, STATION_AWAY_US, 1000);
	corner_want(feed, counters(feed)->station_silences == 1, "the station is not silent");
	corner_start_counting(feed);
	/* A probe has reached it. */
	put_flow(feed, 0, PACKET_ACK, 1 + 2 * SEGMENT);
	corner_turn(feed);
	let_pass(feed, 20000, STEP_US);
	corner_want(feed, GREW(feed, station_returns) == 1, "the station has not returned");
	acknowledge_all(feed, window);
}

/* The port of a full window is used for another connection: the flow goes. */
static void resets(struct feed *feed)
{
	struct packet syn = {
		.station = 1, .port = PORT_FIRST, .to_station = true, .kind = PACKET_SYN, .seq = 1};

	establish(feed, 1);
	fill_window(feed, corner_scale(feed, WINDOW));
	corner_start_counting(feed);
	corner_put(feed, &syn);
	let_pass(feed, 20000, STEP_US);
	corner_want(feed, counters(feed)->cache_segments == 0,
		    "a connection that is gone is still cached");
}

/* Connection requests from both sides, each with another port; no table entry for any. */
static void syn_flood(struct feed *feed)
{
	for (uint32_t i = 0; i < corner_scale(feed, 2000000); i++) {
		struct packet syn = {
			.station = 1 + i % 50000,
			.port = (uint16_t)(i * 7 % 60000),
			.to_station = i & 1,
			.kind = PACKET_SYN,
			.seq = i,
		};

		corner_put(feed, &syn);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 3;
	}
	corner_turn(feed);
	corner_want(feed, counters(feed)->flows_created == 0, "a bare SYN made a flow");
}

/* One segment and its ACK each, forgotten after idle_us. */
static void churn(struct feed *feed)
{
	uint32_t flows = corner_scale(feed, 2000000), alive = corner_scale(feed, 600000);
	uint32_t behind = corner_scale(feed, 5000);

	for (uint32_t i = 0; i < flows; i++) {
		put_flow(feed, i, PACKET_DATA, 1);
		if (i >= behind)
			put_flow(feed, i - behind, PACKET_ACK, 1 + SEGMENT);
		feed->now_us += 2 * feed->divisor;
		if (i == alive)
			corner_start_counting(feed); /* from here on as many go as come */
	}
	corner_turn(feed);
	corner_want(feed, counters(feed)->pass_table_full == 0,
		    "ageing did not keep up with new flows");
	corner_want(feed, GREW(feed, flows_expired) > (flows - alive) / 2,
		    "flows were not forgotten");
}

/* They fall asleep and are forgotten. */
static void ageing(struct feed *feed)
{
	uint32_t flows = corner_scale(feed, 1000000);

	establish(feed, flows);
	corner_start_counting(feed);
	let_pass(feed, 4000000, 100);
	corner_want(feed, GREW(feed, flows_expired) == flows && counters(feed)->flows_active == 0,
		    "not every idle flow was forgotten");
}

/* A cache far smaller than the windows: most segments find no room. */
static void no_room(struct feed *feed)
{
	uint32_t payload = packet_payload_bytes(feed->frame_bytes), flows = corner_scale(feed, 500);

	establish(feed, flows);
	for (uint32_t i = 1; i < 1000; i++) {
		for (uint32_t flow = 0; flow < flows; flow++)
			put_flow(feed, flow, PACKET_DATA, 1 + i * payload);
		feed->now_us += 100;
		if (i == 8)
			corner_start_counting(feed);
		if (i > 8)
			for (uint32_t flow = 0; flow < flows; flow++)
				put_flow(feed, flow, PACKET_ACK, 1 + (i - 8) * payload);
	}
	corner_turn(feed);
	corner_want(feed, GREW(feed, pass_cache_full) > GREW(feed, data_segments) / 2,
		    "the cache was large enough");
}

/*
 * The cache is full of what stations have SACKed, behind holes that their senders do not fill:
 * every segment pushes one of them out.
 */
static void full_cache(struct feed *feed)
{
	uint32_t payload = packet_payload_bytes(feed->frame_bytes),
		 flows = corner_scale(feed, 2000);
	uint32_t rounds = 100, full = 8, hole = 1 + payload;

	establish(feed, flows);
	for (uint32_t i = 1; i < rounds; i++) {
		if (i == full)
			corner_start_counting(feed);
		for (uint32_t flow = 0; flow < flows; flow++)
			put_flow(feed, flow, PACKET_DATA, hole + i * payload);
		feed->now_us += 100;
		for (uint32_t flow = 0; flow < flows; flow++)
			put_sack(feed, flow, hole, hole + payload, hole + (i + 1) * payload);
	}
	corner_turn(feed);
	corner_want(feed, GREW(feed, cache_evictions) == GREW(feed, data_segments),
		    "a segment pushed nothing out");
}

const struct corner corners[] = {
	{"time-outs", "10,000 flows time out in the same millisecond", time_outs, 16384, 65536, 256,
	 0},
	{"sack", "3 SACK blocks over a 10,000-segment window, 1 % lost", sack_blocks, 1024, 16384,
	 FRAME, 0},
	{"sack-nothing", "SACK blocks of one byte at both ends of 10,000 segments", sack_nothing,
	 1024, 16384, FRAME, 0},
	{"upstream", "the sender fills holes between 10,000 SACKed segments", upstream, 1024, 16384,
	 FRAME, 0},
	{"go-back-n", "the sender retransmits a window of 10,000 segments", go_back_n, 1024, 16384,
	 FRAME, 0},
	{"station-returns", "a station comes back from silence to 10,000 segments", station_returns,
	 1024, 16384, FRAME, 0},
	{"reset", "a connection with 10,000 segments is replaced by a new one", resets, 1024, 16384,
	 FRAME, 0},
	{"syn-flood", "nothing but SYNs, both sides", syn_flood, 65536, 1024, 128, 0},
	{"churn", "500,000 new flows a second", churn, 1u << 20, 65536, FRAME, 1000000},
	{"ageing", "a million idle flows are forgotten", ageing, 1u << 20, 1u << 20, 256, 1000000},
	{"no-room", "a cache of a fifth of what is on the air", no_room, 1024, 800, 256, 0},
	{"full-cache", "every segment pushes out one that is SACKed", full_cache, 4096, 14000, 256,
	 0},
};
const uint32_t corner_count = RTE_DIM(corners);
