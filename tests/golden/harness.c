/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * golden-harness: the worker of snoopd, whole and unchanged, between four pcap files on a simulated
 * clock.
 *
 * Both input files are merged by their time stamps. The clock jumps from event to event: the next
 * packet, the next time-out, the worker's next chore, whichever is earlier. What the worker sends
 * is written with the simulated time. At the end the worker lets go of everything; the program
 * fails if a packet buffer is missing then, if a timer is still armed, or if the counters did not
 * add up after any step.
 *
 * Needs neither ports nor hugepages nor root.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>

#include "capture.h"
#include "journal.h"
#include "timer_sim.h"

#define BUFFERS_DEFAULT 4095u
/* Small on purpose: jumbo frames become chains. */
#define DATA_ROOM (RTE_PKTMBUF_HEADROOM + 2048)
#define SEGMENTS_PER_FRAME 8
#define SECRET 0x736e6f6f70640001ull

#define fail(format, ...) fprintf(stderr, "golden-harness: " format "\n", ##__VA_ARGS__)

struct harness {
	const char *config_path, *stats_path, *journal_path;
	const char *in_path[2], *out_path[2]; /* by enum snoop_side */
	uint64_t end_us;
	enum driver_sharing sharing;
	uint32_t buffers;
	bool starve, no_cache;
	uint64_t stall_us, stall_end_us; /* the clock jumps from one to the other */

	struct config config;
	struct rte_mempool *pool;
	struct worker *worker;
	struct capture_reader in[2];
	struct capture_writer out[2];
	struct journal journal;
	uint64_t now_us;
};

static uint16_t take(void *context, enum snoop_side to, struct rte_mbuf **packets, uint16_t count)
{
	struct harness *harness = context;
	static uint8_t flat[UINT16_MAX];

	for (uint16_t i = 0; i < count; i++) {
		uint32_t bytes = rte_pktmbuf_pkt_len(packets[i]);
		const void *frame = rte_pktmbuf_read(packets[i], 0, bytes, flat);

		capture_write(&harness->out[to], harness->now_us, frame, bytes);
		journal_out(&harness->journal, packets[i], to, harness->now_us);
		rte_pktmbuf_free(packets[i]);
	}
	return count;
}

/* @return the frame in one or more buffers, or NULL. */
static struct rte_mbuf *make_packet(struct harness *harness, const uint8_t *frame, uint32_t bytes)
{
	struct rte_mbuf *head = NULL, **at = &head, *packet;
	uint32_t done = 0, part;

	do {
		packet = rte_pktmbuf_alloc(harness->pool);
		if (packet == NULL) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		part = RTE_MIN(bytes - done, (uint32_t)rte_pktmbuf_tailroom(packet));
		memcpy(rte_pktmbuf_append(packet, (uint16_t)part), frame + done, part);
		done += part;
		*at = packet;
		at = &packet->next;
		if (packet != head) {
			head->nb_segs++;
			head->pkt_len += part;
		}
	} while (done < bytes);
	return head;
}

/* The identity of counters/counters.h. */
static int check_sum(const struct counters *counters, uint64_t now_us)
{
	uint64_t received = counters->rx_wired_packets + counters->rx_wireless_packets;
	uint64_t accounted = counters->forwarded_packets + counters->acks_freed +
			     counters->acks_withheld_now + counters_drops(counters);

	if (received == accounted)
		return 0;
	fail("at %" PRIu64 " us: received %" PRIu64 " packets, but forwarded + freed + withheld + "
	     "dropped = %" PRIu64,
	     now_us, received, accounted);
	return -1;
}

static uint64_t next_packet_us(const struct harness *harness)
{
	uint64_t next_us = SNOOP_NEVER;

	for (int side = 0; side < 2; side++)
		if (!harness->in[side].ended)
			next_us = RTE_MIN(next_us, harness->in[side].time_us);
	return next_us;
}

static uint64_t next_event_us(const struct harness *harness)
{
	const struct worker *worker = harness->worker;
	uint64_t timer_us =
		RTE_MIN(timer_sim_next_us(), snoop_engine_deadline_us(worker->link[0]->engine));

	/* The worker looks at its timers no more often than this. */
	timer_us = RTE_MAX(timer_us, worker->tick.next_us);
	if (worker->timers.due.first != 0)
		timer_us = harness->now_us;
	return RTE_MIN(RTE_MIN(next_packet_us(harness), timer_us), worker->housekeeping.next_us);
}

static int feed(struct harness *harness, enum snoop_side side)
{
	struct capture_reader *in = &harness->in[side];
	struct rte_mbuf *packet = make_packet(harness, in->frame, in->bytes);
	struct worker_received received[2] = {{0}};

	journal_in(&harness->journal, packet, side, harness->now_us);
	if (packet != NULL) {
		received[side] = (struct worker_received){.packets = &packet, .count = 1};
		worker_input(harness->worker->link[0], received, harness->now_us);
		journal_withheld(&harness->journal, harness->worker, in->frame, in->bytes);
	} else if (!harness->starve) {
		fail("%s: no packet buffer left", in->path);
		return -1;
	}
	return capture_next(in);
}

static int replay(struct harness *harness)
{
	struct worker *worker = harness->worker;

	harness->now_us = next_packet_us(harness);
	if (harness->now_us == SNOOP_NEVER) {
		fail("both inputs are empty");
		return -1;
	}
	for (;;) {
		uint64_t next_us = next_event_us(harness);

		/* A step of the clock: whatever was due meanwhile is late. */
		if (next_us > harness->stall_us && next_us < harness->stall_end_us)
			next_us = harness->stall_end_us;
		if (next_us > harness->end_us)
			break;
		harness->now_us = RTE_MAX(harness->now_us, next_us);
		/* At the same time the wired side comes first. */
		for (int side = 0; side < 2; side++)
			if (!harness->in[side].ended &&
			    harness->in[side].time_us <= harness->now_us) {
				if (feed(harness, (enum snoop_side)side) != 0)
					return -1;
				break;
			}
		if (next_packet_us(harness) < harness->now_us) /* one a turn of those that waited */
			receive_note(&worker->receive, WORKER_BURST);
		worker_service(worker, harness->now_us);
		journal_count(&harness->journal, &worker->link[0]->counters);
		if (check_sum(&worker->link[0]->counters, harness->now_us) != 0)
			return -1;
	}
	if (next_packet_us(harness) != SNOOP_NEVER) {
		fail("packets behind --end");
		return -1;
	}
	harness->now_us = harness->end_us;
	worker_close(worker, harness->now_us);
	journal_count(&harness->journal, &worker->link[0]->counters);
	return check_sum(&worker->link[0]->counters, harness->now_us);
}

static int check_end(const struct harness *harness)
{
	const struct counters *counters = &harness->worker->link[0]->counters;
	uint32_t missing = harness->buffers - rte_mempool_avail_count(harness->pool);
	int failed = 0;

	if (missing != 0) {
		fail("%u packet buffers did not come back", missing);
		failed = -1;
	}
	if (timer_sim_armed() != 0) {
		fail("%u timers are armed after the end", timer_sim_armed());
		failed = -1;
	}
	if (counters->cache_segments != 0 || counters->cache_bytes != 0 ||
	    counters->acks_withheld_now != 0) {
		fail("not empty after the end: %" PRIu64 " segments, %" PRIu64 " bytes, %" PRIu64
		     " withheld ACKs",
		     counters->cache_segments, counters->cache_bytes, counters->acks_withheld_now);
		failed = -1;
	}
	return failed;
}

static int open_files(struct harness *harness)
{
	char error[512];

	config_defaults(&harness->config);
	if (config_load(&harness->config, harness->config_path, error, sizeof(error)) != 0) {
		fail("%s", error);
		return -1;
	}
	for (int side = 0; side < 2; side++)
		if (capture_open(&harness->in[side], harness->in_path[side]) != 0 ||
		    capture_create(&harness->out[side], harness->out_path[side]) != 0)
			return -1;
	return harness->journal_path ? journal_open(&harness->journal, harness->journal_path) : 0;
}

/* Less than the INI allows: every budget is used up at once. */
static void starve(struct config *config)
{
	config->flows = 8;
	config->protocol.cache_segments = 2; /* one segment and one ACK */
	config->protocol.stations = 1;
	config->protocol.syn_entries = 1;
	config->protocol.withhold_acks = 1;
}

/* Not in the INI's range either: nothing can be kept. */
static void take_cache(struct config *config)
{
	config->protocol.cache_segments = 0;
	config->protocol.cache_bytes = config->protocol.flow_cache_bytes = 0;
}

static int create_worker(struct harness *harness)
{
	struct worker_link_setup link = {
		.config = &harness->config,
		.port = {{.sharing = harness->sharing}, {.sharing = harness->sharing}},
		.send_context = harness,
	};
	struct worker_setup setup = {
		.segments_per_frame = SEGMENTS_PER_FRAME,
		.socket = SOCKET_ID_ANY,
		.secret = SECRET,
		.send = take,
		.link = {&link},
	};

	harness->pool = rte_pktmbuf_pool_create("packets", harness->buffers, 0, 0, DATA_ROOM,
						SOCKET_ID_ANY);
	if (harness->pool == NULL) {
		fail("rte_pktmbuf_pool_create: %s", rte_strerror(rte_errno));
		return -1;
	}
	setup.pool = harness->pool;
	if (harness->starve)
		starve(&harness->config);
	if (harness->no_cache)
		take_cache(&harness->config);
	harness->worker = worker_create(&setup);
	return harness->worker == NULL ? -1 : 0;
}

static int run(struct harness *harness)
{
	FILE *stats;
	int failed = 0;

	if (open_files(harness) != 0 || create_worker(harness) != 0)
		return -1;
	failed |= replay(harness);
	failed |= check_end(harness);
	stats = totals_open(harness->stats_path);
	failed |= stats == NULL ||
		  totals_write(&harness->worker->link[0]->counters, stats, harness->stats_path);
	failed |= journal_close(&harness->journal);
	worker_destroy(harness->worker);
	rte_mempool_free(harness->pool);
	for (int side = 0; side < 2; side++) {
		capture_close(&harness->in[side]);
		failed |= capture_finish(&harness->out[side]);
	}
	return failed;
}

static int parse_arguments(struct harness *harness, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"wired", required_argument, NULL, 'w'},
		{"wireless", required_argument, NULL, 'r'},
		{"out-wired", required_argument, NULL, 'W'},
		{"out-wireless", required_argument, NULL, 'R'},
		{"stats-file", required_argument, NULL, 's'},
		{"end", required_argument, NULL, 'e'},
		{"copy", no_argument, NULL, 'p'},
		{"journal", required_argument, NULL, 'j'},
		{"buffers", required_argument, NULL, 'b'},
		{"starve", no_argument, NULL, 'x'},
		{"no-cache", no_argument, NULL, 'n'},
		{"stall", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'c':
			harness->config_path = optarg;
			break;
		case 'w':
			harness->in_path[SNOOP_WIRED] = optarg;
			break;
		case 'r':
			harness->in_path[SNOOP_WIRELESS] = optarg;
			break;
		case 'W':
			harness->out_path[SNOOP_WIRED] = optarg;
			break;
		case 'R':
			harness->out_path[SNOOP_WIRELESS] = optarg;
			break;
		case 's':
			harness->stats_path = optarg;
			break;
		case 'e':
			harness->end_us = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			harness->sharing = DRIVER_COPY;
			break;
		case 'j':
			harness->journal_path = optarg;
			break;
		case 'b':
			harness->buffers = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'x':
			harness->starve = true;
			break;
		case 'n':
			harness->no_cache = true;
			break;
		case 't':
			if (sscanf(optarg, "%" SCNu64 ",%" SCNu64, &harness->stall_us,
				   &harness->stall_end_us) != 2)
				return -1;
			break;
		default:
			return -1;
		}
	if (harness->config_path != NULL && harness->stats_path != NULL &&
	    harness->in_path[0] != NULL && harness->in_path[1] != NULL &&
	    harness->out_path[0] != NULL && harness->out_path[1] != NULL && harness->end_us != 0)
		return 0;
	fail("usage: golden-harness --config INI --wired PCAP --wireless PCAP --out-wired PCAP "
	     "--out-wireless PCAP --stats-file JSON --end MICROSECONDS [--copy] "
	     "[--journal FILE] [--buffers COUNT] [--starve] [--no-cache] [--stall FROM,TO]");
	return -1;
}

int main(int argc, char **argv)
{
	char *eal[] = {"golden-harness",   "-l",       "0",
		       "--no-huge",	   "-m",       "64",
		       "--no-shconf",	   "--no-pci", "--no-telemetry",
		       "--log-level=error"};
	static struct harness harness = {.buffers = BUFFERS_DEFAULT};
	int failed;

	if (parse_arguments(&harness, argc, argv) != 0)
		return 2;
	if (rte_eal_init(RTE_DIM(eal), eal) < 0) {
		fail("rte_eal_init: %s", rte_strerror(rte_errno));
		return 1;
	}
	failed = run(&harness);
	rte_eal_cleanup();
	return failed != 0;
}
