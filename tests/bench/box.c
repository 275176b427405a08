/* SPDX-License-Identifier: BSD-3-Clause */
#include "box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_timer.h>

#include <snoopd/bringup/pool.h>

#include "packet.h"

#define DATA_ROOM (RTE_PKTMBUF_HEADROOM + 2048)
#define LCORE_CACHE 256
#define CACHE_BYTES (1ull << 40) /* never the limit: the segments are */
#define SECRET 0x736e6f6f70640002ull

#define fail(format, ...) fprintf(stderr, "snoopd-bench: " format "\n", ##__VA_ARGS__)

const char *box_mode_name(enum box_mode mode)
{
	return mode == BOX_WIRE ? "wire" : snoop_level_name((enum snoop_level)mode);
}

int box_mode_parse(const char *name)
{
	return strcmp(name, "wire") == 0 ? BOX_WIRE : snoop_level_parse(name);
}

/* The worker's jobs follow the virtual time. So that a turn costs what it costs on an lcore, it
 * looks at rte_timer as well, where one timer is pending and never due. */
static struct rte_timer never;

static void never_fires(struct rte_timer *timer, void *argument)
{
	fail("a timer fired that is not due for a year");
}

static void arm_never(void)
{
	const uint64_t year_s = 365 * 24 * 3600;

	rte_timer_init(&never);
	rte_timer_reset(&never, rte_get_timer_hz() * year_s, SINGLE, rte_lcore_id(), never_fires,
			NULL);
}

static uint16_t collect(void *context, enum snoop_side to, struct rte_mbuf **packets,
			uint16_t count)
{
	const struct box_link *link = context;
	struct box *box = link->box;

	count = (uint16_t)RTE_MIN(count, BOX_SENT_ROOM - box->sent_count);
	memcpy(&box->sent[box->sent_count], packets, count * sizeof(*packets));
	memset(&box->sent_link[box->sent_count], link->number, count);
	box->sent_count += count;
	return count;
}

static size_t heap_bytes(void)
{
	struct rte_malloc_socket_stats stats = {0};

	rte_malloc_get_socket_stats(0, &stats);
	return stats.heap_allocsz_bytes;
}

static uint32_t links_of(const struct box_setup *setup)
{
	return RTE_MAX(setup->links, 1u);
}

/* What each link gets. */
static void configure(struct config *config, const struct box_setup *setup)
{
	config_defaults(config);
	config->mode = (enum snoop_level)setup->mode;
	config->flows = setup->flows / links_of(setup);
	config->checksum = setup->nic_checksum ? CONFIG_CHECKSUM_NIC : CONFIG_CHECKSUM_SOFTWARE;
	if (setup->idle_us != 0)
		config->flow_idle_us = setup->idle_us;
	config->protocol.stations = setup->stations / links_of(setup);
	config->protocol.cache_segments = setup->segments / links_of(setup);
	config->protocol.cache_bytes = CACHE_BYTES;
	config->protocol.flow_cache_bytes = CACHE_BYTES;
}

static int create_worker(struct box *box, const struct box_setup *setup)
{
	struct worker_link_setup links[WORKER_LINKS_MAX];
	struct worker_setup worker = {
		.index = setup->index,
		.pool = box->pool,
		.segments_per_frame = 1,
		.socket = SOCKET_ID_ANY,
		.secret = SECRET,
		.send = collect,
	};
	struct snoop_config one_more;
	struct config share;
	size_t before = heap_bytes(), engine;

	for (uint32_t i = 0; i < links_of(setup); i++) {
		links[i] = (struct worker_link_setup){
			.config = &box->config,
			.workers = setup->workers,
			.rank = setup->index % RTE_MAX(setup->workers, 1u),
			.send_context = &box->links[i],
		};
		worker.link[i] = &links[i];
	}
	config_share(&box->config, RTE_MAX(setup->workers, 1u), &share);
	one_more = share.protocol;
	engine = snoop_engine_bytes(&share.protocol);
	box->worker = worker_create(&worker);
	if (box->worker == NULL)
		return -1;
	arm_never();
	box->flow_bytes = (double)(heap_bytes() - before - sizeof(*box->worker) -
				   links_of(setup) * (engine + sizeof(*box->worker->link[0]))) /
			  (share.flows * links_of(setup));
	one_more.cache_segments *= 2;
	box->segment_bytes =
		(double)(snoop_engine_bytes(&one_more) - engine) / share.protocol.cache_segments;
	return 0;
}

static struct rte_mempool *create_pool(struct box *box, const struct box_setup *setup)
{
	struct rte_mempool *pool;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "packets_%u", setup->index);
	box->buffers = setup->segments + setup->spare_buffers;
	pool = rte_pktmbuf_pool_create(name, box->buffers, LCORE_CACHE, POOL_PRIVATE_BYTES,
				       DATA_ROOM, SOCKET_ID_ANY);
	if (pool == NULL)
		fail("%u packet buffers of %u bytes: %s; give more memory with -m or --huge",
		     box->buffers, (unsigned int)DATA_ROOM, rte_strerror(rte_errno));
	else
		packet_fill(pool);
	return pool;
}

static void free_pool(struct box *box)
{
	if (box->buffers != 0)
		rte_mempool_free(box->pool);
}

struct box *box_create(const struct machine *machine, const struct box_setup *setup)
{
	struct box *box = calloc(1, sizeof(*box));

	if (box == NULL)
		return NULL;
	box->machine = machine;
	box->mode = setup->mode;
	for (uint32_t i = 0; i < WORKER_LINKS_MAX; i++)
		box->links[i] = (struct box_link){box, (uint8_t)i};
	configure(&box->config, setup);
	box->pool = setup->pool != NULL ? setup->pool : create_pool(box, setup);
	if (box->pool == NULL) {
		free(box);
		return NULL;
	}
	if (setup->mode != BOX_WIRE && create_worker(box, setup) != 0) {
		free_pool(box);
		free(box);
		return NULL;
	}
	return box;
}

int box_destroy(struct box *box, uint64_t now_us)
{
	uint32_t missing = 0;

	box_release(box);
	if (box->worker != NULL) {
		worker_close(box->worker, now_us);
		box_release(box);
		rte_timer_stop(&never);
		worker_destroy(box->worker);
	}
	if (box->buffers != 0)
		missing = box->buffers - rte_mempool_avail_count(box->pool);
	if (missing != 0)
		fail("%u packet buffers did not come back", missing);
	free_pool(box);
	free(box);
	return missing == 0 ? 0 : -1;
}

void box_reset(struct box *box)
{
	box->figures = (struct box_figures){0};
}

static uint64_t cycles_since(const struct box *box, uint64_t start)
{
	uint64_t cycles = rte_rdtsc() - start;

	return cycles > box->machine->tsc_cost ? cycles - box->machine->tsc_cost : 0;
}

/* As drivers refill their rings: of an mbuf from the pool only the first cache line is written. */
int box_take(struct box *box, struct rte_mbuf **buffers, uint32_t count)
{
	uint64_t start = rte_rdtsc();

	if (rte_mempool_get_bulk(box->pool, (void **)buffers, count) != 0) {
		fail("no packet buffer left");
		return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		buffers[i]->data_off = RTE_PKTMBUF_HEADROOM;
		buffers[i]->ol_flags = 0;
	}
	box->figures.pool_cycles += cycles_since(box, start);
	return 0;
}

/* As drivers do with what they have sent. */
void box_release(struct box *box)
{
	uint64_t start = rte_rdtsc();
	uint32_t free = 0;

	for (uint32_t i = 0; i < box->sent_count; i++) {
		struct rte_mbuf *packet = rte_pktmbuf_prefree_seg(box->sent[i]);

		if (packet != NULL)
			box->sent[free++] = packet;
	}
	if (free > 0)
		rte_mempool_put_bulk(box->pool, (void **)box->sent, free);
	box->sent_count = 0;
	box->figures.pool_cycles += cycles_since(box, start);
}

/* As receive_handed() does, but at the virtual time. */
static void take_handed(struct worker_link *link, uint64_t now_us)
{
	for (uint32_t i = 0; i < link->rx_lane_count; i++) {
		const struct worker_lane *lane = &link->rx_lanes[i];
		struct rte_mbuf *packets[HANDOFF_BURST];
		uint32_t count = rte_ring_sc_dequeue_burst(lane->ring, (void **)packets,
							   HANDOFF_BURST, NULL);

		if (count > 0)
			worker_input_handed(link, lane->side, packets, count, now_us);
	}
}

/* callgrind counts what happens in here; see tests/bench/instructions. */
__rte_noinline void bench_turn(struct box *box, uint32_t link, struct rte_mbuf **wired,
			       uint32_t wired_count, struct rte_mbuf **wireless,
			       uint32_t wireless_count, uint64_t now_us);

__rte_noinline void bench_turn(struct box *box, uint32_t link, struct rte_mbuf **wired,
			       uint32_t wired_count, struct rte_mbuf **wireless,
			       uint32_t wireless_count, uint64_t now_us)
{
	if (box->mode == BOX_WIRE) {
		collect(&box->links[link], SNOOP_WIRELESS, wired, (uint16_t)wired_count);
		collect(&box->links[link], SNOOP_WIRED, wireless, (uint16_t)wireless_count);
		return;
	}
	if (wired_count + wireless_count > 0)
		worker_input(box->worker->link[link],
			     (struct worker_received[2]){
				     [SNOOP_WIRED] = {wired, wired_count},
				     [SNOOP_WIRELESS] = {wireless, wireless_count},
			     },
			     now_us);
	take_handed(box->worker->link[link], now_us);
	if (box->figures.turns % WORKER_MANAGE_TURNS == 0)
		rte_timer_manage();
	worker_service(box->worker, now_us);
}

uint64_t box_turn(struct box *box, uint32_t link, struct rte_mbuf **wired, uint32_t wired_count,
		  struct rte_mbuf **wireless, uint32_t wireless_count, uint64_t now_us)
{
	uint64_t start, cycles;

	for (uint32_t i = 0; i < wired_count; i++)
		box->figures.bytes += wired[i]->pkt_len;
	for (uint32_t i = 0; i < wireless_count; i++)
		box->figures.bytes += wireless[i]->pkt_len;
	start = rte_rdtsc();
	bench_turn(box, link, wired, wired_count, wireless, wireless_count, now_us);
	cycles = cycles_since(box, start);
	box->packets_total += wired_count + wireless_count;
	box->figures.turns++;
	box->figures.packets += wired_count + wireless_count;
	box->figures.turn_cycles += cycles;
	box->figures.turn_max_cycles = RTE_MAX(box->figures.turn_max_cycles, cycles);
	return cycles;
}
