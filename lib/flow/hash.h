/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The hash of a flow key: the same for both directions of a connection, because the key is ordered
 * by sides and not by addresses.
 *
 * A secret drawn at every start keys it, so that nobody outside can choose addresses and ports that
 * fall into one bucket. Pure; any thread.
 */
#ifndef FLOW_HASH_H
#define FLOW_HASH_H

#include <stdint.h>
#include <string.h>

#include <snoop/snoop.h>

static inline uint64_t flow_hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** @return eight bytes of the key */
static inline uint64_t flow_key_word(const struct snoop_key *key, unsigned int index)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)key + index * sizeof(word), sizeof(word));
	return word;
}

static inline bool flow_key_equal(const struct snoop_key *a, const struct snoop_key *b)
{
	typedef uint64_t block __attribute__((vector_size(16), aligned(1), may_alias));
	const block *a_blocks = (const block *)a, *b_blocks = (const block *)b;
	block difference = a_blocks[0] ^ b_blocks[0];

	for (unsigned int i = 1; i < sizeof(*a) / sizeof(block); i++)
		difference |= a_blocks[i] ^ b_blocks[i];
	return (difference[0] | difference[1]) == 0;
}

/**
 * Hash a key: one 64 x 64 bit multiplication per 16 bytes, both halves of the product folded
 * together.
 *
 * @return 64 bits of equal quality: the flow table uses the low half, the choice of a worker the
 * high one.
 */
static inline uint64_t flow_hash(const struct snoop_key *key, uint64_t secret)
{
	uint64_t hash = secret;

	for (unsigned int i = 0; i < sizeof(*key) / sizeof(uint64_t); i += 2)
		hash = flow_hash_mix(flow_key_word(key, i) ^ hash ^ 0x9e3779b97f4a7c15ULL,
				     flow_key_word(key, i + 1) ^ secret ^ 0xc2b2ae3d27d4eb4fULL);
	return flow_hash_mix(hash ^ secret, 0xd6e8feb86659fd93ULL);
}

static inline bool flow_key_is_tagged(const struct snoop_key *key)
{
	return (key->vlan[0] | key->vlan[1]) != 0;
}

/**
 * Hash a key without its VLAN tags. It chooses the worker, as the hash of a NIC does, so that a
 * worker sees both directions of a connection whose tags differ. Without tags it is flow_hash().
 */
static inline uint64_t flow_hash_untagged(const struct snoop_key *key, uint64_t secret)
{
	struct snoop_key untagged = *key;

	memset(untagged.vlan, 0, sizeof(untagged.vlan));
	return flow_hash(&untagged, secret);
}

#endif
