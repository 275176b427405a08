/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/memory.h>

#include <glob.h>
#include <numa.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include <flow/table.h>
#include <snoopd/base/log.h>

/* For what the heap needs beside the block. */
#define TOUCH_LESS_BYTES 4096u
#define KIB 1024ull
#define MIB (1024.0 * 1024.0)

static void add_link(struct memory_need *need, const struct pool_link *link)
{
	const struct steering *steering = link->steering;
	uint64_t workers = steering->plan.workers;
	uint32_t packets = link->config->handoff_packets;
	struct config share;

	config_share(link->config, steering->plan.workers, &share);
	need->table_bytes += workers * flow_table_bytes(share.flows);
	need->engine_bytes += workers * snoop_engine_bytes(&share.protocol);
	need->ring_bytes += RTE_MAX(handoff_bytes(&steering->plan, packets),
				    handoff_bytes(&steering->fallback, packets));
}

struct memory_need memory_need_of(const struct pool *pool, const struct pool_link links[],
				  uint32_t count)
{
	struct memory_need need = {.buffer_bytes = pool_bytes(pool)};

	for (uint32_t i = 0; i < count; i++)
		add_link(&need, &links[i]);
	return need;
}

static uint64_t need_bytes(const struct memory_need *need)
{
	return need->buffer_bytes + need->table_bytes + need->engine_bytes + need->ring_bytes;
}

static uint64_t free_bytes_in(const char *folder)
{
	unsigned long kib = 0, pages = 0;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/free_hugepages", folder);
	if (sscanf(strrchr(folder, '-') + 1, "%lu", &kib) != 1)
		return 0;
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return kib * KIB * pages;
}

static uint64_t free_hugepage_bytes(int socket)
{
	uint64_t bytes = 0;
	char pattern[128];
	glob_t found;

	if (!rte_eal_has_hugepages())
		return 0;
	snprintf(pattern, sizeof(pattern),
		 "/sys/devices/system/node/node%d/hugepages/hugepages-*kB", socket);
	/* A kernel without NUMA has one list for all nodes. */
	if (glob(pattern, 0, NULL, &found) != 0 &&
	    glob("/sys/kernel/mm/hugepages/hugepages-*kB", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		bytes += free_bytes_in(found.gl_pathv[i]);
	globfree(&found);
	return bytes;
}

/* Without hugepages, the EAL takes memory from any node. */
static uint64_t free_heap_bytes(int socket)
{
	bool any = socket == SOCKET_ID_ANY || !rte_eal_has_hugepages();
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < rte_socket_count(); i++) {
		struct rte_malloc_socket_stats stats = {0};
		int at = rte_socket_id_by_idx(i);

		if ((any || at == socket) && rte_malloc_get_socket_stats(at, &stats) == 0)
			bytes += stats.heap_freesz_bytes;
	}
	return bytes;
}

/* "1024 MiB, 80 MiB of it free": memory of the node, hugepages or not. */
static void describe_node(char *out, size_t out_bytes, int socket)
{
	long long bytes, spare;

	snprintf(out, out_bytes, "an unknown size");
	if (numa_available() < 0)
		return;
	bytes = numa_node_size64(socket, &spare);
	if (bytes > 0)
		snprintf(out, out_bytes, "%.0f MiB, %.0f MiB of it free", (double)bytes / MIB,
			 (double)spare / MIB);
}

void memory_explain(const struct memory_need *need, int socket)
{
	char node[80];

	describe_node(node, sizeof(node), socket);
	log_error(
		"not enough memory on NUMA node %d: %.1f MiB are needed (packet buffers %.1f, flow "
		"tables %.1f, caches and SYN memory %.1f, hand-off rings %.1f MiB); the EAL has "
		"%.1f MiB free, free hugepages of the node have %.1f MiB, the node has %s; %s, or "
		"lower [cache] segments, [flows] max, [ports] descriptors or [workers] handoff",
		socket, (double)need_bytes(need) / MIB, (double)need->buffer_bytes / MIB,
		(double)need->table_bytes / MIB, (double)need->engine_bytes / MIB,
		(double)need->ring_bytes / MIB, (double)free_heap_bytes(socket) / MIB,
		(double)free_hugepage_bytes(socket) / MIB, node,
		rte_eal_has_hugepages() ? "reserve more hugepages on that node"
					: "give the EAL more with -m");
}

int memory_check(const struct memory_need *need, int socket)
{
	if (need_bytes(need) <= free_heap_bytes(socket) + free_hugepage_bytes(socket))
		return 0;
	memory_explain(need, socket);
	return -1;
}

void memory_warn_remote(unsigned int lcore, int socket)
{
	int own = (int)rte_lcore_to_socket_id(lcore);

	if (own == socket)
		return;
	log_warning(
		"event=numa lcore=%u node=%d ports_node=%d distance=%d message=\"this worker "
		"reaches the ports' memory across nodes (distance 10 is local): choose an lcore of "
		"the ports' node with -l\"",
		lcore, own, socket, numa_available() < 0 ? 0 : numa_distance(own, socket));
}

void memory_touch(void)
{
	for (unsigned int i = 0; i < rte_socket_count(); i++) {
		int socket = rte_socket_id_by_idx(i);
		struct rte_malloc_socket_stats stats;

		if (rte_malloc_get_socket_stats(socket, &stats) != 0 ||
		    stats.greatest_free_size <= TOUCH_LESS_BYTES)
			continue;
		rte_free(rte_zmalloc_socket(NULL, stats.greatest_free_size - TOUCH_LESS_BYTES, 0,
					    socket));
	}
}
