/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The pool of packet buffers: how many are needed, of what size, and whether all came back at the
 * end.
 *
 * Control thread. The cache has its own share on top of what the ports, the bursts, the hand-off
 * rings and the lcores' mempool caches can hold at the same time, so that a full cache never
 * starves reception. One pool serves all workers: a packet that one receives may be kept by another
 * and freed by a third.
 */
#ifndef SNOOPD_POOL_H
#define SNOOPD_POOL_H

#include <stdint.h>

#include <rte_mempool.h>

#include <config/config.h>
#include <snoopd/bringup/steering.h>
#include <snoopd/bringup/ports.h>

/*
 * Private bytes of a buffer, of no use themselves: with them a frame begins 8 bytes before the border of a cache line, so that
 * all that the parser reads of a segment with timestamps over IPv4, bytes 12 to 65, lies in one line.
 */
#define POOL_PRIVATE_BYTES 56

struct pool {
	struct rte_mempool *mempool;
	uint32_t buffers;
	uint16_t data_room;	     /* bytes of a buffer, headroom included */
	uint16_t segments_per_frame; /* buffers that the largest frame takes */
};

/**
 * Work out what is needed.
 *
 * @param ports  configured, not started
 * @return 0, or -1 after one line on stderr.
 */
int pool_size(struct pool *pool, const struct config *config, const struct ports *ports,
	      const struct steering *distribution);

/** Bytes of memory that a pool of this size takes. */
uint64_t pool_bytes(const struct pool *pool);

/** Allocate it. @return 0 or a negative errno value. */
int pool_create(struct pool *pool, int socket);

/**
 * After the workers have let go of everything and the ports are closed.
 *
 * @return buffers that did not come back: 0 unless there is a leak.
 */
uint32_t pool_missing(const struct pool *pool);

void pool_free(struct pool *pool);

#endif
