/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <stdlib.h>

#include "packet.h"

#define PORT_FIRST 10000u
#define DELAYED_ACK_US 40000u
#define SENDER_RTO_US 200000u
#define US_PER_MS 1000u
#define NS_PER_US 1000u
#define START_SEQ 1000u
#define START_NS 1000000000u
#define DELAYED_SPARE                                                                              \
	(1u << 20) /* delayed ACKs that were overtaken stay queued until their time                \
		    */

struct flow {
	/* The sender; segments are counted, not bytes. */
	uint32_t next, una;
	/* The station. */
	uint32_t expected; /* the first segment that is missing */
	uint32_t ts_recent;
	uint64_t behind;  /* bit i: segment expected + 1 + i is there */
	uint32_t delayed; /* arrived in order and not acknowledged yet */
	uint16_t newest;  /* bit of `behind` that was set last */
	bool queued;	  /* in the queue of senders that may send */
	bool timer;	  /* an RTO entry is on its way */
};

/* What happens later: ACKs on the air, delayed ACKs, time-outs. Each queue is in order of time. */
struct event {
	uint64_t time_us;
	uint64_t behind;
	uint32_t flow, mark; /* mark: the segment that the event is about */
	uint32_t tsecr;
	uint16_t newest;
	bool duplicate; /* answers a segment that had arrived before */
};

struct queue {
	struct event *events;
	uint32_t mask, head, tail;
};

struct traffic {
	struct traffic_setup setup;
	struct traffic_stats stats;
	struct flow *flows;
	struct queue air, delayed, timeouts;
	uint32_t *ready; /* senders that have room in their window */
	uint32_t ready_mask, ready_head, ready_tail;
	uint32_t payload_bytes;
	uint64_t now_ns;
	uint64_t random;
};

static int queue_create(struct queue *queue, uint64_t entries)
{
	uint32_t size = 1024;

	while (size < entries)
		size *= 2;
	queue->events = calloc(size, sizeof(*queue->events));
	queue->mask = size - 1;
	return queue->events == NULL ? -1 : 0;
}

static void queue_put(struct queue *queue, const struct event *event)
{
	if (queue->tail - queue->head > queue->mask)
		abort(); /* sized for all that can be under way */
	queue->events[queue->tail++ & queue->mask] = *event;
}

static const struct event *queue_first(const struct queue *queue)
{
	return queue->head == queue->tail ? NULL : &queue->events[queue->head & queue->mask];
}

static uint64_t now_us(const struct traffic *traffic)
{
	return traffic->now_ns / NS_PER_US;
}

/* xorshift64: the same sequence on every machine. @return 0 .. below - 1 */
static uint32_t draw(struct traffic *traffic, uint32_t below)
{
	traffic->random ^= traffic->random << 13;
	traffic->random ^= traffic->random >> 7;
	traffic->random ^= traffic->random << 17;
	return (uint32_t)((traffic->random >> 32) * below >> 32);
}

static bool is_lost(struct traffic *traffic)
{
	return draw(traffic, 1000000) < traffic->setup.loss_ppm;
}

static void make_ready(struct traffic *traffic, uint32_t index)
{
	struct flow *flow = &traffic->flows[index];

	if (flow->queued || flow->next - flow->una >= traffic->setup.window)
		return;
	flow->queued = true;
	traffic->ready[traffic->ready_tail++ & traffic->ready_mask] = index;
}

/* In no order that the CPU's prefetchers could learn. */
static void shuffle(struct traffic *traffic)
{
	for (uint32_t i = traffic->ready_tail - 1; i > 0; i--) {
		uint32_t other = draw(traffic, i + 1), swap = traffic->ready[i];

		traffic->ready[i] = traffic->ready[other];
		traffic->ready[other] = swap;
	}
}

struct traffic *traffic_create(const struct traffic_setup *setup)
{
	struct traffic *traffic = calloc(1, sizeof(*traffic));
	uint64_t segments = (uint64_t)setup->flows * (setup->window + 2);

	if (traffic == NULL)
		return NULL;
	traffic->setup = *setup;
	traffic->payload_bytes = packet_payload_bytes(setup->frame_bytes);
	traffic->random = 0x9e3779b97f4a7c15ull + setup->seed;
	traffic->now_ns = START_NS;
	traffic->flows = calloc(setup->flows, sizeof(*traffic->flows));
	traffic->ready_mask = (uint32_t)rte_align32pow2(setup->flows + 1) - 1;
	traffic->ready = calloc(traffic->ready_mask + 1ull, sizeof(*traffic->ready));
	if (traffic->flows == NULL || traffic->ready == NULL ||
	    queue_create(&traffic->air, 2 * segments) != 0 ||
	    queue_create(&traffic->delayed, segments + DELAYED_SPARE) != 0 ||
	    queue_create(&traffic->timeouts, setup->flows) != 0) {
		traffic_destroy(traffic);
		return NULL;
	}
	for (uint32_t i = 0; i < setup->flows; i++)
		make_ready(traffic, i);
	shuffle(traffic);
	return traffic;
}

void traffic_destroy(struct traffic *traffic)
{
	free(traffic->flows);
	free(traffic->ready);
	free(traffic->air.events);
	free(traffic->delayed.events);
	free(traffic->timeouts.events);
	free(traffic);
}

const struct traffic_stats *traffic_stats(const struct traffic *traffic)
{
	return &traffic->stats;
}

static void address(const struct traffic *traffic, uint32_t index, struct packet *packet)
{
	packet->station = 1 + index % traffic->setup.stations;
	packet->port = (uint16_t)(PORT_FIRST + index / traffic->setup.stations);
}

static uint32_t flow_of(const struct traffic *traffic, const struct packet *packet)
{
	return (packet->port - PORT_FIRST) * traffic->setup.stations + packet->station - 1;
}

static uint32_t seq_of(const struct traffic *traffic, uint32_t segment)
{
	return START_SEQ + segment * traffic->payload_bytes;
}

static void write_data(struct traffic *traffic, uint32_t index, uint32_t segment,
		       struct rte_mbuf *mbuf)
{
	struct flow *flow = &traffic->flows[index];
	struct packet packet = {
		.to_station = true,
		.kind = PACKET_DATA,
		.seq = seq_of(traffic, segment),
		.ack = 1,
		.tsval = (uint32_t)(now_us(traffic) / US_PER_MS),
		.tsecr = flow->ts_recent,
	};

	address(traffic, index, &packet);
	packet_write(mbuf, &packet, traffic->setup.frame_bytes);
	traffic->now_ns += traffic->setup.packet_ns;
	traffic->stats.data++;
	if (!flow->timer) {
		flow->timer = true;
		queue_put(&traffic->timeouts, &(struct event){
						      .time_us = now_us(traffic) + SENDER_RTO_US,
						      .flow = index,
						      .mark = flow->una,
					      });
	}
}

/* RFC 2018: the block with the newest segment first, then the others, lowest first. */
static void put_sack(const struct traffic *traffic, const struct event *event,
		     struct packet *packet)
{
	uint64_t left = event->behind;
	uint32_t base = event->mark + 1, at, end;

	if (event->duplicate) {
		packet->sack[0].start = seq_of(traffic, event->mark - 1);
		packet->sack[0].end = seq_of(traffic, event->mark);
		packet->sack_count = 1;
	}
	at = event->newest;
	while (left != 0 && packet->sack_count < PACKET_SACK_MAX) {
		if (!(left >> at & 1))
			at = (uint32_t)__builtin_ctzll(left);
		while (at > 0 && left >> (at - 1) & 1)
			at--;
		for (end = at; end < 64 && left >> end & 1; end++)
			left &= ~(1ull << end);
		packet->sack[packet->sack_count].start = seq_of(traffic, base + at);
		packet->sack[packet->sack_count++].end = seq_of(traffic, base + end);
		at = 0;
	}
}

static void write_ack(struct traffic *traffic, const struct event *event, struct rte_mbuf *mbuf)
{
	struct packet packet = {
		.kind = PACKET_ACK,
		.seq = 1,
		.ack = seq_of(traffic, event->mark),
		.tsval = (uint32_t)(now_us(traffic) / US_PER_MS),
		.tsecr = event->tsecr,
	};

	address(traffic, event->flow, &packet);
	put_sack(traffic, event, &packet);
	packet_write(mbuf, &packet, traffic->setup.frame_bytes);
	traffic->stats.acks++;
}

static void send_ack(struct traffic *traffic, uint32_t index, bool duplicate, uint64_t time_us)
{
	struct flow *flow = &traffic->flows[index];

	flow->delayed = 0;
	queue_put(&traffic->air, &(struct event){
					 .time_us = time_us,
					 .flow = index,
					 .mark = flow->expected,
					 .behind = flow->behind,
					 .newest = flow->newest,
					 .duplicate = duplicate,
					 .tsecr = flow->ts_recent,
				 });
}

/* A segment has arrived at its station. Its ACK reaches the box one round trip after the segment
 * left it. */
static void receive_data(struct traffic *traffic, uint32_t index, const struct packet *packet)
{
	struct flow *flow = &traffic->flows[index];
	uint32_t segment = (packet->seq - START_SEQ) / traffic->payload_bytes;
	uint32_t ahead = segment - flow->expected;
	uint64_t answer_us = now_us(traffic) + traffic->setup.radio_rtt_us;
	bool filled = flow->behind != 0;

	if (ahead > 64 || (ahead > 0 && flow->behind >> (ahead - 1) & 1)) {
		traffic->stats.duplicates++;
		send_ack(traffic, index, true, answer_us);
		return;
	}
	if (ahead > 0) {
		flow->newest = (uint16_t)(ahead - 1);
		flow->behind |= 1ull << flow->newest;
		send_ack(traffic, index, false, answer_us);
		return;
	}
	flow->ts_recent = packet->tsval;
	flow->expected++;
	while (flow->behind & 1) {
		flow->behind >>= 1;
		flow->expected++;
	}
	flow->behind >>= 1;
	if (filled || ++flow->delayed >= 2)
		send_ack(traffic, index, false, answer_us);
	else
		queue_put(&traffic->delayed, &(struct event){.time_us = answer_us + DELAYED_ACK_US,
							     .flow = index,
							     .mark = flow->expected});
}

static void receive_ack(struct traffic *traffic, uint32_t index, const struct packet *packet)
{
	struct flow *flow = &traffic->flows[index];
	uint32_t acked = (packet->ack - START_SEQ) / traffic->payload_bytes;

	if ((int32_t)(acked - flow->una) > 0)
		flow->una = acked;
	make_ready(traffic, index);
}

void traffic_deliver(struct traffic *traffic, const struct rte_mbuf *mbuf)
{
	struct packet packet;

	packet_read(mbuf, &packet);
	if (!packet.to_station)
		receive_ack(traffic, flow_of(traffic, &packet), &packet);
	else if (is_lost(traffic))
		traffic->stats.lost++;
	else
		receive_data(traffic, flow_of(traffic, &packet), &packet);
}

static void expire_delayed(struct traffic *traffic)
{
	const struct event *event;

	while ((event = queue_first(&traffic->delayed)) != NULL &&
	       event->time_us <= now_us(traffic)) {
		struct flow *flow = &traffic->flows[event->flow];

		if (flow->delayed > 0 && flow->expected == event->mark)
			send_ack(traffic, event->flow, false, event->time_us);
		traffic->delayed.head++;
	}
}

/* @return true and the flow whose head of line is to be retransmitted. */
static bool expire_timeout(struct traffic *traffic, uint32_t *index)
{
	const struct event *event;

	while ((event = queue_first(&traffic->timeouts)) != NULL &&
	       event->time_us <= now_us(traffic)) {
		struct flow *flow = &traffic->flows[event->flow];
		bool stuck = flow->una == event->mark && flow->next != flow->una;

		*index = event->flow;
		traffic->timeouts.head++;
		flow->timer = false;
		if (stuck)
			return true;
		if (flow->next != flow->una) {
			flow->timer = true;
			queue_put(&traffic->timeouts,
				  &(struct event){.time_us = now_us(traffic) + SENDER_RTO_US,
						  .flow = *index,
						  .mark = flow->una});
		}
	}
	return false;
}

/* Nothing to send and nothing on its way: on to the next event. */
static void skip_idle(struct traffic *traffic)
{
	const struct queue *queues[] = {&traffic->air, &traffic->delayed, &traffic->timeouts};
	uint64_t next_us = UINT64_MAX;

	for (uint32_t i = 0; i < RTE_DIM(queues); i++)
		if (queue_first(queues[i]) != NULL)
			next_us = RTE_MIN(next_us, queue_first(queues[i])->time_us);
	if (next_us != UINT64_MAX && next_us > now_us(traffic))
		traffic->now_ns = next_us * NS_PER_US;
}

void traffic_set_clock(struct traffic *traffic, uint64_t ns)
{
	traffic->now_ns = START_NS + ns;
}

uint32_t traffic_next(struct traffic *traffic, struct rte_mbuf **buffers,
		      struct traffic_burst *burst)
{
	const struct event *event;
	uint32_t used = 0, index;
	struct flow *flow;
	bool room;

	burst->data_count = burst->ack_count = 0;
	if (traffic->ready_head == traffic->ready_tail && traffic->setup.packet_ns > 0)
		skip_idle(traffic);
	expire_delayed(traffic);
	while (burst->data_count < TRAFFIC_BURST && expire_timeout(traffic, &index)) {
		write_data(traffic, index, traffic->flows[index].una, buffers[used]);
		burst->data[burst->data_count++] = buffers[used++];
		traffic->stats.sender_retransmits++;
	}
	while (burst->data_count < TRAFFIC_BURST && traffic->ready_head != traffic->ready_tail) {
		index = traffic->ready[traffic->ready_head & traffic->ready_mask];
		write_data(traffic, index, traffic->flows[index].next++, buffers[used]);
		burst->data[burst->data_count++] = buffers[used++];
		/* In pairs: one ACK makes room for two. The first window is spread out as well. */
		flow = &traffic->flows[index];
		room = flow->next - flow->una < traffic->setup.window;
		if (room && flow->next & 1)
			continue;
		flow->queued = false;
		traffic->ready_head++;
		make_ready(traffic, index);
	}
	while (burst->ack_count < TRAFFIC_BURST && (event = queue_first(&traffic->air)) != NULL &&
	       event->time_us <= now_us(traffic)) {
		write_ack(traffic, event, buffers[used]);
		burst->ack[burst->ack_count++] = buffers[used++];
		traffic->air.head++;
	}
	burst->now_us = now_us(traffic);
	return used;
}
