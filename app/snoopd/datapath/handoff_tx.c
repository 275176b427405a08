/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/handoff_tx.h>

#include <snoopd/datapath/worker.h>

static void drop_staged(struct worker *worker, struct worker_stage *stage, uint32_t from)
{
	worker->counters.handoff_drops += stage->count - from;
	rte_pktmbuf_free_bulk(&stage->packets[from], stage->count - from);
}

static void send_staged(struct worker *worker, enum snoop_side from, uint32_t owner)
{
	struct rte_ring *ring = worker->handoff->rx[from][worker->index][owner];
	struct worker_stage *stage = &worker->staged[owner];
	uint32_t sent = 0;

	for (uint32_t tries = 0;; tries++) {
		sent += rte_ring_sp_enqueue_burst(ring, (void **)&stage->packets[sent],
						  stage->count - sent, NULL);
		if (sent == stage->count || tries == worker->config->tx_retries)
			break;
		worker_relax(worker);
	}
	worker->counters.handoff_packets += sent;
	if (sent < stage->count)
		drop_staged(worker, stage, sent);
	stage->count = 0;
}

void handoff_tx_send(struct worker *worker, enum snoop_side from)
{
	for (uint32_t owner = 0; owner < worker->workers; owner++)
		if (worker->staged[owner].count > 0)
			send_staged(worker, from, owner);
}

bool handoff_tx_stage(struct worker *worker, struct rte_mbuf *packet, uint32_t owner, uint32_t hash)
{
	struct worker_stage *stage = &worker->staged[owner];

	if (owner == worker->index)
		return false;
	packet->hash.rss = hash; /* spares the owner the work */
	stage->packets[stage->count++] = packet;
	return true;
}
