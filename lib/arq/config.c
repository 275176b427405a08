/* SPDX-License-Identifier: BSD-3-Clause */
#include <arq/arq.h>

#define SECOND_US 1000000U
#define SHARE_ALL_PPM 1000000U

void arq_config_defaults(struct arq_config *config)
{
	*config = (struct arq_config){
		.window_frames = 8192,
		.store_bytes = 16 << 20,
		.withheld_frames = 8192,
		.withheld_bytes = 16 << 20,
		.persist_rounds = {[ARQ_ORDERED] = 8, [ARQ_UNORDERED] = 1},
		.persist_margin_us = {[ARQ_ORDERED] = 5000, [ARQ_UNORDERED] = 10000},
		.persist_max_us = 250000,
		.tries_max = 10,
		.twin_us = 3000,
		.tolerance_max_us = 20000,
		.status_frames = 32,
		.alive_us = 5000,
		.dead_us = 30000,
		.hello_us = 100000,
		.share_min_ppm = 50000,
		.share_max_ppm = 250000,
		.bucket_us = 50000,
		.bucket_bytes = 4 << 20,
		.frame_bytes = 1522, /* two VLAN tags */
		.probe = true,
	};
}

const char *arq_config_check(const struct arq_config *config)
{
	if (config->window_frames < ARQ_WINDOW_MIN || config->window_frames > ARQ_WINDOW_MAX ||
	    config->window_frames & (config->window_frames - 1))
		return "window_frames must be a power of two from 64 to 32768";
	if (!config->withheld_frames)
		return "withheld_frames must not be 0";
	if (!config->persist_max_us || config->persist_max_us > 10 * SECOND_US)
		return "persist_max_us must be from 1 to 10 s";
	if (config->tolerance_max_us > SECOND_US)
		return "tolerance_max_us must not exceed 1 s";
	if (!config->status_frames)
		return "status_frames must not be 0";
	if (!config->alive_us || config->alive_us > config->dead_us)
		return "alive_us must be from 1 to dead_us";
	if (config->dead_us > 10 * SECOND_US)
		return "dead_us must not exceed 10 s";
	if (config->hello_us < 1000)
		return "hello_us must be at least 1 ms";
	if (config->share_min_ppm > config->share_max_ppm || config->share_max_ppm > SHARE_ALL_PPM)
		return "share_min_ppm must not exceed share_max_ppm, nor that one million";
	if (config->bucket_bytes < ARQ_BUCKET_MIN_BYTES || config->bucket_us > 10 * SECOND_US)
		return "bucket_bytes must be at least 32 KiB, and bucket_us at most 10 s";
	if (config->frame_bytes < 60 || config->frame_bytes > 65000)
		return "frame_bytes must be from 60 to 65000";
	return NULL;
}
