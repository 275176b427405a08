/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/port_checks.h>

#include <string.h>

#include <config/links.h>
#include <snoopd/base/log.h>

/* Slots of net_af_packet's rings: pages, and the largest whose frame fits into one buffer. */
#define SLOT_STEP 4096u
#define SLOT_MAX 61440u
#define SLOT_HEAD 128u	 /* the kernel's headers at the start of a slot are shorter */
#define SECTION_CHARS 64 /* "link NAME" */

static void list_ports(char *out, size_t out_bytes)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	size_t used = 0;

	snprintf(out, out_bytes, "none");
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (used >= out_bytes || !rte_eth_dev_is_valid_port(id) ||
		    rte_eth_dev_get_name_by_port(id, name) != 0)
			continue;
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s (%u)",
					 used > 0 ? ", " : "", name, id);
	}
}

/* "link", or "link NAME" */
static const char *section_of(const struct config *config, char section[SECTION_CHARS])
{
	bool named = strcmp(config->link, CONFIG_LINK_MAIN) != 0;

	snprintf(section, SECTION_CHARS, named ? "link %s" : "link", config->link);
	return section;
}

int port_check_missing(const struct config *config, unsigned int line, const char *key,
		       const char *value)
{
	/* The EAL goes on without a device that it cannot make. */
	struct rte_devargs *devargs;
	char known[512], section[SECTION_CHARS];

	RTE_EAL_DEVARGS_FOREACH(NULL, devargs)
	{
		if (strcmp(devargs->name, value) != 0)
			continue;
		log_error("%s:%u: [%s] %s = %s: the device is not there: %s; see the EAL's "
			  "message above; snoopd can start as soon as it is there",
			  config->file, line, section_of(config, section), key, value,
			  devargs->args != NULL ? devargs->args : "no arguments");
		return -ENODEV;
	}
	list_ports(known, sizeof(known));
	log_error("%s:%u: [%s] %s = %s: no such port; the EAL has: %s", config->file, line,
		  section_of(config, section), key, value, known);
	return -1;
}

int port_check_pair(const struct ports *ports, const struct config *config)
{
	const struct port *wired = &ports->port[SNOOP_WIRED];
	const struct port *wireless = &ports->port[SNOOP_WIRELESS];
	char section[SECTION_CHARS];

	if (wired->id == wireless->id) {
		log_error("%s:%u: [%s] wired = %s and wireless = %s are the same port (%s); give "
			  "two different ones",
			  config->file, RTE_MAX(config->wired_line, config->wireless_line),
			  section_of(config, section), config->wired, config->wireless,
			  wired->name);
		return -1;
	}
	if (wired->if_index != 0 && wired->if_index == wireless->if_index) {
		log_error("%s:%u: [%s] wired = %s and wireless = %s have the same interface "
			  "behind them (%s); give two different ones",
			  config->file, RTE_MAX(config->wired_line, config->wireless_line),
			  section_of(config, section), config->wired, config->wireless,
			  wired->interface);
		return -1;
	}
	if (wired->socket != wireless->socket && wired->socket >= 0 && wireless->socket >= 0)
		log_warning("event=numa wired=%s wired_node=%d wireless=%s wireless_node=%d "
			    "message=\"every packet crosses NUMA nodes: put both NICs on one\"",
			    wired->name, wired->socket, wireless->name, wireless->socket);
	return 0;
}

static const char *key_of(enum snoop_side side)
{
	return side == SNOOP_WIRED ? "wired" : "wireless";
}

static const char *value_of(const struct config *config, enum snoop_side side)
{
	return side == SNOOP_WIRED ? config->wired : config->wireless;
}

int port_check_links(const struct ports *ports, const struct config *config,
		     const struct ports *earlier, const struct config *earlier_config)
{
	for (unsigned int i = 0; i < 4; i++) {
		enum snoop_side side = (enum snoop_side)(i & 1), other = (enum snoop_side)(i >> 1);
		const struct port *a = &ports->port[side], *b = &earlier->port[other];
		bool same = a->id == b->id;

		if (!same && (a->if_index == 0 || a->if_index != b->if_index))
			continue;
		log_error("%s:%u: [link %s] %s = %s and [link %s] %s = %s %s (%s); give each port "
			  "to one link",
			  config->file,
			  side == SNOOP_WIRED ? config->wired_line : config->wireless_line,
			  config->link, key_of(side), value_of(config, side), earlier_config->link,
			  key_of(other), value_of(earlier_config, other),
			  same ? "are the same port" : "have the same interface behind them",
			  same ? a->name : a->interface);
		return -1;
	}
	return 0;
}

int port_check_mtu(const struct port *port, const struct config *config, uint16_t mtu_bytes,
		   const struct rte_eth_dev_info *info)
{
	if (mtu_bytes >= info->min_mtu && mtu_bytes <= info->max_mtu)
		return 0;
	log_error("%s: [ports] mtu = %u: port %s (%s) takes %u to %u", config->file, mtu_bytes,
		  port->name, port->driver, info->min_mtu, info->max_mtu);
	return -1;
}

/* A packet socket cuts off what does not fit into a slot of its ring. */
int port_check_slots(const struct port *port)
{
	uint32_t needed =
		(uint32_t)port->mtu_bytes + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + SLOT_HEAD;
	/* The driver wants whole slots in a block, and the kernel whole pages. */
	uint32_t slot = RTE_ALIGN_CEIL(needed, SLOT_STEP);

	if (!(port->traits->flags & DRIVER_FRAMESZ) || needed <= port->room_min_bytes)
		return 0;
	if (slot > SLOT_MAX)
		log_error("port %s (%s): frames of MTU %u do not fit into one buffer; give the "
			  "device an MTU of at most %u",
			  port->name, port->driver, port->mtu_bytes,
			  SLOT_MAX - (needed - port->mtu_bytes));
	else
		log_error("port %s (%s): frames of MTU %u do not fit into ring slots of %u bytes; "
			  "give the device framesz=%u,blocksz=%u or a smaller MTU",
			  port->name, port->driver, port->mtu_bytes, port->room_min_bytes, slot,
			  slot);
	return -1;
}

int port_check_mtus(const struct ports *ports)
{
	const struct port *wired = &ports->port[SNOOP_WIRED];
	const struct port *wireless = &ports->port[SNOOP_WIRELESS];

	if (wired->mtu_bytes == wireless->mtu_bytes)
		return 0;
	log_error("the wired port %s has MTU %u, the wireless port %s has MTU %u, but they must be "
		  "equal; set [ports] mtu, or the MTU of the devices",
		  wired->name, wired->mtu_bytes, wireless->name, wireless->mtu_bytes);
	return -1;
}

/*
 * A driver that frees sent mbufs without looking at their reference counts frees what the cache
 * holds.
 */
int port_check_queues(const struct port *port)
{
	struct rte_eth_txq_info info;

	for (uint16_t queue = 0; queue < port->tx_queues; queue++) {
		if (rte_eth_tx_queue_info_get(port->id, queue, &info) != 0 ||
		    (info.conf.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) == 0)
			continue;
		log_error("port %s (%s) insists on MBUF_FAST_FREE, which ignores reference counts; "
			  "snoopd cannot use it",
			  port->name, port->driver);
		return -1;
	}
	return 0;
}

int port_check_vlan(const struct port *port)
{
	int offloads = rte_eth_dev_get_vlan_offload(port->id);

	if (offloads < 0 || (offloads & RTE_ETH_VLAN_STRIP_OFFLOAD) == 0)
		return 0;
	log_error("port %s (%s) insists on stripping VLAN tags; snoopd cannot use it as a wire",
		  port->name, port->driver);
	return -1;
}
