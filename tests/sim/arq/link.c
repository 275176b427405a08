/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "box.h"

static void fail(struct link *link, const char *what, const struct frame *frame)
{
	if (link->why[0])
		return;
	snprintf(link->why, sizeof(link->why), "%s: side %u key %u serial %lu at %lu us", what,
		 frame ? frame->side : 0, frame ? frame->key : 0,
		 frame ? (unsigned long)frame->serial : 0, (unsigned long)world_us(&link->world));
}

struct frame *link_frame(struct link *link, uint8_t side, uint32_t key, enum arq_class class,
			 uint32_t bytes)
{
	struct frame *frame = calloc(1, sizeof(*frame));
	uint32_t tags = key % 3;

	if (!frame)
		abort();
	*frame = (struct frame){.refs = 1,
				.bytes = bytes,
				.key = key,
				.class = class,
				.side = side,
				.data_bytes = FRAME_DATA,
				.serial = ++link->serial[side][key]};
	for (uint32_t i = 0; i < FRAME_DATA; i += 8) {
		uint64_t word = world_random(&link->world, 0);

		memcpy(frame->data + i, &word, 8);
	}
	for (uint32_t i = 0; i < tags; i++)
		memcpy(frame->data + 12 + 4 * i, i ? "\x81\x00\x60" : "\x88\xa8\x60", 3);
	memcpy(frame->data + 12 + 4 * tags, "\x08\x00", 2);
	link->live_frames++;
	return frame;
}

void link_unref(struct link *link, struct frame *frame)
{
	if (!frame->refs)
		fail(link, "a reference too many was given back", frame);
	else if (--frame->refs == 0) {
		link->live_frames--;
		free(frame);
	}
}

void link_destroy_signal(struct signal *signal)
{
	struct frame *frame = signal->origin;

	if (frame)
		link_unref(signal->owner, frame);
	free(signal);
}

static void breaks(struct link *link, const char *what, const struct frame *frame)
{
	if (frame == link->arriving)
		link->arriving_breaks = what;
	else if (!link->forged)
		fail(link, what, frame);
}

void link_arrival_ends(struct link *link, bool excused)
{
	if (link->arriving_breaks && !excused && !link->forged)
		fail(link, link->arriving_breaks, link->arriving);
	/* What comes after it may be older, and in order among itself. */
	if (excused)
		link->last_serial[link->arriving->side][link->arriving->key] = link->arriving_last;
	link->arriving = NULL;
	link->arriving_breaks = NULL;
}

/* Promise J-1. */
void link_deliver(struct link *link, uint8_t side, struct frame *frame)
{
	uint64_t *last = &link->last_serial[frame->side][frame->key];

	if (frame->side == side)
		fail(link, "a frame came back to its LAN", frame);
	frame->delivered++;
	if (frame->delivered > 1 && frame->tagged && !frame->unfiltered)
		breaks(link, "a frame was delivered twice", frame);
	if (frame->class == ARQ_ORDERED && (frame->tagged || link->params.strict)) {
		if (frame->serial < *last)
			breaks(link, "a frame was delivered out of order", frame);
		else
			*last = frame->serial;
	}
	link->delivered++;
	if (link->deliver)
		link->deliver(link->context, side, frame);
	link_unref(link, frame);
}

struct signal *link_signal(struct link *link, struct frame *frame, const struct arq_tag *tag)
{
	struct signal *signal = calloc(1, sizeof(*signal));
	uint32_t at = 0;

	if (!signal)
		abort();
	*signal = (struct signal){
		.bytes = frame->bytes + (tag ? ARQ_TAG_BYTES : 0),
		.data_bytes = frame->data_bytes + (tag ? ARQ_TAG_BYTES : 0U),
		.origin = frame,
		.refs = &frame->refs,
		.owner = link,
		.priority = frame->preferred || frame->class == ARQ_UNORDERED,
	};
	frame->refs++;
	if (tag) {
		at = arq_tag_offset(frame->data, frame->data_bytes);
		memcpy(signal->data, frame->data, at);
		arq_tag_write(signal->data + at, ARQ_ETHERTYPE_TAG, tag);
		at += ARQ_TAG_BYTES;
	}
	memcpy(signal->data + at, frame->data + (at ? at - ARQ_TAG_BYTES : 0),
	       frame->data_bytes - (at ? at - ARQ_TAG_BYTES : 0));
	return signal;
}

static void remember(struct link *link, uint8_t side, const struct signal *signal)
{
	struct signal **kept = signal->control ? &link->last_control[side] : &link->last_data[side];

	if (!world_chance(&link->world, 20000))
		return;
	if (*kept)
		link_destroy_signal(*kept);
	*kept = malloc(sizeof(**kept));
	if (!*kept)
		abort();
	**kept = *signal;
	if (signal->refs)
		++*signal->refs;
}

/* Cut the tag out, and compare with what was sent. */
static bool strip(struct link *link, struct signal *signal, struct arq_tag *tag)
{
	struct frame *frame = signal->origin;
	uint32_t at = arq_tag_offset(signal->data, signal->data_bytes);

	if (!arq_tag_read(signal->data + at, signal->data_bytes - at, ARQ_ETHERTYPE_TAG, tag))
		return false;
	signal->data_bytes -= ARQ_TAG_BYTES;
	memmove(signal->data + at, signal->data + at + ARQ_TAG_BYTES, signal->data_bytes - at);
	if (signal->data_bytes != frame->data_bytes ||
	    memcmp(signal->data, frame->data, frame->data_bytes) != 0)
		fail(link, "a frame was changed", frame);
	return true;
}

/* Something arrives at the box on the other side than the channel's. */
static void arrive(void *context, struct signal *signal)
{
	struct link *link = signal->owner;
	struct channel *channel = context;
	struct box *box = &link->box[channel == &link->channel[0]];
	struct frame *frame = signal->origin;
	struct arq_tag tag;

	if (link->params.remember)
		remember(link, 1 - box->side, signal);
	if (box->mode == BOX_WIRE) {
		if (signal->control) {
			link->strays++;
		} else if (frame->tagged && signal->data_bytes != frame->data_bytes) {
			link->wrong++;
			link->wrong_ns = link->world.now_ns;
		} else {
			frame->refs++;
			link_deliver(link, box->side, frame);
		}
	} else if (signal->control) {
		box_control(box, signal);
	} else if (strip(link, signal, &tag)) {
		frame->refs++;
		box_tagged(box, frame, &tag);
	} else {
		frame->refs++;
		box_plain(box, frame);
	}
	link_destroy_signal(signal);
}

void link_init(struct link *link, const struct link_params *params,
	       void (*deliver)(void *, uint8_t, struct frame *), void *context)
{
	memset(link, 0, sizeof(*link));
	world_init(&link->world, params->seed);
	link->params = *params;
	link->deliver = deliver;
	link->context = context;
	for (uint8_t i = 0; i < 2; i++) {
		channel_init(&link->channel[i], &link->world, &params->channel[i], arrive,
			     link_destroy_signal, &link->channel[i]);
		box_init(&link->box[i], link, i);
	}
}

void link_send(struct link *link, struct frame *frame)
{
	frame->born_ns = link->world.now_ns;
	link->sent_bytes[frame->side] += frame->bytes;
	box_send(&link->box[frame->side], frame);
}

void link_restart(struct link *link, uint8_t side, enum box_mode mode)
{
	box_stop(&link->box[side]);
	box_start(&link->box[side], mode);
}

static void forge(struct link *link, struct signal *signal)
{
	struct arq_control control;

	if (!arq_control_read(signal->data, signal->data_bytes, &control))
		return;
	if (control.type == ARQ_STATUS) {
		uint32_t *field[] = {&control.status.next, &control.status.cumulative,
				     &control.status.end,  &control.status.tolerance_us,
				     &control.tx_us,	   &control.echo_us};
		uint32_t *at = field[world_random(&link->world, 6)];
		uint32_t shift = (uint32_t)world_random(&link->world, 32);

		*at += (uint32_t)world_random(&link->world, 1ULL << shift) -
		       (uint32_t)world_random(&link->world, 1ULL << shift);
		control.status.words =
			arq_status_words(control.status.cumulative, control.status.end);
		if (control.status.words > ARQ_STATUS_WORDS)
			control.status.words = ARQ_STATUS_WORDS;
	}
	signal->data_bytes = arq_control_write(signal->data, &control);
}

void link_replay(struct link *link, uint8_t side, bool forged)
{
	struct signal *kept = world_chance(&link->world, 500000) ? link->last_control[side]
								 : link->last_data[side];
	struct signal *copy;

	/* On a plain wire nobody tells a copy. */
	if (!kept || (kept->origin && !((struct frame *)kept->origin)->tagged))
		return;
	copy = malloc(sizeof(*copy));
	if (!copy)
		abort();
	*copy = *kept;
	if (copy->refs)
		++*copy->refs;
	if (forged && copy->control)
		forge(link, copy);
	channel_send(&link->channel[side], copy);
}

bool link_is_up(const struct link *link)
{
	struct arq_info info;

	for (int i = 0; i < 2; i++) {
		if (link->box[i].mode == BOX_WIRE)
			return false;
		arq_info(link->box[i].end, &info);
		if (info.state != ARQ_UP)
			return false;
	}
	return true;
}

bool link_free(struct link *link)
{
	link->closing = true;
	for (uint8_t i = 0; i < 2; i++)
		box_stop(&link->box[i]);
	/* What is under way arrives at wires. */
	while (world_step(&link->world, UINT64_MAX))
		;
	for (int i = 0; i < 2; i++) {
		channel_free(&link->channel[i]);
		if (link->last_control[i])
			link_destroy_signal(link->last_control[i]);
		if (link->last_data[i])
			link_destroy_signal(link->last_data[i]);
	}
	world_free(&link->world);
	if (link->live_frames)
		fail(link, "references are left", NULL);
	return !link->why[0];
}
