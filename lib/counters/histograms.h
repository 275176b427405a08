/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One row per histogram, as for counters: power-of-two buckets, one writer; a reader that sums the
 * workers' blocks sees values that may be a few packets old.
 */
#ifndef COUNTERS_HISTOGRAMS_H
#define COUNTERS_HISTOGRAMS_H

#include <stdint.h>

/* X(identifier, unit, help); unit is us or packets. */
#define HISTOGRAMS(X)                                                                              \
	X(wireless_rtt, us, "round trips between the box and the stations")                        \
	X(repair_time, us,                                                                         \
	  "from the detection of a radio loss to the acknowledgement of its repair")               \
	X(withhold_time, us, "how long duplicate ACKs were withheld")                              \
	X(burst_size, packets, "packets taken from a port at once")

/* Bucket i counts values up to 2^i, the last one all above: 2^25 us = 34 s. */
#define HISTOGRAM_BUCKETS 27

struct histogram {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t sum;
};

struct histograms {
#define HISTOGRAMS_FIELD(id, unit, help) struct histogram id;
	HISTOGRAMS(HISTOGRAMS_FIELD)
#undef HISTOGRAMS_FIELD
};

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
	unsigned int index = value <= 1 ? 0 : 64 - (unsigned int)__builtin_clzll(value - 1);

	histogram->bucket[index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1]++;
	histogram->sum += value;
}

/** @return how many values were added. */
static inline uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->bucket[i];
	return count;
}

/**
 * A quantile, taking the values of a bucket as spread evenly: off by less than a factor of two.
 *
 * @param per_mille  500 = the median
 * @return 0 where nothing was added.
 */
static inline uint64_t histogram_quantile(const struct histogram *histogram, unsigned int per_mille)
{
	uint64_t count = histogram_count(histogram), rank = count * per_mille / 1000, below = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t here = histogram->bucket[i], low = i ? 1ULL << (i - 1) : 0;

		if (here && below + here > rank)
			return low + ((1ULL << i) - low) * (rank - below + 1) / (here + 1);
		below += here;
	}
	return 0;
}

#endif
