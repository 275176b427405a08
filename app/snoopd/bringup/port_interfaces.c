/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/port_interfaces.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/kernel/exclusive.h>
#include <snoopd/kernel/offloads.h>
#include <snoopd/kernel/outgoing.h>

/*
 * What the kernel puts before the frame in a slot of a packet socket's ring, at most: struct
 * tpacket2_hdr and struct sockaddr_ll, aligned for the network header (tpacket_rcv()).
 */
#define SLOT_HEAD_MAX 80

#define CLAIM_LOOKS 1000
#define CLAIM_PAUSE_US 1000

#define DRAIN_BURST 32
#define DRAIN_BURSTS_MAX 1024 /* more than a ring holds */

/* ---- One process per interface ---- */

static int claim(struct port *port, pid_t beside)
{
	struct exclusive_holder holder;
	int result = exclusive_claim(port->if_index, &holder);

	if (result >= 0) {
		port->claim = result;
		port->claimed = true;
		return 0;
	}
	if (result == -EPERM && privileges_trusts(holder.uid))
		result = -EADDRINUSE; /* a standby that has taken over, and was root before */
	if (result == -EADDRINUSE && beside != 0 && holder.pid == beside)
		return 0; /* the standby claims it when that one is gone */
	if (result == -EADDRINUSE) {
		log_error("port %s: interface %s is taken by process %d (%s): both would forward "
			  "every frame; stop that one, or give this one another interface",
			  port->name, port->interface, holder.pid, holder.name);
		return -1;
	}
	if (result == -EPERM)
		log_warning("event=port port=%s interface=%s pid=%d uid=%d message=\"an account "
			    "that is not ours has the name of the claim: a second snoopd on this "
			    "interface would not be noticed\"",
			    port->name, port->interface, holder.pid, (int)holder.uid);
	else
		log_warning("event=port port=%s interface=%s message=\"cannot claim it (%s): a "
			    "second snoopd on this interface would not be noticed\"",
			    port->name, port->interface, strerror(-result));
	return 0;
}

/* ---- Frames of this box ---- */

void port_interface_leave_out_own(const struct port *port)
{
	int result;

	if (port->path != INTERFACE_PACKET)
		return;
	result = outgoing_ignore(port->if_index);
	if (result > 0 || !outgoing_expected(port->interface))
		return;
	log_warning("event=port port=%s interface=%s message=\"what this box sends there crosses "
		    "the wire (no filter for its sockets: %s): sysctl -w "
		    "net.ipv6.conf.%s.disable_ipv6=1, and give it no address\"",
		    port->name, port->interface, result == 0 ? "none found" : strerror(-result),
		    port->interface);
}

void port_interface_drain(const struct port *port)
{
	struct rte_mbuf *packets[DRAIN_BURST];

	if (port->path != INTERFACE_PACKET)
		return;
	for (uint16_t queue = 0; queue < port->rx_queues; queue++)
		for (int burst = 0; burst < DRAIN_BURSTS_MAX; burst++) {
			uint16_t count = rte_eth_rx_burst(port->id, queue, packets, DRAIN_BURST);

			if (count == 0)
				break;
			rte_pktmbuf_free_bulk(packets, count);
		}
}

/* ---- What the port carries whole ---- */

void port_interface_set_carriage(struct port *port)
{
	if (port->path == INTERFACE_NONE || port->path == INTERFACE_BIFURCATED)
		return;
	port->carriage.tx_one_tag = port->path == INTERFACE_PACKET;
	carriage_set_mtu(&port->carriage, port->mtu_bytes);
	if (port->traits->flags & DRIVER_FRAMESZ)
		carriage_set_cut(&port->carriage, port->room_min_bytes - SLOT_HEAD_MAX);
}

/* ---- Offloads ---- */

static int read_offloads(const struct port *port, struct offloads *offloads)
{
	struct netlink *netlink = netlink_open(NETLINK_GENERIC);
	struct netlink_family family;
	int result;

	if (netlink == NULL)
		return -errno;
	result = offloads_family(netlink, &family);
	if (result == 0)
		result = offloads_read(netlink, family.id, port->if_index, offloads);
	netlink_close(netlink);
	return result;
}

static int judge_offloads(const struct port *port, enum config_offloads rule, uint32_t fixed)
{
	char list[OFFLOADS_TEXT_CHARS], command[OFFLOADS_TEXT_CHARS];
	const char *harm = offloads_harm(port->offloads_on);

	offloads_list(port->offloads_on, list);
	offloads_command(port->offloads_on, port->interface, command);
	if (rule == CONFIG_OFFLOADS_WARN) {
		log_warning("event=offloads port=%s interface=%s on=\"%s\" message=\"%s: %s\"",
			    port->name, port->interface, list, harm, command);
		return 0;
	}
	if (port->offloads_on & fixed)
		log_error("port %s: interface %s has %s on, fixed by its driver: %s; take another "
			  "interface or driver, switch it off where the interface comes from (the "
			  "hypervisor), or set [ports] offloads = warn",
			  port->name, port->interface, list, harm);
	else
		log_error("port %s: interface %s has %s on: %s; switch it off (%s), or set [ports] "
			  "offloads = warn",
			  port->name, port->interface, list, harm, command);
	return -1;
}

/* A veth passes on the tags that its other end put beside the frame, whatever it says of itself. */
static void watch_offloads(struct port *port)
{
	port->offloads_watched = offloads_harmful(port->path);
	if ((port->offloads_watched & OFFLOADS_TAGS) == 0 || !interface_is_veth(port->if_index))
		return;
	port->offloads_watched &= ~OFFLOAD_BIT(VLAN_STAG);
	log_warning(
		"event=offloads port=%s interface=%s message=\"a veth: VLAN tags are lost unless "
		"its other end has txvlan off too (ethtool -K, in its namespace), which cannot "
		"be seen from here\"",
		port->name, port->interface);
}

static int check_offloads(struct port *port, enum config_offloads rule)
{
	struct offloads offloads = {0};
	int result;

	watch_offloads(port);
	if (port->offloads_watched == 0)
		return 0;
	result = read_offloads(port, &offloads);
	if (result != 0) {
		log_warning("event=offloads port=%s interface=%s message=\"the kernel does not "
			    "tell which are on (%s): see that none of gro, lro, rx-gro-hw, rxvlan "
			    "is\"",
			    port->name, port->interface, strerror(-result));
		return 0;
	}
	port->offloads_on = offloads.on & port->offloads_watched;
	return port->offloads_on == 0 ? 0 : judge_offloads(port, rule, offloads.fixed);
}

/* Two processes must not both forward what they hear. */
static int hear_nothing(const struct port *port)
{
	int result = outgoing_ignore_all(port->if_index);

	if (result > 0)
		return 0;
	log_error("port %s: interface %s: this standby cannot be kept from hearing what the other "
		  "process forwards: %s",
		  port->name, port->interface,
		  result == 0 ? "no packet socket found" : strerror(-result));
	return -1;
}

static int take(struct port *port, enum config_offloads rule, pid_t beside)
{
	if (port->if_index == 0)
		return 0;
	if (beside == 0)
		port_interface_leave_out_own(port);
	else if (port->path == INTERFACE_PACKET && hear_nothing(port) != 0)
		return -1;
	return claim(port, beside) == 0 ? check_offloads(port, rule) : -1;
}

int port_interface_take_again(struct port *port)
{
	return take(port, CONFIG_OFFLOADS_WARN, 0);
}

int port_interfaces_take(struct ports *ports, const struct config *config)
{
	for (int side = 0; side < 2; side++)
		if (take(&ports->port[side], config->offloads, ports->beside) != 0)
			return -1;
	return 0;
}

int port_interfaces_claim(struct ports *ports)
{
	struct exclusive_holder holder;

	for (int side = 0; side < 2; side++) {
		struct port *port = &ports->port[side];

		if (port->if_index == 0 || port->claimed)
			continue;
		/* The kernel takes a dying process apart one thing after the other. */
		for (int look = 0; look < CLAIM_LOOKS && !port->claimed; look++) {
			port->claim = exclusive_claim(port->if_index, &holder);
			port->claimed = port->claim >= 0;
			if (!port->claimed)
				usleep(CLAIM_PAUSE_US);
		}
		if (!port->claimed && claim(port, 0) != 0)
			return -1;
	}
	return 0;
}

void port_interface_release(struct port *port)
{
	if (port->claimed)
		close(port->claim);
	port->claimed = false;
}

void port_interfaces_release(struct ports *ports)
{
	for (int side = 0; side < 2; side++)
		port_interface_release(&ports->port[side]);
}
