/* SPDX-License-Identifier: BSD-3-Clause */
#include "snoop_fixture.h"

static void op_ref(void *owner, void *handle)
{
	struct fixture_packet *packet = handle;

	assert_true(packet->refs > 0);
	packet->refs++;
	packet->engine_refs++;
}

static void op_unref(void *owner, void *handle)
{
	struct fixture_packet *packet = handle;

	assert_true(packet->engine_refs > 0);
	packet->engine_refs--;
	packet->refs--;
}

static void op_retransmit(void *owner, void *handle, enum snoop_cause cause)
{
	struct fixture *f = owner;
	struct fixture_packet *packet = handle;

	assert_true(packet->engine_refs > 0);
	assert_true(f->retransmit_count < LOG_MAX);
	f->retransmits[f->retransmit_count++] =
		(struct fixture_log){packet->view.seq, cause, f->now_us};
}

static void op_release(void *owner, void *handle)
{
	struct fixture *f = owner;
	struct fixture_packet *packet = handle;

	assert_true(packet->engine_refs > 0);
	packet->engine_refs--;
	packet->refs--;
	f->releases[f->release_count++] = (struct fixture_log){packet->view.ack, 0, f->now_us};
}

static const struct snoop_ops ops = {
	.ref = op_ref,
	.unref = op_unref,
	.retransmit = op_retransmit,
	.release = op_release,
};

struct fixture *fixture_engine(const struct snoop_config *config)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct wire_view view;

	assert_non_null(f);
	if (config) {
		f->config = *config;
	} else {
		snoop_config_defaults(&f->config);
		f->config.cache_segments = 512;
		f->config.stations = 4;
		f->config.syn_entries = 4;
	}
	f->memory = aligned_alloc(64, snoop_engine_bytes(&f->config));
	assert_non_null(f->memory);
	f->engine = snoop_engine_init(f->memory, &f->config, &ops, f, &f->counters, 42);
	f->now_us = 10000000;
	f->checksum_ok = true;
	view = fixture_data_view(f, 0, 0);
	snoop_key_of(&f->key, &view, SNOOP_WIRED, 0);
	return f;
}

struct fixture *fixture_open(enum snoop_level level, const struct snoop_config *config,
			     uint32_t base)
{
	struct fixture *f = fixture_engine(config);

	f->base = base;
	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	f->now_us += RTT_US;
	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 10);
	f->now_us += 40000;
	snoop_flow_init(f->engine, &f->flow, &f->key, level, f->now_us);
	fixture_send(f, 0, 2, 0);
	f->now_us += RTT_US;
	assert_int_equal(fixture_ack(f, 2, 0, 0), SNOOP_FORWARD);
	return f;
}

void fixture_settle(struct fixture *f)
{
	outcome_settle_all(f->engine, &f->flow);
}

void fixture_close(struct fixture *f)
{
	snoop_flow_close(f->engine, &f->flow);
	snoop_engine_flush(f->engine);
	for (uint32_t i = 0; i < f->packet_count; i++) {
		assert_int_equal(f->packets[i]->refs, 0);
		free(f->packets[i]);
	}
	assert_int_equal(f->counters.cache_segments, 0);
	assert_int_equal(f->counters.cache_bytes, 0);
	assert_int_equal(f->counters.acks_withheld_now, 0);
	assert_int_equal(f->counters.acks_withheld,
			 f->counters.acks_released + f->counters.acks_freed);
	free(f->memory);
	free(f);
}

static struct wire_view plain_view(bool wired, const struct fixture *f)
{
	struct wire_view view = {
		.kind = WIRE_TCP,
		.ip_version = 4,
		.tcp_flags = WIRE_TCP_ACK,
		.window = ACK_WINDOW,
		.src_port = wired ? 80 : 5000,
		.dst_port = wired ? 5000 : 80,
		.src = {192, 0, 2, wired ? 1 : 2},
		.dst = {192, 0, 2, wired ? 2 : 1},
		.has_timestamp = true,
		.tsval = (uint32_t)(f->now_us / 1000),
	};

	return view;
}

struct wire_view fixture_data_view(const struct fixture *f, uint32_t seq, uint32_t bytes)
{
	struct wire_view view = plain_view(true, f);

	view.seq = seq;
	view.payload_bytes = bytes;
	return view;
}

struct wire_view fixture_ack_view(const struct fixture *f, uint32_t ack)
{
	struct wire_view view = plain_view(false, f);

	view.ack = ack;
	return view;
}

void fixture_add_sack(struct wire_view *view, uint32_t start, uint32_t end)
{
	assert_true(view->sack_count < WIRE_SACK_MAX);
	view->sack[view->sack_count++] = (struct wire_sack){start, end};
}

static struct snoop_packet describe(struct fixture *f, const struct wire_view *view)
{
	struct fixture_packet *packet = calloc(1, sizeof(*packet));

	assert_non_null(packet);
	assert_true(f->packet_count < LOG_MAX);
	f->packets[f->packet_count++] = packet;
	packet->view = *view;
	packet->refs = 1;
	f->last = packet;
	return (struct snoop_packet){
		.view = &packet->view,
		.handle = f->no_handle ? NULL : packet,
		.frame_bytes = 66 + view->payload_bytes,
		.checksum_ok = f->checksum_ok,
	};
}

void fixture_send_view(struct fixture *f, const struct wire_view *view)
{
	struct snoop_packet described = describe(f, view);

	snoop_flow_data(f->engine, &f->flow, &described, f->now_us);
	f->last->refs--;
}

enum snoop_verdict fixture_receive_view(struct fixture *f, const struct wire_view *view)
{
	struct snoop_packet described = describe(f, view);
	enum snoop_verdict verdict = snoop_flow_ack(f->engine, &f->flow, &described, f->now_us);

	if (verdict == SNOOP_WITHHOLD)
		f->last->engine_refs++;
	else
		f->last->refs--;
	return verdict;
}

void fixture_send(struct fixture *f, uint32_t first, uint32_t end, uint32_t step_us)
{
	for (uint32_t n = first; n < end; n++) {
		struct wire_view view = fixture_data_view(f, SEG(n), SEGMENT_BYTES);

		fixture_send_view(f, &view);
		f->now_us += step_us;
	}
}

enum snoop_verdict fixture_ack(struct fixture *f, uint32_t n, uint32_t from, uint32_t to)
{
	struct wire_view view = fixture_ack_view(f, SEG(n));

	if (to > from)
		fixture_add_sack(&view, SEG(from), SEG(to));
	return fixture_receive_view(f, &view);
}

void fixture_wait(struct fixture *f, uint64_t us)
{
	uint64_t end_us = f->now_us + us, deadline_us;

	for (uint32_t calls = 0; calls < 10000; calls++) {
		deadline_us = min_u64(snoop_flow_deadline_us(&f->flow),
				      snoop_engine_deadline_us(f->engine));
		if (deadline_us > end_us) {
			f->now_us = end_us;
			return;
		}
		f->now_us = max_u64(f->now_us, deadline_us);
		snoop_engine_timer(f->engine, f->now_us);
		snoop_flow_timer(f->engine, &f->flow, f->now_us);
	}
	fail_msg("the timers spin");
}

uint32_t fixture_retransmits_of(const struct fixture *f, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < f->retransmit_count; i++)
		count += f->retransmits[i].seq == SEG(n);
	return count;
}

void fixture_syn(struct fixture *f, enum snoop_side from, uint8_t flags, uint8_t window_scale)
{
	struct wire_view view = plain_view(from == SNOOP_WIRED, f);
	struct snoop_packet described;

	view.tcp_flags = flags;
	view.seq = f->base - 1;
	view.has_window_scale = true;
	view.window_scale = window_scale;
	view.sack_permitted = true;
	described = describe(f, &view);
	snoop_syn(f->engine, &f->key, &described, from, f->now_us);
	f->last->refs--;
}
