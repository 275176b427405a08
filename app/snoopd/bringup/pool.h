/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The pool of packet buffers: how many are needed, of what size, and whether all came back at the
 * end.
 *
 * Who runs here: the control thread, before the workers run and after they have stopped.
 *
 * The pool holds what the ports, the bursts, the hand-off rings and the lcores' mempool caches can
 * hold at the same time, and the cache's share on top of that, so a full cache never starves
 * reception. One pool serves all workers: one may receive a packet, another keep it and a third
 * free it.
 */
#ifndef SNOOPD_POOL_H
#define SNOOPD_POOL_H

#include <stdint.h>

#include <rte_mempool.h>

#include <config/config.h>
#include <snoopd/bringup/steering.h>
#include <snoopd/bringup/ports.h>

/*
 * Unused private bytes of a buffer. They move the start of a frame to 8 bytes before a cache line,
 * so that what the parser reads of a segment with timestamps over IPv4, bytes 12 to 65, lies in one
 * line.
 */
#define POOL_PRIVATE_BYTES 56

/** A link whose packets are in the pool. */
struct pool_link {
	const struct config *config;
	const struct ports *ports;
	const struct steering *steering;
};

struct pool {
	struct rte_mempool *mempool;
	uint32_t buffers;
	uint16_t data_room;	     /* bytes of a buffer, headroom included */
	uint16_t segments_per_frame; /* buffers that the largest frame takes */
};

/**
 * Compute what is needed.
 *
 * @param links  their ports are configured, not started
 * @return 0, or -1 after one line on stderr.
 */
int pool_size(struct pool *pool, const struct pool_link links[], uint32_t count);

/** @return bytes of memory that a pool of this size takes. */
uint64_t pool_bytes(const struct pool *pool);

/** Allocate the pool. @return 0 or a negative errno value. */
int pool_create(struct pool *pool, int socket);

/**
 * After the workers have let go of everything and the ports are closed.
 *
 * @return buffers that did not come back: 0 unless there is a leak.
 */
uint32_t pool_missing(const struct pool *pool);

void pool_free(struct pool *pool);

#endif
