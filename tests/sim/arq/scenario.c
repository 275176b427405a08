/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <base/minmax.h>

#include "scenario.h"

#define THIN_FIRST                                                                                 \
	32U /* their flows; thin n has two of these, request and response have one key             \
	     */
#define UDP_FLOW 30U
#define UDP_BYTES 1242U
#define REQUEST_BYTES 120U
#define RESPONSE_BYTES 400U
#define THIN_PERIOD_NS (20 * NS_PER_MS)
#define WARM_UP_NS (500 * NS_PER_MS) /* for the ends to find each other */

enum { KIND_REQUEST = 10, KIND_RESPONSE, KIND_STREAM };

struct net {
	const struct scenario *scenario;
	struct link *link;
	struct quic bulk[BULKS_MAX];
	uint32_t bulks;
	enum arq_class class;
	uint64_t start_ns, end_ns;
	uint64_t udp_sent, udp_got, thin_sent, thin_got;
	struct delays thin, udp, queue;
};

static void add_delay(struct delays *delays, uint64_t ns)
{
	if (delays->count == delays->room) {
		delays->room = delays->room * 2 + 1024;
		delays->us = realloc(delays->us, delays->room * sizeof(uint32_t));
		if (!delays->us)
			abort();
	}
	delays->us[delays->count++] = (uint32_t)(ns / NS_PER_US);
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static uint32_t percentile(struct delays *delays, uint32_t permille)
{
	if (!delays->count)
		return 0;
	qsort(delays->us, delays->count, sizeof(uint32_t), compare);
	return delays->us[(uint64_t)(delays->count - 1) * permille / 1000];
}

static void enter(void *context, void *argument)
{
	struct net *net = context;

	link_send(net->link, argument);
}

/* A host sends: those of side 0 have the wire in front. */
static void host_send(void *context, struct frame *frame)
{
	struct net *net = context;
	struct world *world = &net->link->world;

	if (frame->side == 0)
		world_at(world, world->now_ns + net->scenario->wired_rtt_us * NS_PER_US / 2, enter,
			 net, frame);
	else
		link_send(net->link, frame);
}

static bool is_measured(const struct net *net)
{
	return net->link->world.now_ns >= net->start_ns;
}

/* How much longer than over an empty radio. */
static uint64_t added_ns(const struct net *net, const struct frame *frame)
{
	const struct channel_params *params = &net->link->channel[frame->side].params;
	uint64_t least_ns = params->delay_us * NS_PER_US + channel_time_ns(params, frame->bytes);
	uint64_t took_ns = net->link->world.now_ns - frame->left_ns;

	return took_ns > least_ns ? took_ns - least_ns : 0;
}

static void send_thin(struct net *net, uint32_t flow, uint8_t side, uint32_t kind, uint32_t bytes)
{
	struct frame *frame = link_frame(net->link, side, flow, net->class, bytes);

	frame->flow = flow;
	frame->kind = kind;
	net->thin_sent += is_measured(net);
	host_send(net, frame);
}

static void take_thin(struct net *net, const struct frame *frame)
{
	if (is_measured(net)) {
		add_delay(&net->thin, added_ns(net, frame));
		add_delay(&net->queue, frame->left_ns - frame->born_ns);
		net->thin_got++;
	}
	if (frame->kind == KIND_REQUEST)
		send_thin(net, frame->flow, 1, KIND_RESPONSE, RESPONSE_BYTES);
}

static void thin_event(void *context, void *argument)
{
	struct net *net = context;
	uint32_t flow = (uint32_t)(uintptr_t)argument;
	struct world *world = &net->link->world;

	if (world->now_ns >= net->end_ns)
		return;
	send_thin(net, flow, 0, KIND_REQUEST, REQUEST_BYTES);
	world_at(world, world->now_ns + world_random(world, 2 * THIN_PERIOD_NS), thin_event, net,
		 argument);
}

static void udp_event(void *context, void *argument)
{
	struct net *net = context;
	struct world *world = &net->link->world;
	enum arq_class class = net->scenario->udp_lane ? ARQ_UNORDERED : net->class;
	struct frame *frame = link_frame(net->link, 0, UDP_FLOW, class, UDP_BYTES);

	frame->preferred = net->scenario->prefer_udp;
	frame->flow = UDP_FLOW;
	frame->kind = KIND_STREAM;
	net->udp_sent += is_measured(net);
	host_send(net, frame);
	if (world->now_ns < net->end_ns)
		world_at(world, world->now_ns + UDP_BYTES * 8 * NS_PER_S / net->scenario->udp_bps,
			 udp_event, net, NULL);
}

static void take(struct net *net, const struct frame *frame)
{
	if (frame->flow < BULKS_MAX) {
		quic_receive(&net->bulk[frame->flow], frame);
	} else if (frame->kind == KIND_STREAM) {
		net->udp_got += is_measured(net);
		if (is_measured(net))
			add_delay(&net->udp, added_ns(net, frame));
	} else {
		take_thin(net, frame);
	}
}

static void arrive_late(void *context, void *argument)
{
	struct net *net = context;
	struct frame *frame = argument;

	take(net, frame);
	link_unref(net->link, frame);
}

static void deliver(void *context, uint8_t side, struct frame *frame)
{
	struct net *net = context;
	struct world *world = &net->link->world;

	/* Hosts of side 0 are further away; what measures the delay of the radio is asked at once.
	 * Never within the delivery: a host that answers would call the end again. */
	frame->refs++;
	world_at(world,
		 world->now_ns + (side == 1 || frame->flow >= BULKS_MAX
					  ? 0
					  : net->scenario->wired_rtt_us * NS_PER_US / 2),
		 arrive_late, net, frame);
}

void scenario_defaults(struct scenario *scenario)
{
	*scenario = (struct scenario){
		.seed = 1,
		.mode = SCENARIO_ORDERED,
		.rate_bps = 100000000,
		.rtt_us = 5000,
		.wired_rtt_us = 20000,
		.queue_us = 25000,
		.downs = 1,
		.cc = QUIC_NEWRENO,
		.seconds = 20,
		.skip_seconds = 5,
	};
}

static void set_up_link(const struct scenario *scenario, struct link_params *params)
{
	uint32_t queue_bytes = (uint32_t)(scenario->rate_bps / 8 * scenario->queue_us / 1000000);

	*params = (struct link_params){
		.seed = scenario->seed,
		.mode = scenario->mode == SCENARIO_PLAIN ? BOX_WIRE : BOX_END,
		.own_queue = !scenario->radio_queue,
		.queue_bytes = queue_bytes,
		.codel_target_us = scenario->codel_target_us,
	};
	arq_config_defaults(&params->config);
	/* Without order it is as patient. */
	params->config.persist_rounds[ARQ_UNORDERED] = params->config.persist_rounds[ARQ_ORDERED];
	if (scenario->change)
		scenario->change(&params->config);
	for (int i = 0; i < 2; i++)
		params->channel[i] = (struct channel_params){
			.rate_bps = scenario->rate_bps,
			.delay_us = scenario->rtt_us / 2,
			.queue_bytes = scenario->radio_queue ? queue_bytes : 1000000,
			.loss_ppm = scenario->loss_ppm,
			.burst_mean = 1,
			.fade_us = scenario->fade_us,
			.jitter_us = scenario->jitter_us,
			.jitter_reorders = scenario->jitter_reorders,
			.two_queues = scenario->prefer_udp,
		};
}

static void start_hosts(struct net *net)
{
	const struct scenario *scenario = net->scenario;
	struct world *world = &net->link->world;

	for (uint32_t i = 0; i < scenario->downs + scenario->ups; i++)
		quic_init(&net->bulk[net->bulks++], net->link, i, i >= scenario->downs, net->class,
			  scenario->cc, host_send, net);
	for (uint32_t i = 0; i < scenario->thins; i++)
		world_at(world, world->now_ns + world_random(world, THIN_PERIOD_NS), thin_event,
			 net, (void *)(uintptr_t)(THIN_FIRST + i));
	if (scenario->udp_bps)
		udp_event(net, NULL);
}

/* @return payload of bulk transfers of a side, of what the radio can carry. */
static double share(const struct net *net, uint8_t side, const uint64_t *before)
{
	double payload = 0, limit;

	for (uint32_t i = 0; i < net->bulks; i++)
		if (net->bulk[i].side == side)
			payload += (double)(net->bulk[i].delivered - before[i]) *
				   QUIC_PAYLOAD_BYTES * 8;
	limit = (double)net->scenario->rate_bps * net->scenario->seconds * QUIC_PAYLOAD_BYTES /
		(QUIC_FRAME_BYTES + 24);
	return payload / limit;
}

static void measure(struct net *net, const uint64_t *before, struct scenario_result *result)
{
	const struct arq_counters *sender = &net->link->box[0].counters;
	const struct arq_counters *receiver = &net->link->box[1].counters;
	const struct channel *down = &net->link->channel[0];

	result->share_down = share(net, 0, before);
	result->share_up = share(net, 1, before);
	for (uint32_t i = 0; i < net->bulks; i++) {
		result->quic_losses += net->bulk[i].losses;
		result->quic_spurious += net->bulk[i].spurious;
		result->quic_reductions += net->bulk[i].reductions;
	}
	result->thin_p50_us = percentile(&net->thin, 500);
	result->thin_p99_us = percentile(&net->thin, 990);
	result->thin_max_us = percentile(&net->thin, 1000);
	result->queue_p50_us = percentile(&net->queue, 500);
	result->queue_p99_us = percentile(&net->queue, 990);
	result->udp_p50_us = percentile(&net->udp, 500);
	result->udp_p99_us = percentile(&net->udp, 990);
	result->thin_sent = net->thin_sent;
	/* What was under way at the start was not sent in the measured time. */
	result->thin_lost = net->thin_sent - min_u64(net->thin_sent, net->thin_got);
	result->udp_sent = net->udp_sent;
	result->udp_lost = net->udp_sent - min_u64(net->udp_sent, net->udp_got);
	result->loss_before = (double)down->data_lost / (double)(down->data_frames + 1);
	result->loss_after = (double)(receiver->given_up - receiver->late_originals) /
			     (double)(sender->sent_tagged + 1);
	result->silences = sender->silences + receiver->silences;
	result->tagged = sender->sent_tagged;
	result->retransmits = sender->retransmits;
	result->duplicates = receiver->duplicates + receiver->late_retransmits;
	result->useless_per_frame = (double)result->duplicates / (double)(result->tagged + 1);
	result->bucket_empty = sender->bucket_empty;
	result->given_up = receiver->given_up;
	result->queue_drops = net->link->box[0].queue_drops + down->dropped;
	result->control_share = (double)(receiver->control_bytes + 42 * receiver->controls_sent) *
				8 /
				((double)net->scenario->rate_bps *
				 (net->scenario->seconds + net->scenario->skip_seconds));
}

static void run_until(struct net *net, uint64_t ns)
{
	while (!net->link->why[0] && world_step(&net->link->world, ns))
		;
}

bool scenario_run(const struct scenario *scenario, struct scenario_result *result)
{
	struct net net = {.scenario = scenario,
			  .class = scenario->mode == SCENARIO_UNORDERED ? ARQ_UNORDERED
									: ARQ_ORDERED};
	struct link_params params;
	uint64_t before[BULKS_MAX] = {0}, begin_ns;
	bool good;

	memset(result, 0, sizeof(*result));
	net.link = malloc(sizeof(*net.link));
	if (!net.link)
		abort();
	set_up_link(scenario, &params);
	link_init(net.link, &params, deliver, &net);
	begin_ns = net.link->world.now_ns + WARM_UP_NS;
	net.start_ns = begin_ns + scenario->skip_seconds * NS_PER_S;
	net.end_ns = net.start_ns + scenario->seconds * NS_PER_S;
	run_until(&net, begin_ns);
	start_hosts(&net);
	run_until(&net, net.start_ns);
	for (uint32_t i = 0; i < net.bulks; i++)
		before[i] = net.bulk[i].delivered;
	run_until(&net, net.end_ns);
	measure(&net, before, result);
	for (uint32_t i = 0; i < net.bulks; i++)
		net.bulk[i].closed = true;
	good = link_free(net.link);
	memcpy(result->why, net.link->why, sizeof(result->why));
	for (uint32_t i = 0; i < net.bulks; i++)
		quic_free(&net.bulk[i]);
	free(net.thin.us);
	free(net.udp.us);
	free(net.queue.us);
	free(net.link);
	return good;
}
