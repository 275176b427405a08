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

void port_switch_add(struct port_switch *ports_switch, const struct ports *ports)
{
	for (int side = 0; side < 2; side++)
		ports_switch->port[ports_switch->count++] = (struct port_switch_port){
			.port = &ports->port[side],
			.other = &ports->port[!side],
		};
}

static void prepare(struct port_switch_port *each)
{
	const struct port_behind *behind = each->port->behind;
	int result = packet_sockets_stamp(&behind->sockets, true);

	while (result == 0 && each->count < behind->sockets.count) {
		result = packet_sockets_map(&behind->sockets, each->count, &behind->ring,
					    &each->ring[each->count].map);
		if (result == 0)
			each->count++;
	}
	if (result != 0)
		warn(each->port, result);
}

void port_switch_prepare(struct port_switch *ports_switch)
{
	for (uint32_t i = 0; i < ports_switch->count && !ports_switch->prepared; i++)
		prepare(&ports_switch->port[i]);
	ports_switch->prepared = true;
}

void port_switch_forget(struct port_switch *ports_switch)
{
	for (uint32_t i = 0; i < ports_switch->count && ports_switch->prepared; i++) {
		struct port_switch_port *each = &ports_switch->port[i];

		packet_sockets_stamp(&each->port->behind->sockets, false);
		while (each->count > 0)
			packet_sockets_unmap(&each->ring[--each->count].map);
	}
	ports_switch->prepared = false;
}

void port_switch_begin(struct port_switch *ports_switch)
{
	for (uint32_t i = 0; i < ports_switch->count; i++) {
		struct port_switch_port *each = &ports_switch->port[i];

		for (uint32_t ring = 0; ring < each->count; ring++)
			each->ring[ring].newest = frame_marks_newest(each->ring[ring].map.rx,
								     &each->port->behind->ring);
	}
}

typedef int filter_t(const struct packet_sockets *sockets);

static int set_filter(const struct port *port, filter_t *filter)
{
	int result = filter(&port->behind->sockets);

	if (result > 0)
		return 0;
	log_error("port %s: interface %s: its sockets take no filter: %s", port->name,
		  port->interface, result == 0 ? "none found" : strerror(-result));
	return -1;
}

/* All ports, or none. */
static int set_filters(const struct port_switch *ports_switch, filter_t *filter, filter_t *back)
{
	for (uint32_t i = 0; i < ports_switch->count; i++) {
		if (set_filter(ports_switch->port[i].port, filter) == 0)
			continue;
		for (uint32_t done = 0; done <= i; done++)
			back(&ports_switch->port[done].port->behind->sockets);
		return -1;
	}
	return 0;
}

int port_switch_open(const struct port_switch *ports_switch)
{
	return set_filters(ports_switch, outgoing_leave_out, outgoing_leave_out_all);
}

int port_switch_shut(const struct port_switch *ports_switch)
{
	return set_filters(ports_switch, outgoing_leave_out_all, outgoing_leave_out);
}

bool port_switch_flush(const struct port_switch *ports_switch)
{
	bool sent = true;

	for (uint32_t i = 0; i < ports_switch->count; i++)
		sent &= packet_sockets_flush(&ports_switch->port[i].port->behind->sockets);
	return sent;
}

int port_switch_taken(const struct port_switch *ports_switch, uint32_t number,
		      struct frame_marks *marks)
{
	const struct port_switch_port *each = &ports_switch->port[number];
	int result = 0;

	for (uint32_t i = 0; i < each->count && result == 0; i++)
		result = frame_marks_taken(marks, each->ring[i].map.rx, &each->port->behind->ring,
					   each->ring[i].newest);
	return result;
}

static uint32_t blank(const struct port_switch_port *each, const struct frame_marks *marks)
{
	uint32_t blanked = 0;

	for (uint32_t i = 0; i < each->count; i++)
		blanked += frame_marks_blank(marks, each->ring[i].map.rx, &each->port->behind->ring,
					     each->ring[i].newest);
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

uint32_t port_switch_skip(const struct port_switch *ports_switch,
			  struct frame_marks marks[PORT_SWITCH_PORTS_MAX])
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < ports_switch->count; i++) {
		const struct port_switch_port *each = &ports_switch->port[i];
		uint32_t blanked;

		frame_marks_sort(&marks[i]);
		blanked = blank(each, &marks[i]);
		take_out(each->port, each->other, blanked);
		sum += blanked;
	}
	return sum;
}
