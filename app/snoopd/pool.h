/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The pool of packet buffers: how many are needed, of what size, and whether all came back at the
 * end.
 *
 * Control thread. The cache has its own share on top of what the ports, the bursts and the lcores'
 * mempool caches can hold at the same time, so that a full cache never starves reception.
 */
#ifndef SNOOPD_POOL_H
#define SNOOPD_POOL_H

#include <stdint.h>

#include <rte_mempool.h>

#include <config/config.h>
#include <snoopd/ports.h>

struct pool {
	struct rte_mempool *mempool;
	uint32_t buffers;
	uint16_t data_room;	     /* bytes of a buffer, headroom included */
	uint16_t segments_per_frame; /* buffers that the largest frame takes */
};

/**
 * Size and allocate.
 *
 * @param ports    configured, not started
 * @param workers  lcores that poll
 * @return 0, or -1 after one line on stderr.
 */
int pool_create(struct pool *pool, const struct config *config, const struct ports *ports,
		uint32_t workers);

/**
 * After the workers have let go of everything and the ports are closed.
 *
 * @return buffers that did not come back: 0 unless there is a leak.
 */
uint32_t pool_missing(const struct pool *pool);

void pool_free(struct pool *pool);

#endif
