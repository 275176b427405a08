/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/worker_link.h>

#include <rte_malloc.h>

#include <snoopd/datapath/worker.h>

static void set_port(struct worker_link *link, enum snoop_side side, const struct worker_port *port)
{
	static const struct carriage any = {CARRIAGE_ANY, CARRIAGE_ANY, CARRIAGE_ANY, false, NULL};

	link->port[side] = *port;
	if (port->carriage == NULL)
		link->port[side].carriage = &any;
	link->output[side].side = side;
	link->output[side].port_id = port->port_id;
	link->output[side].queue_id = port->queue_id;
	link->output[side].sharing = port->sharing;
	link->output[side].room = port->sharing == DRIVER_COPY ? 0 : TRANSMIT_ROOM;
	link->queues[side] = (struct handoff_queues){
		.rx_first = port->queue_id,
		.rx_step = 1,
		.rx_count = (uint16_t)(port->queue_id + 1),
	};
}

static uint32_t workers_of(const struct worker_link_setup *setup)
{
	return RTE_MAX(setup->workers, 1u);
}

uint32_t worker_link_flows(const struct worker_link_setup *setup)
{
	struct config share;

	config_share(setup->config, workers_of(setup), &share);
	return share.flows;
}

struct worker_link *worker_link_create(struct worker *worker, uint32_t number,
				       const struct worker_link_setup *setup, int socket)
{
	struct worker_link *link =
		rte_zmalloc_socket("worker_link", sizeof(*link), RTE_CACHE_LINE_SIZE, socket);
	struct config share;
	size_t bytes;
	void *memory;

	if (link == NULL) {
		worker_explain_memory("a link of a worker", sizeof(*link));
		return NULL;
	}
	config_share(setup->config, workers_of(setup), &share);
	bytes = snoop_engine_bytes(&share.protocol);
	memory = rte_zmalloc_socket("engine", bytes, RTE_CACHE_LINE_SIZE, socket);
	if (memory == NULL) {
		worker_explain_memory("the engine ([cache] and [syn])", bytes);
		rte_free(link);
		return NULL;
	}
	link->worker = worker;
	link->number = number;
	link->workers = workers_of(setup);
	link->rank = setup->rank;
	link->flows_max = share.flows;
	link->send_context = setup->send_context;
	set_port(link, SNOOP_WIRED, &setup->port[SNOOP_WIRED]);
	set_port(link, SNOOP_WIRELESS, &setup->port[SNOOP_WIRELESS]);
	link->engine = snoop_engine_init(memory, &share.protocol, &packet_ops, link,
					 &link->counters, worker->secret);
	reconfigure_start(link, setup->config);
	return link;
}

void worker_link_destroy(struct worker_link *link)
{
	if (link == NULL)
		return;
	rte_free(link->engine);
	rte_free(link);
}

static void add_lane(struct worker_lane *lanes, uint32_t *count, struct rte_ring *ring,
		     enum snoop_side side)
{
	if (ring != NULL)
		lanes[(*count)++] = (struct worker_lane){ring, side};
}

static void join_side(struct worker_link *link, struct handoff *handoff, enum snoop_side side)
{
	const struct handoff_plan *plan = &handoff->plan;
	struct handoff_queues *queues = &link->queues[side];
	struct transmit *output = &link->output[side];

	*queues = handoff_queues_of(plan, side, link->rank);
	output->queue_id = queues->tx_queue;
	output->lane = handoff->tx[side][link->rank];
	output->backlog = &handoff->backlog[queues->tx_worker].count;
	for (uint32_t from = 0; from < plan->workers; from++) {
		add_lane(link->rx_lanes, &link->rx_lane_count, handoff->rx[side][from][link->rank],
			 side);
		if (handoff_queues_of(plan, side, from).tx_worker == link->rank)
			add_lane(link->tx_lanes, &link->tx_lane_count, handoff->tx[side][from],
				 side);
	}
}

void worker_link_join(struct worker_link *link, struct handoff *handoff)
{
	link->handoff = handoff;
	link->spreads = handoff->plan.software && handoff->plan.workers > 1;
	join_side(link, handoff, SNOOP_WIRED);
	join_side(link, handoff, SNOOP_WIRELESS);
}
