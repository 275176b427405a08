/* SPDX-License-Identifier: BSD-3-Clause */
/** @file One half of a lane, or an end, whose frames are numbers. */
#ifndef ARQ_FIXTURE_H
#define ARQ_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arq/arq.h>
#include <arq/peer.h>
#include <arq/receiver.h>
#include <arq/sender.h>

#define LOG_MAX 4096U
#define CONTROLS_MAX 16U

struct log_entry {
	uintptr_t frame;
	struct arq_tag tag;
};

/** What was asked for through the ops. */
struct fixture {
	struct arq_config config;
	struct arq_counters counters;
	struct arq_shared shared;
	uint32_t delivered_count, retransmitted_count, controls;
	int64_t references; /* kept and not given back */
	bool refuse_keep;
	uintptr_t delivered[LOG_MAX];
	struct log_entry retransmitted[LOG_MAX];
	struct {
		uint8_t payload[ARQ_CONTROL_BYTES_MAX];
		uint32_t bytes, frame_bytes;
	} control[CONTROLS_MAX]; /* the newest */
	uint64_t now_us;
};

extern const struct arq_ops fixture_ops;

void fixture_init(struct fixture *fixture);
/** A frame of 1000 bytes. */
struct arq_packet fixture_packet(uintptr_t frame, uint32_t key);
/** Nothing is delivered but these, a list that ends with 0; then forget them. */
void fixture_expect_delivered(struct fixture *fixture, const uintptr_t *frames);
#define expect_delivered(fixture, ...)                                                             \
	fixture_expect_delivered(fixture, (const uintptr_t[]){__VA_ARGS__ __VA_OPT__(, ) 0})

#endif
