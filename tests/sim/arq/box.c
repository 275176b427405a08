/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"

#define CODEL_INTERVAL_NS (100 * NS_PER_MS)
#define PACE_PERMILLE 1003 /* a little slower than the radio, whose queue stays empty */

static void poll(struct box *box);
static void kick(struct box *box);

static struct frame *take_data(struct box *box)
{
	struct frame *frame = box->head;

	if (!frame)
		return NULL;
	box->head = frame->next;
	if (!frame->next)
		box->tail = &box->head;
	box->queued_bytes -= frame->bytes;
	return frame;
}

/* RFC 8289 section 4.4: is it time to drop? */
static bool codel_ok_to_drop(struct box *box, const struct frame *frame)
{
	uint64_t now_ns = box->link->world.now_ns;
	uint64_t sojourn_ns = now_ns - frame->born_ns;

	if (sojourn_ns < box->link->params.codel_target_us * NS_PER_US ||
	    box->queued_bytes < 1514) {
		box->above_ns = 0;
		return false;
	}
	if (!box->above_ns)
		box->above_ns = now_ns + CODEL_INTERVAL_NS;
	return now_ns >= box->above_ns;
}

static uint64_t codel_next(const struct box *box, uint64_t at_ns)
{
	return at_ns + (uint64_t)(CODEL_INTERVAL_NS / sqrt(box->drop_count));
}

static struct frame *drop(struct box *box, struct frame *frame, bool *ok_to_drop)
{
	box->queue_drops++;
	link_unref(box->link, frame);
	frame = take_data(box);
	*ok_to_drop = frame && codel_ok_to_drop(box, frame);
	return frame;
}

/* RFC 8289 section 5.5 */
static struct frame *take_by_codel(struct box *box)
{
	uint64_t now_ns = box->link->world.now_ns;
	struct frame *frame = take_data(box);
	bool ok_to_drop = frame && codel_ok_to_drop(box, frame);

	if (!box->link->params.codel_target_us)
		return frame;
	if (box->dropping && !ok_to_drop)
		box->dropping = false;
	while (box->dropping && now_ns >= box->drop_next_ns && frame) {
		frame = drop(box, frame, &ok_to_drop);
		box->drop_count++;
		if (!ok_to_drop)
			box->dropping = false;
		else
			box->drop_next_ns = codel_next(box, box->drop_next_ns);
	}
	if (!box->dropping && ok_to_drop && frame) {
		uint32_t delta = box->drop_count - box->drop_count_before;

		frame = drop(box, frame, &ok_to_drop);
		box->dropping = true;
		box->drop_count = delta > 1 && now_ns < box->drop_next_ns + 16 * CODEL_INTERVAL_NS
					  ? delta
					  : 1;
		box->drop_next_ns = codel_next(box, now_ns);
		box->drop_count_before = box->drop_count;
	}
	return frame;
}

/* Number a frame, or send it as it is. @return what goes to the radio. */
static struct signal *number(struct box *box, struct frame *frame)
{
	struct arq_packet packet = {.handle = frame,
				    .frame_bytes = frame->bytes,
				    .key = frame->key,
				    .class = frame->class};
	struct arq_tag tag;
	struct signal *signal;

	frame->left_ns = box->link->world.now_ns;
	if (box->mode == BOX_END &&
	    arq_send(box->end, &packet, world_us(&box->link->world), &tag) == ARQ_SEND_TAGGED) {
		frame->tagged = true;
		signal = link_signal(box->link, frame, &tag);
	} else {
		signal = link_signal(box->link, frame, NULL);
	}
	link_unref(box->link, frame);
	return signal;
}

static struct signal *take_next(struct box *box)
{
	struct signal *signal = box->urgent_head;
	struct frame *frame;

	if (signal) {
		box->urgent_head = signal->next;
		if (!signal->next)
			box->urgent_tail = &box->urgent_head;
		return signal;
	}
	frame = take_by_codel(box);
	return frame ? number(box, frame) : NULL;
}

static void kick_event(void *context, void *argument)
{
	struct box *box = context;

	if (box->kick_ns != box->link->world.now_ns)
		return;
	box->kick_ns = 0;
	kick(box);
	poll(box);
}

/* Send what the radio has time for. */
static void kick(struct box *box)
{
	struct link *link = box->link;
	struct channel *channel = &link->channel[box->side];

	while (link->world.now_ns >= box->free_ns) {
		struct signal *signal = take_next(box);

		if (!signal)
			return;
		box->free_ns =
			link->world.now_ns +
			channel_time_ns(&channel->params, signal->bytes) * PACE_PERMILLE / 1000;
		channel_send(channel, signal);
	}
	if (!box->kick_ns && (box->head || box->urgent_head)) {
		box->kick_ns = box->free_ns;
		world_at(&link->world, box->free_ns, kick_event, box, NULL);
	}
}

/* Of what the end sends itself. */
static void send_urgent(struct box *box, struct signal *signal)
{
	if (!box->link->params.own_queue) {
		channel_send(&box->link->channel[box->side], signal);
		return;
	}
	signal->next = NULL;
	*box->urgent_tail = signal;
	box->urgent_tail = &signal->next;
	kick(box);
}

static void *op_keep(void *owner, void *handle)
{
	((struct frame *)handle)->refs++;
	return handle;
}

static void op_unref(void *owner, void *handle)
{
	link_unref(((struct box *)owner)->link, handle);
}

static void op_retransmit(void *owner, void *handle, const struct arq_tag *tag)
{
	struct box *box = owner;

	send_urgent(box, link_signal(box->link, handle, tag));
}

static void op_control(void *owner, const uint8_t *payload, uint32_t bytes, uint32_t frame_bytes)
{
	struct box *box = owner;
	struct signal *signal = calloc(1, sizeof(*signal));
	uint32_t least = bytes + 14 < 60 ? 60 : bytes + 14;

	if (!signal)
		abort();
	*signal = (struct signal){
		.bytes = frame_bytes > least ? frame_bytes : least,
		.data_bytes = bytes,
		.control = true,
		.owner = box->link,
	};
	memcpy(signal->data, payload, bytes);
	send_urgent(box, signal);
}

static void op_deliver(void *owner, void *handle)
{
	struct box *box = owner;

	link_deliver(box->link, box->side, handle);
}

static const struct arq_ops ops = {op_keep, op_unref, op_retransmit, op_control, op_deliver};

static void timer_event(void *context, void *argument)
{
	struct box *box = context;

	if (box->timer_ns != box->link->world.now_ns)
		return;
	box->timer_ns = UINT64_MAX;
	poll(box);
}

/* What is due now, and the next timer. */
static void poll(struct box *box)
{
	struct world *world = &box->link->world;
	uint64_t due_ns;

	if (box->mode != BOX_END)
		return;
	for (uint32_t i = 0; arq_deadline_us(box->end) <= world_us(world); i++) {
		if (i == 100) {
			strcpy(box->link->why, "the end is never satisfied");
			return;
		}
		arq_timer(box->end, world_us(world));
	}
	due_ns = arq_deadline_us(box->end) * NS_PER_US;
	if (due_ns < box->timer_ns) {
		box->timer_ns = due_ns;
		world_at(world, due_ns, timer_event, box, NULL);
	}
}

void box_send(struct box *box, struct frame *frame)
{
	const struct link_params *params = &box->link->params;

	if (!params->own_queue) {
		channel_send(&box->link->channel[box->side], number(box, frame));
	} else if (box->queued_bytes + frame->bytes > params->queue_bytes) {
		box->queue_drops++;
		link_unref(box->link, frame);
	} else {
		frame->next = NULL;
		*box->tail = frame;
		box->tail = &frame->next;
		box->queued_bytes += frame->bytes;
		kick(box);
	}
	poll(box);
}

/* What these count is outside of the promise. */
static uint64_t excuses(const struct arq_counters *counters)
{
	return counters->late_originals + counters->other_epoch;
}

void box_tagged(struct box *box, struct frame *frame, const struct arq_tag *tag)
{
	struct arq_packet packet = {.handle = frame, .frame_bytes = frame->bytes};
	struct link *link = box->link;
	uint64_t before = excuses(&box->counters), epochs = box->counters.other_epoch;

	link->arriving = frame;
	link->arriving_last = link->last_serial[frame->side][frame->key];
	if (arq_receive(box->end, &packet, tag, world_us(&link->world)) == ARQ_DROP)
		link_unref(link, frame);
	frame->unfiltered |= box->counters.other_epoch != epochs;
	link_arrival_ends(link, excuses(&box->counters) != before);
	poll(box);
}

void box_plain(struct box *box, struct frame *frame)
{
	struct arq_packet packet = {
		.handle = frame, .frame_bytes = frame->bytes, .class = frame->class};

	arq_receive_plain(box->end, &packet, world_us(&box->link->world));
	link_deliver(box->link, box->side, frame);
	poll(box);
}

void box_control(struct box *box, const struct signal *signal)
{
	arq_receive_control(box->end, signal->data, signal->data_bytes, signal->bytes,
			    world_us(&box->link->world));
	poll(box);
}

void box_init(struct box *box, struct link *link, uint8_t side)
{
	*box = (struct box){.link = link, .side = side, .config = link->params.config};
	box->tail = &box->head;
	box->urgent_tail = &box->urgent_head;
	box_start(box, link->params.mode);
}

void box_start(struct box *box, enum box_mode mode)
{
	struct world *world = &box->link->world;

	box->mode = mode;
	box->timer_ns = UINT64_MAX;
	if (mode != BOX_END)
		return;
	box->starts++;
	box->end = arq_init(aligned_alloc(64, (arq_bytes(&box->config) + 63) & ~63UL), &box->config,
			    &ops, box, &box->counters, (uint32_t)world_random(world, 0),
			    world_us(world));
	poll(box);
}

void box_stop(struct box *box)
{
	struct signal *signal;
	struct frame *frame;

	while ((signal = box->urgent_head)) {
		box->urgent_head = signal->next;
		link_destroy_signal(signal);
	}
	box->urgent_tail = &box->urgent_head;
	while ((frame = take_data(box)))
		link_unref(box->link, frame);
	if (box->mode != BOX_END)
		return;
	arq_flush(box->end);
	free(box->end);
	box->end = NULL;
	box->mode = BOX_WIRE;
}
