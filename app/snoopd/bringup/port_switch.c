/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/port_switch.h>

#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/port_interfaces.h>
#include <snoopd/kernel/outgoing.h>

static void warn(const struct port *port, int result)
{
	log_warning(
		"event=handover port=%s message=\"frames cannot be told apart (%s): a few may be "
		"forwarded twice when a standby takes over\"",
		port->name, strerror(-result));
}

static void prepare(struct port_switch *ports_switch, int side)
{
	const struct port *port = &ports_switch->ports->port[side];
	const struct port_behind *behind = port->behind;
	int result = packet_sockets_stamp(&behind->sockets, true);
	uint32_t *count = &ports_switch->count[side];

	while (result == 0 && *count < behind->sockets.count) {
		result = packet_sockets_map(&behind->sockets, *count, &behind->ring,
					    &ports_switch->ring[side][*count].map);
		if (result == 0)
			++*count;
	}
	if (result != 0)
		warn(port, result);
}

void port_switch_prepare(struct port_switch *ports_switch, const struct ports *ports)
{
	ports_switch->ports = ports;
	for (int side = 0; side < 2 && !ports_switch->prepared; side++)
		prepare(ports_switch, side);
	ports_switch->prepared = true;
}

void port_switch_forget(struct port_switch *ports_switch)
{
	for (int side = 0; side < 2 && ports_switch->prepared; side++) {
		packet_sockets_stamp(&ports_switch->ports->port[side].behind->sockets, false);
		while (ports_switch->count[side] > 0)
			packet_sockets_unmap(
				&ports_switch->ring[side][--ports_switch->count[side]].map);
	}
	ports_switch->prepared = false;
}

void port_switch_begin(struct port_switch *ports_switch)
{
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < ports_switch->count[side]; i++) {
			struct port_switch_ring *ring = &ports_switch->ring[side][i];

			ring->newest = frame_marks_newest(
				ring->map.rx, &ports_switch->ports->port[side].behind->ring);
		}
}

static int set_filter(const struct port *port, int (*filter)(unsigned int if_index))
{
	int result = filter(port->if_index);

	if (result > 0)
		return 0;
	log_error("port %s: interface %s: its sockets take no filter: %s", port->name,
		  port->interface, result == 0 ? "none found" : strerror(-result));
	return -1;
}

int port_switch_open(const struct ports *ports)
{
	int failed = 0;

	for (int side = 0; side < 2; side++)
		failed |= set_filter(&ports->port[side], outgoing_ignore);
	return failed;
}

int port_switch_shut(const struct ports *ports)
{
	int failed = 0;

	for (int side = 0; side < 2; side++)
		failed |= set_filter(&ports->port[side], outgoing_ignore_all);
	return failed;
}

bool port_switch_flush(const struct ports *ports)
{
	bool sent = true;

	for (int side = 0; side < 2; side++)
		sent &= packet_sockets_flush(&ports->port[side].behind->sockets);
	return sent;
}

int port_switch_taken(const struct port_switch *ports_switch, enum snoop_side side,
		      struct frame_marks *marks)
{
	int result = 0;

	for (uint32_t i = 0; i < ports_switch->count[side] && result == 0; i++) {
		const struct port_switch_ring *ring = &ports_switch->ring[side][i];

		result = frame_marks_taken(marks, ring->map.rx,
					   &ports_switch->ports->port[side].behind->ring,
					   ring->newest);
	}
	return result;
}

static uint32_t blank(const struct port_switch *ports_switch, int side,
		      const struct frame_marks *marks)
{
	uint32_t blanked = 0;

	for (uint32_t i = 0; i < ports_switch->count[side]; i++) {
		const struct port_switch_ring *ring = &ports_switch->ring[side][i];

		blanked += frame_marks_blank(marks, ring->map.rx,
					     &ports_switch->ports->port[side].behind->ring,
					     ring->newest);
	}
	return blanked;
}

/* @return whether it was one that the other process has forwarded. */
static bool pass_on(const struct port *to, struct rte_mbuf *packet)
{
	bool blank = rte_pktmbuf_pkt_len(packet) == 0;

	if (blank || rte_eth_tx_burst(to->id, 0, &packet, 1) != 1)
		rte_pktmbuf_free(packet);
	return blank;
}

/* Up to the last one that was forwarded; what is behind it is for the workers. */
static void take_out(const struct port *from, const struct port *to, uint32_t blanked)
{
	bool more = true;

	while (blanked > 0 && more) {
		more = false;
		for (uint16_t queue = 0; queue < from->rx_queues && blanked > 0; queue++) {
			struct rte_mbuf *packet;

			if (rte_eth_rx_burst(from->id, queue, &packet, 1) != 1)
				continue;
			more = true;
			blanked -= pass_on(to, packet);
		}
	}
}

uint32_t port_switch_skip(const struct port_switch *ports_switch, struct frame_marks marks[2])
{
	uint32_t sum = 0;

	for (int side = 0; side < 2; side++) {
		const struct port *port = ports_switch->ports->port;
		uint32_t blanked;

		frame_marks_sort(&marks[side]);
		blanked = blank(ports_switch, side, &marks[side]);
		take_out(&port[side], &port[!side], blanked);
		sum += blanked;
	}
	return sum;
}
