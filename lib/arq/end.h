/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The state of an end: a private header of arq.c and info.c. */
#ifndef ARQ_END_H
#define ARQ_END_H

#include <arq/peer.h>
#include <arq/receiver.h>
#include <arq/sender.h>

struct arq_lane {
	struct arq_sender sender;
	struct arq_receiver receiver;
	/* Statuses after the last frame, as nothing after it shows that it is missing. */
	uint64_t last_us;
	uint32_t tails; /* sent of those */
};

struct arq {
	struct arq_config config;
	struct arq_ops ops;
	struct arq_shared shared;
	struct arq_peer peer;
	struct arq_lane lane[ARQ_LANES];
	uint64_t control_us;	     /* newest control frame that was sent */
	uint32_t echo_us, echoed_us; /* newest time of sending that was heard; newest echo used */
	uint64_t echo_heard_us;
	bool has_echo, forgot;
	uint8_t alive_lane;
};

#endif
