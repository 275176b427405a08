/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/interfaces.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/ethtool_netlink.h>

#include <snoopd/base/log.h>
#include <snoopd/kernel/exclusive.h>
#include <snoopd/kernel/offloads.h>

/* From one warning about frames that are dropped to the next, on one side. */
#define SAY_AGAIN_US 60000000u

/* ---- Offloads ---- */

static bool watches_offloads(const struct ports *ports)
{
	return (ports->port[0].offloads_watched | ports->port[1].offloads_watched) != 0;
}

static void give_up(struct interfaces *interfaces)
{
	netlink_close(interfaces->asking);
	netlink_close(interfaces->listening);
	interfaces->asking = interfaces->listening = NULL;
}

static int open_sockets(struct interfaces *interfaces)
{
	struct netlink_family family;
	int result;

	interfaces->asking = netlink_open(NETLINK_GENERIC);
	interfaces->listening = netlink_open(NETLINK_GENERIC);
	if (interfaces->asking == NULL || interfaces->listening == NULL)
		return -errno;
	result = offloads_family(interfaces->asking, &family);
	if (result != 0)
		return result;
	interfaces->ethtool = family.id;
	return netlink_join(interfaces->listening, family.group);
}

static void read_port(struct interfaces *interfaces, struct port *port)
{
	char list[OFFLOADS_TEXT_CHARS], command[OFFLOADS_TEXT_CHARS];
	struct offloads offloads;
	uint32_t on;

	if (port->offloads_watched == 0 ||
	    offloads_read(interfaces->asking, interfaces->ethtool, port->if_index, &offloads) != 0)
		return;
	on = offloads.on & port->offloads_watched;
	if (on == port->offloads_on)
		return;
	__atomic_store_n(&port->offloads_on, on, __ATOMIC_RELAXED);
	if (on == 0) {
		log_line("event=offloads%s port=%s interface=%s on=\"\"", interfaces->label,
			 port->name, port->interface);
		return;
	}
	offloads_list(on, list);
	offloads_command(on, port->interface, command);
	log_warning("event=offloads%s port=%s interface=%s on=\"%s\" message=\"%s: %s\"",
		    interfaces->label, port->name, port->interface, list, offloads_harm(on),
		    command);
}

static void read_ports(struct interfaces *interfaces)
{
	for (int side = 0; side < 2; side++)
		read_port(interfaces, &interfaces->ports->port[side]);
}

/* The kernel says which features changed; what is on now is asked for anew. */
static int note_change(const struct nlmsghdr *message, void *context)
{
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(message);
	bool *changed = context;

	*changed |= generic->cmd == ETHTOOL_MSG_FEATURES_NTF;
	return MNL_CB_OK;
}

static void look_at_offloads(struct interfaces *interfaces)
{
	bool changed = false;
	int result;

	if (interfaces->listening == NULL)
		return;
	result = netlink_listen(interfaces->listening, note_change, &changed);
	if (changed || result == -ENOBUFS)
		read_ports(interfaces);
}

void interfaces_start(struct interfaces *interfaces, struct ports *ports, const char *label)
{
	int result;

	interfaces->ports = ports;
	interfaces->label = label;
	if (!watches_offloads(ports))
		return;
	result = open_sockets(interfaces);
	if (result == 0) {
		read_ports(interfaces); /* what has changed since the start */
		return;
	}
	give_up(interfaces);
	log_warning(
		"event=offloads%s message=\"the kernel does not say when one is switched on: %s\"",
		label, strerror(-result));
}

/* ---- Frames that cannot be carried whole ---- */

static void say_drops(const char *label, const struct port *from, const struct port *to,
		      uint64_t cut, uint64_t too_long)
{
	char offloads[160] = "";

	if (from->interface[0] != '\0')
		snprintf(offloads, sizeof(offloads),
			 "offloads merge them (ethtool -K %s gro off lro off rx-gro-hw off; of a "
			 "neighbour on this machine tso off gso off), or ",
			 from->interface);
	log_warning("event=too_long%s port=%s interface=%s cut=%" PRIu64 " too_long=%" PRIu64
		    " message=\"frames from there are longer than MTU %u of %s, or than a slot of "
		    "the driver: they are dropped; %sthe MTUs differ\"",
		    label, from->name, from->interface, cut, too_long,
		    __atomic_load_n(&to->carriage.tx_mtu_bytes, __ATOMIC_RELAXED), to->name,
		    offloads);
}

static void look_at_drops(struct interfaces *interfaces, enum snoop_side from, uint64_t cut,
			  uint64_t too_long, uint64_t now_us)
{
	struct interfaces_drops *drops = &interfaces->drops[from];
	const struct port *port = interfaces->ports->port;
	enum snoop_side to = from == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED;

	if (cut + too_long == drops->frames ||
	    (drops->frames > 0 && now_us - drops->said_us < SAY_AGAIN_US))
		return;
	drops->frames = cut + too_long;
	drops->said_us = now_us;
	say_drops(interfaces->label, &port[from], &port[to], cut, too_long);
}

void interfaces_look(struct interfaces *interfaces, const struct counters *sum, uint64_t now_us)
{
	look_at_offloads(interfaces);
	look_at_drops(interfaces, SNOOP_WIRED, sum->rx_wired_cut, sum->tx_wireless_too_long,
		      now_us);
	look_at_drops(interfaces, SNOOP_WIRELESS, sum->rx_wireless_cut, sum->tx_wired_too_long,
		      now_us);
	for (int side = 0; side < 2; side++)
		if (interfaces->ports->port[side].claimed)
			exclusive_answer(interfaces->ports->port[side].claim);
}

void interfaces_stop(struct interfaces *interfaces)
{
	give_up(interfaces);
}
