/* SPDX-License-Identifier: BSD-3-Clause */
#include "arq_fixture.h"

static void *keep(void *owner, void *handle)
{
	struct fixture *fixture = owner;

	if (fixture->refuse_keep)
		return NULL;
	fixture->references++;
	return handle;
}

static void unref(void *owner, void *handle)
{
	struct fixture *fixture = owner;

	assert_true(fixture->references-- > 0);
}

static void retransmit(void *owner, void *handle, const struct arq_tag *tag)
{
	struct fixture *fixture = owner;

	assert_true(tag->retransmit);
	fixture->retransmitted[fixture->retransmitted_count++ % LOG_MAX] =
		(struct log_entry){(uintptr_t)handle, *tag};
}

static void control(void *owner, const uint8_t *payload, uint32_t bytes, uint32_t frame_bytes)
{
	struct fixture *fixture = owner;

	uint32_t at = fixture->controls++ % CONTROLS_MAX;

	memcpy(fixture->control[at].payload, payload, bytes);
	fixture->control[at].bytes = bytes;
	fixture->control[at].frame_bytes = frame_bytes;
}

static void deliver(void *owner, void *handle)
{
	struct fixture *fixture = owner;

	fixture->delivered[fixture->delivered_count++ % LOG_MAX] = (uintptr_t)handle;
}

const struct arq_ops fixture_ops = {keep, unref, retransmit, control, deliver};

void fixture_init(struct fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	arq_config_defaults(&fixture->config);
	fixture->config.window_frames = 256;
	fixture->now_us = 1000000;
	fixture->shared = (struct arq_shared){
		.config = &fixture->config,
		.ops = &fixture_ops,
		.owner = fixture,
		.counters = &fixture->counters,
		.epoch = 0x12345678,
	};
	arq_estimator_init(&fixture->shared.estimator, fixture->now_us);
	arq_bucket_init(&fixture->shared.bucket, ARQ_BUCKET_MIN_BYTES);
}

struct arq_packet fixture_packet(uintptr_t frame, uint32_t key)
{
	return (struct arq_packet){
		.handle = (void *)frame, .frame_bytes = 1000, .key = key, .class = ARQ_ORDERED};
}

void fixture_expect_delivered(struct fixture *fixture, const uintptr_t *frames)
{
	uint32_t count = 0;

	for (; frames[count]; count++) {
		assert_true(count < fixture->delivered_count);
		assert_int_equal(fixture->delivered[count], frames[count]);
	}
	assert_int_equal(count, fixture->delivered_count);
	fixture->delivered_count = 0;
}
