/* SPDX-License-Identifier: BSD-3-Clause */
/** @file A keyed hash for small tables whose keys an attacker may choose. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * Multiply and fold, 8 bytes a step. The multiplier is secret too: with a known one, differences
 * between keys could be chosen that cancel whatever the seed is.
 */
static inline uint64_t hash_bytes(const void *data, size_t bytes, uint64_t seed)
{
	const uint8_t *at = data;
	uint64_t hash = seed ^ (bytes * 0x9e3779b97f4a7c15ULL);
	uint64_t multiplier = (seed ^ 0xd6e8feb86659fd93ULL) | 1;

	while (bytes) {
		uint64_t word = 0;
		size_t step = bytes < sizeof(word) ? bytes : sizeof(word);
		__uint128_t product;

		memcpy(&word, at, step);
		product = (__uint128_t)(hash ^ word) * multiplier;
		hash = (uint64_t)product ^ (uint64_t)(product >> 64);
		at += step;
		bytes -= step;
	}
	return hash ^ (hash >> 32);
}

#endif
