/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The token bucket of retransmits: what may be sent again is a share of what was sent. So whatever
 * a peer, or who forges its frames, asks for, it gets back at most that share.
 */
#ifndef ARQ_BUCKET_H
#define ARQ_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include <base/minmax.h>

struct arq_bucket {
	uint64_t tokens_ppm; /* bytes times a million */
	uint64_t depth_ppm;
};

static inline void arq_bucket_init(struct arq_bucket *bucket, uint32_t depth_bytes)
{
	bucket->depth_ppm = depth_bytes * 1000000ULL;
	bucket->tokens_ppm = bucket->depth_ppm;
}

/** How many tokens there may be. What is there beyond is lost; nothing is added. */
static inline void arq_bucket_resize(struct arq_bucket *bucket, uint64_t depth_bytes)
{
	bucket->depth_ppm = depth_bytes * 1000000ULL;
	bucket->tokens_ppm = min_u64(bucket->tokens_ppm, bucket->depth_ppm);
}

/** So many bytes were sent, of which share_ppm may be sent again. */
static inline void arq_bucket_earn(struct arq_bucket *bucket, uint32_t bytes, uint32_t share_ppm)
{
	bucket->tokens_ppm =
		min_u64(bucket->depth_ppm, bucket->tokens_ppm + (uint64_t)bytes * share_ppm);
}

/** @return false, and take nothing, if there are not so many tokens. */
static inline bool arq_bucket_take(struct arq_bucket *bucket, uint32_t bytes)
{
	uint64_t ppm = bytes * 1000000ULL;

	if (bucket->tokens_ppm < ppm)
		return false;
	bucket->tokens_ppm -= ppm;
	return true;
}

#endif
