/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/port_switch.h>

#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/port_interfaces.h>
#include <snoopd/kernel/outgoing.h>

void port_switch_stamp(const struct ports *ports, bool on)
{
	for (int side = 0; side < 2; side++) {
		const struct port *port = &ports->port[side];
		int result = packet_sockets_stamp(&port->behind->sockets, on);

		if (result != 0)
			log_warning("event=handover port=%s message=\"no times of reception (%s): "
				    "a few frames may be forwarded twice\"",
				    port->name, strerror(-result));
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

uint32_t port_switch_flush(const struct ports *ports)
{
	uint32_t left = 0;

	for (int side = 0; side < 2; side++) {
		const struct port_behind *behind = ports->port[side].behind;

		left += packet_sockets_flush(&behind->sockets, &behind->ring);
	}
	return left;
}

int port_switch_taken(const struct ports *ports, enum snoop_side side, struct frame_marks *marks)
{
	const struct port_behind *behind = ports->port[side].behind;
	int result = 0;

	for (uint32_t i = 0; i < behind->sockets.count && result == 0; i++) {
		struct packet_map map;

		result = packet_sockets_map(&behind->sockets, i, &behind->ring, &map);
		if (result != 0)
			break;
		result = frame_marks_taken(marks, map.rx, &behind->ring);
		packet_sockets_unmap(&map);
	}
	return result;
}

static uint32_t blank(const struct port *port, const struct frame_marks *marks)
{
	const struct port_behind *behind = port->behind;
	uint32_t blanked = 0;

	for (uint32_t i = 0; i < behind->sockets.count; i++) {
		struct packet_map map;

		if (packet_sockets_map(&behind->sockets, i, &behind->ring, &map) != 0)
			continue;
		blanked += frame_marks_blank(marks, map.rx, &behind->ring);
		packet_sockets_unmap(&map);
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

uint32_t port_switch_skip(const struct ports *ports, struct frame_marks marks[2])
{
	uint32_t sum = 0;

	for (int side = 0; side < 2; side++) {
		const struct port *from = &ports->port[side], *to = &ports->port[!side];
		uint32_t blanked;

		frame_marks_sort(&marks[side]);
		blanked = blank(from, &marks[side]);
		take_out(from, to, blanked);
		sum += blanked;
	}
	return sum;
}
