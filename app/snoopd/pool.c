/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/pool.h>

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <snoopd/log.h>
#include <snoopd/worker.h>

#define LCORE_CACHE 256 /* buffers in a lcore's mempool cache */
#define ROOM_STEP 1024u /* NICs take buffer sizes in such steps */
#define ROOM_MIN 2048u	/* what every NIC takes */
#define ROOM_MAX 10240u /* jumbo frames of 9.6k in one buffer; longer ones are chained */
#define ROOM_LIMIT ((uint32_t)(UINT16_MAX - RTE_PKTMBUF_HEADROOM))
#define FRAME_OVERHEAD 26 /* Ethernet header, two VLAN tags, FCS */
#define MIB (1024.0 * 1024.0)

static uint32_t frame_bytes_max(const struct ports *ports)
{
	return RTE_MAX((uint32_t)ports->mtu_bytes + FRAME_OVERHEAD, ports->room_min_bytes);
}

static uint16_t choose_room(const struct ports *ports)
{
	uint32_t room = RTE_MIN(RTE_ALIGN_CEIL(frame_bytes_max(ports), ROOM_STEP), ROOM_MAX);

	room = RTE_MAX(room, ROOM_MIN);
	/* Headroom comes on top, and both have to fit into 16 bits. */
	return (uint16_t)RTE_MIN(RTE_MAX(room, ports->room_min_bytes), ROOM_LIMIT);
}

/* Everything that can hold a buffer at the same time, and then the cache. */
static uint64_t count_buffers(const struct pool *pool, const struct config *config,
			      const struct ports *ports, uint32_t workers)
{
	uint64_t cached = (uint64_t)config->protocol.cache_segments + config->protocol.syn_entries;
	uint64_t buffers = 0;

	for (int side = 0; side < 2; side++)
		buffers += workers *
			   ((uint64_t)ports->port[side].rx_descriptors +
			    (uint64_t)ports->port[side].tx_descriptors * pool->segments_per_frame);
	buffers += (uint64_t)workers * 2 * pool->segments_per_frame * (WORKER_BURST + OUTPUT_ROOM);
	/* A lcore's cache may grow to one and a half times its size. */
	buffers += (uint64_t)rte_lcore_count() * LCORE_CACHE * 3 / 2;
	buffers += workers * cached * pool->segments_per_frame;
	return buffers;
}

static uint64_t free_hugepage_bytes(void)
{
	uint64_t bytes = 0;
	glob_t found;

	if (glob("/sys/kernel/mm/hugepages/hugepages-*kB", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		unsigned long kib = 0, pages = 0;
		char path[256];
		FILE *file;

		snprintf(path, sizeof(path), "%s/free_hugepages", found.gl_pathv[i]);
		if (sscanf(strrchr(found.gl_pathv[i], '-') + 1, "%lu", &kib) != 1)
			continue;
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		if (fscanf(file, "%lu", &pages) == 1)
			bytes += (uint64_t)kib * 1024 * pages;
		fclose(file);
	}
	globfree(&found);
	return bytes;
}

static void explain(const struct pool *pool, const struct config *config, int socket)
{
	uint32_t object =
		rte_mempool_calc_obj_size(sizeof(struct rte_mbuf) + pool->data_room, 0, NULL);
	struct rte_malloc_socket_stats stats = {0};
	uint64_t spare;

	rte_malloc_get_socket_stats(socket, &stats);
	spare = rte_eal_has_hugepages() ? free_hugepage_bytes() : 0;
	log_error("no memory for the packet buffers: %u of %u bytes are needed on socket %d, %.0f "
		  "MiB (%u of them for [cache] segments); the EAL has %.0f MiB free and could take "
		  "%.0f MiB of hugepages; %s, or lower [cache] segments or [ports] descriptors",
		  pool->buffers, object, socket, (double)object * pool->buffers / MIB,
		  config->protocol.cache_segments * pool->segments_per_frame,
		  (double)stats.heap_freesz_bytes / MIB, (double)spare / MIB,
		  rte_eal_has_hugepages() ? "reserve more hugepages" : "give the EAL more with -m");
}

int pool_create(struct pool *pool, const struct config *config, const struct ports *ports,
		uint32_t workers)
{
	int socket = ports->socket;
	uint64_t buffers;

	memset(pool, 0, sizeof(*pool));
	pool->data_room = (uint16_t)(choose_room(ports) + RTE_PKTMBUF_HEADROOM);
	pool->segments_per_frame =
		(uint16_t)((frame_bytes_max(ports) + choose_room(ports) - 1) / choose_room(ports));
	buffers = count_buffers(pool, config, ports, workers);
	if (buffers > UINT32_MAX) {
		log_error(
			"[cache] segments = %u needs %llu packet buffers, at most %u are possible",
			config->protocol.cache_segments, (unsigned long long)buffers, UINT32_MAX);
		return -1;
	}
	pool->buffers = (uint32_t)buffers;
	pool->mempool = rte_pktmbuf_pool_create("packets", pool->buffers, LCORE_CACHE, 0,
						pool->data_room, socket);
	if (pool->mempool == NULL) {
		explain(pool, config, socket);
		return -1;
	}
	return 0;
}

uint32_t pool_missing(const struct pool *pool)
{
	return pool->buffers - rte_mempool_avail_count(pool->mempool);
}

void pool_free(struct pool *pool)
{
	rte_mempool_free(pool->mempool);
	pool->mempool = NULL;
}
