/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What snoopd reserves at its start, item by item, and what the NUMA node of the ports has.
 *
 * Who runs here: the control thread, before it creates pool and workers. It reads sizes from
 * pool.h, handoff.h and the libraries, and allocates nothing.
 */
#ifndef SNOOPD_MEMORY_H
#define SNOOPD_MEMORY_H

#include <stdint.h>

#include <config/config.h>
#include <snoopd/bringup/steering.h>
#include <snoopd/bringup/pool.h>

struct memory_need {
	uint64_t buffer_bytes; /* of the packet pool */
	uint64_t table_bytes;  /* flow tables of all workers */
	uint64_t engine_bytes; /* cache, stations and SYN memory of all workers */
	uint64_t ring_bytes;   /* of the hand-off */
};

/** Sum up what the configuration needs. */
struct memory_need memory_need_of(const struct pool *pool, const struct pool_link links[],
				  uint32_t count);

/**
 * Does the node have that much? Both memory that the EAL has and free hugepages count.
 *
 * @return 0, or -1 after one line on stderr that says what is needed for what, and what is there. 0
 * does not promise that the memory is contiguous.
 */
int memory_check(const struct memory_need *need, int socket);

/** Log the same line after an allocation failed. */
void memory_explain(const struct memory_need *need, int socket);

/** Warn if a worker's lcore is on another node than the ports. */
void memory_warn_remote(unsigned int lcore, int socket);

/** Let the kernel give all memory of the EAL now, not when it is needed first: that takes a
 * hundred ms and more. */
void memory_touch(void);

#endif
