/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/handoff.h>

#include <stdio.h>

#include <rte_malloc.h>

#include <snoopd/datapath/worker.h>

static uint32_t owner_of_queue(const struct handoff_plan *plan, enum snoop_side side,
			       uint32_t queue)
{
	/* Under RSS both directions of a flow arrive in queues of the same number. */
	return (queue + (plan->software ? (uint32_t)side : 0)) % plan->workers;
}

struct handoff_queues handoff_queues_of(const struct handoff_plan *plan, enum snoop_side side,
					uint32_t worker)
{
	uint32_t turned = plan->software ? (uint32_t)side : 0;
	uint32_t number = (worker + plan->workers - turned % plan->workers) % plan->workers;
	struct handoff_queues queues = {
		.rx_first = (uint16_t)number,
		.rx_step = (uint16_t)plan->workers,
		.rx_count = plan->rx_queues[side],
		.tx_queue = (uint16_t)(number % plan->tx_queues[side]),
	};

	queues.tx_worker = owner_of_queue(plan, side, queues.tx_queue);
	queues.has_tx = queues.tx_worker == worker;
	return queues;
}

static bool receives(const struct handoff_plan *plan, enum snoop_side side, uint32_t worker)
{
	struct handoff_queues queues = handoff_queues_of(plan, side, worker);

	return queues.rx_first < queues.rx_count;
}

static bool hands_over(const struct handoff_plan *plan, enum snoop_side side, uint32_t from,
		       uint32_t to)
{
	return plan->software && from != to && receives(plan, side, from);
}

uint32_t handoff_rings(const struct handoff_plan *plan)
{
	uint32_t rings = 0;

	for (int side = 0; side < 2; side++)
		for (uint32_t from = 0; from < plan->workers; from++) {
			rings += !handoff_queues_of(plan, (enum snoop_side)side, from).has_tx;
			for (uint32_t to = 0; to < plan->workers; to++)
				rings += hands_over(plan, (enum snoop_side)side, from, to);
		}
	return rings;
}

uint64_t handoff_bytes(const struct handoff_plan *plan, uint32_t packets)
{
	return sizeof(struct handoff) +
	       (uint64_t)handoff_rings(plan) *
		       (uint64_t)rte_ring_get_memsize(rte_align32pow2(packets + 1));
}

static struct rte_ring *make_ring(const char *what, uint32_t link, enum snoop_side side,
				  uint32_t from, uint32_t to, uint32_t packets, int socket)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u_%u_%u_%u", what, link, side, from, to);
	return rte_ring_create(name, packets, socket,
			       RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
}

static bool make_rings(struct handoff *handoff, uint32_t link, enum snoop_side side,
		       uint32_t packets, int socket)
{
	const struct handoff_plan *plan = &handoff->plan;

	for (uint32_t from = 0; from < plan->workers; from++) {
		struct handoff_queues queues = handoff_queues_of(plan, side, from);

		if (!queues.has_tx) {
			handoff->tx[side][from] = make_ring("tx", link, side, from,
							    queues.tx_worker, packets, socket);
			if (handoff->tx[side][from] == NULL)
				return false;
		}
		for (uint32_t to = 0; to < plan->workers; to++) {
			if (!hands_over(plan, side, from, to))
				continue;
			handoff->rx[side][from][to] =
				make_ring("rx", link, side, from, to, packets, socket);
			if (handoff->rx[side][from][to] == NULL)
				return false;
		}
	}
	return true;
}

struct handoff *handoff_create(const struct handoff_plan *plan, uint32_t link, uint32_t packets,
			       int socket)
{
	struct handoff *handoff =
		rte_zmalloc_socket("handoff", sizeof(*handoff), RTE_CACHE_LINE_SIZE, socket);

	if (handoff == NULL)
		return NULL;
	handoff->plan = *plan;
	handoff->receiving = plan->workers;
	handoff->sending = plan->workers;
	if (make_rings(handoff, link, SNOOP_WIRED, packets, socket) &&
	    make_rings(handoff, link, SNOOP_WIRELESS, packets, socket))
		return handoff;
	handoff_free(handoff);
	return NULL;
}

void handoff_free(struct handoff *handoff)
{
	if (handoff == NULL)
		return;
	for (int side = 0; side < 2; side++)
		for (uint32_t from = 0; from < handoff->plan.workers; from++) {
			rte_ring_free(handoff->tx[side][from]);
			for (uint32_t to = 0; to < handoff->plan.workers; to++)
				rte_ring_free(handoff->rx[side][from][to]);
		}
	rte_free(handoff);
}

static void drop_staged(struct worker_link *link, struct worker_stage *stage, uint32_t from)
{
	link->counters.handoff_drops += stage->count - from;
	rte_pktmbuf_free_bulk(&stage->packets[from], stage->count - from);
}

static void send_to_owner(struct worker_link *link, enum snoop_side from, uint32_t owner)
{
	struct rte_ring *ring = link->handoff->rx[from][link->rank][owner];
	struct worker_stage *stage = &link->worker->staged[owner];
	uint32_t sent = 0;

	for (uint32_t tries = 0;; tries++) {
		sent += rte_ring_sp_enqueue_burst(ring, (void **)&stage->packets[sent],
						  stage->count - sent, NULL);
		if (sent == stage->count || tries == link->config->tx_retries)
			break;
		worker_relax(link->worker);
	}
	link->counters.handoff_packets += sent;
	if (sent < stage->count)
		drop_staged(link, stage, sent);
	stage->count = 0;
}

void handoff_send_staged(struct worker_link *link, enum snoop_side from)
{
	for (uint32_t owner = 0; owner < link->workers; owner++)
		if (link->worker->staged[owner].count > 0)
			send_to_owner(link, from, owner);
}

bool handoff_stage(struct worker_link *link, struct rte_mbuf *packet, uint32_t owner, uint32_t hash)
{
	struct worker_stage *stage = &link->worker->staged[owner];

	if (owner == link->rank)
		return false;
	packet->hash.rss = hash; /* spares the owner the work */
	stage->packets[stage->count++] = packet;
	return true;
}
