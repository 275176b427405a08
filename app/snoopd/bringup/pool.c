/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/pool.h>

#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <snoopd/base/log.h>
#include <snoopd/datapath/worker.h>

#define LCORE_CACHE 256 /* buffers in an lcore's mempool cache */
#define ROOM_STEP 1024u /* NICs take buffer sizes in steps of this */
#define ROOM_MIN 2048u	/* what every NIC takes */
#define ROOM_MAX 10240u /* jumbo frames of 9.6k in one buffer; longer ones are chained */
#define ROOM_LIMIT ((uint32_t)(UINT16_MAX - RTE_PKTMBUF_HEADROOM))
#define FRAME_OVERHEAD 26 /* Ethernet header, two VLAN tags, FCS */

_Static_assert((sizeof(struct rte_mbuf) + POOL_PRIVATE_BYTES + RTE_PKTMBUF_HEADROOM + 8) %
			       RTE_CACHE_LINE_SIZE ==
		       0,
	       "a frame begins 8 bytes before a cache line");

static uint32_t frame_bytes_max(const struct ports *ports)
{
	return RTE_MAX((uint32_t)ports->mtu_bytes + FRAME_OVERHEAD, ports->room_min_bytes);
}

static uint16_t choose_room(const struct ports *ports)
{
	uint32_t room = RTE_MIN(RTE_ALIGN_CEIL(frame_bytes_max(ports), ROOM_STEP), ROOM_MAX);

	room = RTE_MAX(room, ROOM_MIN);
	/* Room and headroom together must fit into 16 bits. */
	return (uint16_t)RTE_MIN(RTE_MAX(room, ports->room_min_bytes), ROOM_LIMIT);
}

/* All of a link that can hold a buffer at the same time, and the cache on top. */
static uint64_t count_buffers(const struct pool *pool, const struct pool_link *link)
{
	const struct steering *steering = link->steering;
	const struct config *config = link->config;
	uint64_t workers = steering->plan.workers, buffers = 0;
	struct config share;

	config_share(config, steering->plan.workers, &share);
	for (int side = 0; side < 2; side++) {
		const struct port *port = &link->ports->port[side];

		buffers +=
			(uint64_t)port->rx_queues * port->rx_descriptors +
			(uint64_t)port->tx_queues * port->tx_descriptors * pool->segments_per_frame;
	}
	buffers += workers * pool->segments_per_frame * 2 *
		   (WORKER_BURST + TRANSMIT_ROOM + PACKET_DROPPED_ROOM);
	buffers += (uint64_t)steering_rings(steering) * config->handoff_packets *
		   pool->segments_per_frame;
	buffers += workers *
		   ((uint64_t)share.protocol.cache_segments + share.protocol.syn_entries) *
		   pool->segments_per_frame;
	return buffers;
}

int pool_size(struct pool *pool, const struct pool_link links[], uint32_t count)
{
	/* An lcore's cache may grow to one and a half times its size. */
	uint64_t buffers = (uint64_t)rte_lcore_count() * LCORE_CACHE * 3 / 2;
	uint32_t frame_bytes = 0, segments = 0;
	uint16_t room = 0;

	memset(pool, 0, sizeof(*pool));
	for (uint32_t i = 0; i < count; i++) {
		frame_bytes = RTE_MAX(frame_bytes, frame_bytes_max(links[i].ports));
		room = (uint16_t)RTE_MAX(room, choose_room(links[i].ports));
		segments += links[i].config->protocol.cache_segments;
	}
	pool->data_room = (uint16_t)(room + RTE_PKTMBUF_HEADROOM);
	pool->segments_per_frame = (uint16_t)((frame_bytes + room - 1) / room);
	for (uint32_t i = 0; i < count; i++)
		buffers += count_buffers(pool, &links[i]);
	if (buffers > UINT32_MAX) {
		log_error(
			"[cache] segments = %u needs %llu packet buffers, but the pool can have at "
			"most %u",
			segments, (unsigned long long)buffers, UINT32_MAX);
		return -1;
	}
	pool->buffers = (uint32_t)buffers;
	return 0;
}

uint64_t pool_bytes(const struct pool *pool)
{
	uint64_t object = rte_mempool_calc_obj_size(
		sizeof(struct rte_mbuf) + POOL_PRIVATE_BYTES + pool->data_room, 0, NULL);
	/* Assume the smallest pages: larger ones waste less at their ends. */
	uint64_t page = rte_eal_has_hugepages() ? RTE_PGSIZE_2M : (uint64_t)sysconf(_SC_PAGESIZE);

	/* No buffer crosses a page border. */
	if (object > page)
		return pool->buffers * RTE_ALIGN_CEIL(object, page);
	return (pool->buffers + page / object - 1) / (page / object) * page;
}

int pool_create(struct pool *pool, int socket)
{
	pool->mempool = rte_pktmbuf_pool_create("packets", pool->buffers, LCORE_CACHE,
						POOL_PRIVATE_BYTES, pool->data_room, socket);
	return pool->mempool == NULL ? -rte_errno : 0;
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
