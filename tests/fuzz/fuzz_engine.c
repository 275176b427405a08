/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine as a state machine. Input: one byte each for the level, the budgets and the
 * configuration, then steps: packets of both directions of four flows, time, timers, refused
 * handles, levels, configurations. Each input runs twice: with ordinary budgets, and with budgets
 * so small that everything fails. The promises (oracle.c) hold in both.
 *
 * A step is one byte (kind, flow, variant) and its arguments. Sequence numbers are relative to what
 * the flow has sent and acknowledged, in units of UNIT bytes, so that most inputs are nearly a
 * connection; raw steps have any number.
 */
#include <string.h>

#include "oracle.h"

#define UNIT 500u
#define BASE 0xffff8000u /* the sequence numbers wrap early */
#define STEPS_MAX 2000u
#define BURST_MAX 31u

enum step {
	STEP_DATA,
	STEP_DATA_AT,
	STEP_DATA_RAW,
	STEP_BURST,
	STEP_ACK,
	STEP_ACK_SACK,
	STEP_ACK_AGAIN,
	STEP_ACK_RAW,
	STEP_WAIT,
	STEP_STALL,
	STEP_SYN,
	STEP_END,
	STEP_LEVEL,
	STEP_CONFIGURE,
	STEP_TROUBLE,
	STEP_FORGET
};

struct script {
	struct bytes bytes;
	struct world *world;
	enum snoop_level level;
	struct {
		uint32_t next, ack, station_next; /* as far as the hosts got */
		struct wire_view last_ack;
		uint32_t tsval;
	} host[WORLD_FLOWS];
};

static const uint32_t sizes[] = {2 * UNIT, UNIT, 1, 3 * UNIT, 9000, 65000, 1448, 7};

static struct wire_view view_of(struct script *script, uint32_t flow, enum snoop_side from,
				uint8_t variant)
{
	struct wire_view view = {
		.tcp_flags = WIRE_TCP_ACK,
		.window = 4000,
		.has_timestamp = variant != 3, /* a sender without timestamps */
	};

	if (view.has_timestamp) {
		view.tsval = (uint32_t)(script->world->now_us / 1000);
		view.tsecr = from == SNOOP_WIRED ? view.tsval : script->host[flow].tsval;
	}
	if (from == SNOOP_WIRED) {
		script->host[flow].tsval = view.tsval;
		view.seq = script->host[flow].next;
		view.ack = script->host[flow].station_next;
	} else {
		view.seq = script->host[flow].station_next;
		view.ack = script->host[flow].ack;
	}
	return view;
}

static void send_data(struct script *script, uint32_t flow, struct wire_view *view)
{
	uint32_t end = view->seq + wire_segment_bytes(view);

	if (seq_gt(end, script->host[flow].next))
		script->host[flow].next = end;
	world_input(script->world, flow, SNOOP_WIRED, view, script->level);
}

static void step_data(struct script *script, enum step step, uint32_t flow, uint8_t variant)
{
	struct wire_view view = view_of(script, flow, SNOOP_WIRED, variant);
	uint8_t more = bytes_u8(&script->bytes);

	view.payload_bytes = sizes[more & 7];
	if (step == STEP_DATA) {
		if (more & 0x80)
			script->host[flow].next +=
				UNIT * (more >> 3 & 15); /* lost or reordered before the box */
		view.seq = script->host[flow].next;
	} else if (step == STEP_DATA_AT) {
		view.seq += UNIT * (uint32_t)(int8_t)bytes_u8(&script->bytes) - (more >> 3 & 1);
		if (more & 0x80)
			view.payload_bytes = 0;
	} else {
		view.seq = bytes_u32(&script->bytes);
		view.payload_bytes = bytes_u16(&script->bytes);
		view.tcp_flags = more & (uint8_t)~WIRE_TCP_SYN;
		view.tsval += UNIT * (uint32_t)(int8_t)bytes_u8(&script->bytes);
	}
	send_data(script, flow, &view);
}

static void step_burst(struct script *script, uint32_t flow, uint8_t variant)
{
	uint8_t more = bytes_u8(&script->bytes);

	for (uint32_t i = 0; i < (more & BURST_MAX); i++) {
		struct wire_view view = view_of(script, flow, SNOOP_WIRED, variant);

		view.payload_bytes = sizes[more >> 5];
		send_data(script, flow, &view);
		world_wait(script->world, 20, false);
	}
}

static void add_sack(struct wire_view *view, uint32_t start, uint32_t end)
{
	if (seq_lt(start, end) && view->sack_count < WIRE_SACK_MAX)
		view->sack[view->sack_count++] = (struct wire_sack){start, end};
}

/* What an ACK may differ in from the one before: the closed list of doc/protocol.md. */
static void step_ack_again(struct wire_view *view, uint8_t what)
{
	view->tcp_flags = WIRE_TCP_ACK;
	view->payload_bytes = what >> 3 & 1;
	view->ecn = what & 4 ? WIRE_ECN_CE : WIRE_ECN_NOT_ECT;
	view->has_other_option = what & 32;
	if (what & 1)
		view->window++;
	if (what & 2)
		view->tcp_flags |= WIRE_TCP_ECE;
	if (what & 16)
		view->tcp_flags |= WIRE_TCP_FIN;
	if (what & 64)
		view->tcp_flags |= WIRE_TCP_URG;
	if (what & 128) {
		view->sack_count = 0;
		add_sack(view, view->ack - 2 * UNIT, view->ack);
	}
}

static void step_ack(struct script *script, enum step step, uint32_t flow, uint8_t variant)
{
	struct wire_view view = view_of(script, flow, SNOOP_WIRELESS, variant);
	uint8_t more = bytes_u8(&script->bytes);

	if (step == STEP_ACK_AGAIN) {
		view = script->host[flow].last_ack;
		step_ack_again(&view, more);
	} else if (step == STEP_ACK_RAW) {
		view.ack = bytes_u32(&script->bytes);
		view.window = bytes_u16(&script->bytes);
		view.tcp_flags = more & (uint8_t)~WIRE_TCP_SYN;
		view.payload_bytes = bytes_u8(&script->bytes) & 1;
		view.has_other_option = view.payload_bytes == 0 && (more & 0x80);
		view.ecn = variant;
		view.tsecr -= bytes_u8(&script->bytes);
	} else if (more == 0xff) {
		view.ack = script->host[flow].next; /* everything */
	} else if (step == STEP_ACK) {
		view.ack += UNIT * more;
		if (variant & 1 && seq_gt(view.ack, script->host[flow].next))
			view.ack = script->host[flow].next;
		if (variant == 2)
			view.window = (uint16_t)(more & 1 ? 0 : more);
	}
	for (uint8_t i = 0; step == STEP_ACK_SACK && i < (more & 7) && i < WIRE_SACK_MAX; i++) {
		uint32_t start = view.ack + UNIT * (uint32_t)(int8_t)bytes_u8(&script->bytes);

		add_sack(&view, start, start + UNIT * bytes_u8(&script->bytes));
	}
	if (seq_gt(view.ack, script->host[flow].ack) || step == STEP_ACK_RAW)
		script->host[flow].ack = view.ack;
	script->host[flow].last_ack = view;
	world_input(script->world, flow, SNOOP_WIRELESS, &view, script->level);
}

static void step_syn(struct script *script, uint32_t flow, uint8_t variant)
{
	enum snoop_side from = variant & 1 ? SNOOP_WIRELESS : SNOOP_WIRED;
	struct wire_view view = view_of(script, flow, from, variant);
	uint8_t more = bytes_u8(&script->bytes);

	view.tcp_flags = (uint8_t)(WIRE_TCP_SYN | (variant & 2 ? WIRE_TCP_ACK : 0));
	view.has_window_scale = more & 1;
	view.window_scale = more >> 4;
	view.sack_permitted = more & 2;
	view.has_mss = true;
	view.mss = 1460;
	view.options_malformed = more & 4;
	if (more & 8)
		view.seq += 64000; /* another initial sequence number */
	if (from == SNOOP_WIRED) {
		script->host[flow].next = script->host[flow].ack = view.seq + 1;
	} else {
		script->host[flow].station_next = view.seq + 1;
	}
	world_input(script->world, flow, from, &view, script->level);
}

/* FIN or RST of either side. */
static void step_end(struct script *script, uint32_t flow, uint8_t variant)
{
	enum snoop_side from = variant & 1 ? SNOOP_WIRELESS : SNOOP_WIRED;
	struct wire_view view = view_of(script, flow, from, 0);

	view.tcp_flags |= variant & 2 ? WIRE_TCP_RST : WIRE_TCP_FIN;
	if (from == SNOOP_WIRED)
		send_data(script, flow, &view);
	else
		world_input(script->world, flow, from, &view, script->level);
}

static void step_configure(struct script *script)
{
	struct snoop_config config = script->world->config;
	uint8_t what = bytes_u8(&script->bytes), value = bytes_u8(&script->bytes);

	switch (what & 7) {
	case 0:
		config.tries_max = 1u + value;
		break;
	case 1:
		config.withhold_max_us = value * 1000u;
		break;
	case 2:
		config.withhold_acks = value % (WORLD_WITHHELD - 1);
		break;
	case 3:
		config.allowance_segments = value;
		break;
	case 4:
		config.hole_age_max_us = 1000u * (1u + value);
		break;
	case 5:
		config.cache_bytes = 4096u * value;
		break;
	case 6:
		config.veto_delay_us = 1000u * value;
		config.veto_prior_ppm = 1000u * value;
		break;
	default:
		config.syn_rate_max = value;
		config.syn_tries = value % 11;
	}
	world_configure(script->world, &config);
}

static void step(struct script *script)
{
	uint8_t head = bytes_u8(&script->bytes);
	enum step kind = (enum step)(head & 15);
	uint32_t flow = head >> 4 & 3;
	uint8_t variant = head >> 6;
	uint8_t more;

	switch (kind) {
	case STEP_DATA:
	case STEP_DATA_AT:
	case STEP_DATA_RAW:
		step_data(script, kind, flow, variant);
		break;
	case STEP_BURST:
		step_burst(script, flow, variant);
		break;
	case STEP_ACK:
	case STEP_ACK_SACK:
	case STEP_ACK_AGAIN:
	case STEP_ACK_RAW:
		step_ack(script, kind, flow, variant);
		break;
	case STEP_WAIT:
	case STEP_STALL:
		more = bytes_u8(&script->bytes);
		world_wait(script->world, (uint64_t)(more & 31) << (4 + (more >> 5) * 2),
			   kind == STEP_STALL);
		break;
	case STEP_SYN:
		step_syn(script, flow, variant);
		break;
	case STEP_END:
		step_end(script, flow, variant);
		break;
	case STEP_LEVEL:
		script->level = (enum snoop_level)(bytes_u8(&script->bytes) % SNOOP_LEVEL_COUNT);
		world_set_level(script->world, flow, script->level);
		break;
	case STEP_CONFIGURE:
		step_configure(script);
		break;
	case STEP_TROUBLE:
		more = bytes_u8(&script->bytes);
		script->world->checksum_ok = !(more & 1);
		script->world->handles = !(more & 2);
		if (more & 4)
			snoop_engine_tx_backlog(script->world->engine, script->world->now_us);
		break;
	case STEP_FORGET:
		world_forget(script->world, flow);
		break;
	}
}

static void run(const struct snoop_config *config, enum snoop_level level, struct bytes bytes)
{
	struct script script = {.bytes = bytes, .level = level};

	script.world = world_open(config);
	for (uint32_t flow = 0; flow < WORLD_FLOWS; flow++)
		script.host[flow].next = script.host[flow].ack = BASE;
	for (uint32_t steps = 0; script.bytes.at < script.bytes.end && steps < STEPS_MAX; steps++)
		step(&script);
	world_close(script.world);
}

/* Every way in which memory can be refused, down to none at all. */
static void shrink(struct snoop_config *config, uint8_t how)
{
	config->stations = 1;
	config->syn_entries = how >> 7;
	switch (how & 3) {
	case 0:
		config->cache_segments = how >> 2 & 7;
		break;
	case 1:
		config->cache_bytes = 512u * (how >> 2 & 31);
		break;
	case 2:
		config->flow_cache_bytes = 512u * (how >> 2 & 31);
		break;
	default:
		config->withhold_acks = how >> 2 & 3;
		config->cache_segments = 4;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = {data, data + size};
	enum snoop_level level = (enum snoop_level)(bytes_u8(&input) % SNOOP_LEVEL_COUNT);
	uint8_t how = bytes_u8(&input), more = bytes_u8(&input);
	struct snoop_config config;

	snoop_config_defaults(&config);
	config.cache_segments = 512;
	config.cache_bytes = 4u << 20;
	config.flow_cache_bytes = 2u << 20;
	config.stations = 2;
	config.syn_entries = 2;
	config.syn_rate_max = more & 1 ? 2 : 1000;
	config.withhold_acks = more & 2 ? 4 : WORLD_WITHHELD - 2;
	config.tries_max = more & 4 ? 2 : 8;
	run(&config, level, input);
	shrink(&config, how);
	run(&config, level, input);
	return 0;
}
