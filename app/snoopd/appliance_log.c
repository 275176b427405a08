/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/appliance_log.h>

#include <inttypes.h>
#include <stdio.h>

#include <snoopd/base/log.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/worker.h>

/* "lcore 1", "lcores 1 3 4 (2 share a CPU)" */
static void describe_workers(const struct link *link, char *out, size_t out_bytes)
{
	size_t used =
		(size_t)snprintf(out, out_bytes, link->worker_count == 1 ? "lcore" : "lcores");
	uint32_t sharing = 0;

	for (uint32_t i = 0; i < link->worker_count; i++) {
		used += (size_t)snprintf(out + used, out_bytes - used, " %u",
					 link->workers[i]->lcore);
		sharing += link->workers[i]->shares_cpu;
	}
	if (sharing > 0)
		snprintf(out + used, out_bytes - used, " (%u share a CPU)", sharing);
}

static void log_driver(const struct port *port)
{
	if (port->traits->sharing == DRIVER_COPY)
		log_line("event=driver port=%s driver=%s message=\"snoopd copies cached packets "
			 "for it: %s\"",
			 port->name, port->driver, port->traits->why);
	if (port->traits->flags & DRIVER_REASSEMBLES)
		log_warning("event=driver port=%s driver=%s message=\"the kernel reassembles IPv4 "
			    "fragments for this driver: packets longer than the MTU are lost\"",
			    port->name, port->driver);
}

void appliance_log_start(const struct link *link, const struct pool *pool)
{
	const struct port *wired = &link->ports.port[SNOOP_WIRED];
	const struct port *wireless = &link->ports.port[SNOOP_WIRELESS];
	const struct steering *steering = &link->steering;
	char workers[256];

	describe_workers(link, workers, sizeof(workers));
	log_line("event=start%s wired=%s wired_driver=%s wireless=%s wireless_driver=%s mtu=%u "
		 "mode=%s workers=\"%s\" buffers=%u buffer_bytes=%u",
		 link->label, wired->name, wired->driver, wireless->name, wireless->driver,
		 link->ports.mtu_bytes, snoop_level_name(link->config->mode), workers,
		 pool->buffers, pool->data_room);
	if (link->worker_count > 1)
		log_line("event=workers%s workers=%u distribution=%s how=\"%s\" rx_queues=%u,%u "
			 "tx_queues=%u,%u handoff_rings=%u handoff_packets=%u",
			 link->label, link->worker_count, steering_name(steering), steering->how,
			 wired->rx_queues, wireless->rx_queues, wired->tx_queues,
			 wireless->tx_queues, handoff_rings(&steering->plan),
			 link->config->handoff_packets);
	log_driver(wired);
	log_driver(wireless);
}

void appliance_log_end(const struct counters *sum, uint32_t missing, const struct pool *pool)
{
	log_line("event=end received=%" PRIu64 " forwarded=%" PRIu64 " dropped=%" PRIu64
		 " retransmitted=%" PRIu64 " repaired=%" PRIu64 " acks_withheld=%" PRIu64
		 " buffers_back=%u buffers=%u",
		 sum->rx_wired_packets + sum->rx_wireless_packets, sum->forwarded_packets,
		 counters_drops(sum),
		 sum->retransmits_scoreboard + sum->retransmits_dupack + sum->retransmits_timeout +
			 sum->retransmits_probe + sum->retransmits_shield + sum->retransmits_syn,
		 sum->repairs_confirmed, sum->acks_withheld, pool->buffers - missing,
		 pool->buffers);
}

/* "net_tap, net_pcap" */
static void name_drivers(const struct links *links, char *out, size_t out_bytes)
{
	size_t used = 0;

	for (uint32_t i = 0; i < links->count && used < out_bytes; i++)
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s, %s",
					 i > 0 ? ", " : "",
					 links->link[i].ports.port[SNOOP_WIRED].driver,
					 links->link[i].ports.port[SNOOP_WIRELESS].driver);
}

void appliance_log_leak(const struct links *links, uint32_t missing)
{
	char drivers[256];

	name_drivers(links, drivers, sizeof(drivers));
	log_error("event=leak buffers=%u message=\"packet buffers did not come back: a leak, or a "
		  "peer of a port (%s) still holds them\"",
		  missing, drivers);
}
