/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/ports.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <snoopd/base/compat.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/rss.h>

/* Slots of net_af_packet's rings: pages, and the largest whose frame fits into one buffer. */
#define SLOT_STEP 4096u
#define SLOT_MAX 61440u

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

/* The slot size of a packet socket's ring. */
static uint32_t framesz(const char *devargs)
{
	const char *found = devargs != NULL ? strstr(devargs, "framesz=") : NULL;
	unsigned long bytes = found != NULL ? strtoul(found + strlen("framesz="), NULL, 10) : 2048;

	return bytes <= UINT16_MAX ? (uint32_t)bytes : UINT16_MAX;
}

/* @return the MTU of the network interface behind a port, 0 if there is none. */
static uint16_t interface_mtu(unsigned int if_index)
{
	struct ifreq request = {0};
	int fd, result;

	if (if_index == 0 || if_indextoname(if_index, request.ifr_name) == NULL)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	result = ioctl(fd, SIOCGIFMTU, &request);
	close(fd);
	return result == 0 && request.ifr_mtu <= UINT16_MAX ? (uint16_t)request.ifr_mtu : 0;
}

static int find(struct port *port, const struct config *config, unsigned int line, const char *key,
		const char *value)
{
	struct rte_eth_dev_info info;
	char known[512], *end;
	unsigned long index = strtoul(value, &end, 10);
	int result;

	if (*end == '\0' && index < RTE_MAX_ETHPORTS &&
	    rte_eth_dev_is_valid_port((uint16_t)index)) {
		port->id = (uint16_t)index;
	} else if (rte_eth_dev_get_port_by_name(value, &port->id) != 0) {
		list_ports(known, sizeof(known));
		log_error("%s:%u: [link] %s = %s: no such port; the EAL has: %s", config->file,
			  line, key, value, known);
		return -1;
	}
	result = rte_eth_dev_info_get(port->id, &info);
	if (result == 0)
		result = rte_eth_dev_get_name_by_port(port->id, port->name);
	if (result != 0) {
		log_error("port %s: no device information: %s", value, rte_strerror(-result));
		return -1;
	}
	port->driver = info.driver_name;
	port->socket = rte_eth_dev_socket_id(port->id);
	port->quirk = driver_find(info.driver_name, compat_devargs(&info));
	port->if_index = info.if_index;
	port->rx_queues_max = info.max_rx_queues;
	port->tx_queues_max = info.max_tx_queues;
	port->room_min_bytes = info.min_rx_bufsize;
	if (port->quirk->flags & DRIVER_FRAMESZ)
		port->room_min_bytes = framesz(compat_devargs(&info));
	return 0;
}

int ports_find(struct ports *ports, const struct config *config)
{
	struct port *wired = &ports->port[SNOOP_WIRED], *wireless = &ports->port[SNOOP_WIRELESS];

	memset(ports, 0, sizeof(*ports));
	if (find(wired, config, config->wired_line, "wired", config->wired) != 0 ||
	    find(wireless, config, config->wireless_line, "wireless", config->wireless) != 0)
		return -1;
	if (wired->id == wireless->id) {
		log_error("%s:%u: [link] wired = %s and wireless = %s are one port (%s): give two",
			  config->file, RTE_MAX(config->wired_line, config->wireless_line),
			  config->wired, config->wireless, wired->name);
		return -1;
	}
	if (wired->socket != wireless->socket && wired->socket >= 0 && wireless->socket >= 0)
		log_warning("event=numa wired=%s wired_node=%d wireless=%s wireless_node=%d "
			    "message=\"packets cross nodes: put both NICs on one\"",
			    wired->name, wired->socket, wireless->name, wireless->socket);
	ports->socket = wired->socket >= 0 ? wired->socket : (int)rte_socket_id();
	return 0;
}

static bool frames_may_be_chains(const struct ports *ports, uint32_t mtu_bytes)
{
	return mtu_bytes + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN > RTE_MBUF_DEFAULT_DATAROOM ||
	       (ports->port[0].quirk->flags & DRIVER_CHAINS) != 0 ||
	       (ports->port[1].quirk->flags & DRIVER_CHAINS) != 0;
}

static int set_mtu(struct port *port, const struct config *config)
{
	int result = rte_eth_dev_set_mtu(port->id, (uint16_t)config->mtu_bytes);

	/* A device without an MTU of its own takes every length. */
	if (result == 0 || result == -ENOTSUP)
		return 0;
	log_error("%s: [ports] mtu = %u: port %s (%s) refuses it: %s", config->file,
		  config->mtu_bytes, port->name, port->driver, rte_strerror(-result));
	return -1;
}

static uint64_t checksum_offloads(const struct port *port, const struct rte_eth_dev_info *info)
{
	uint64_t offloads = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;

	if (port->quirk->flags & DRIVER_NIC_CHECKSUM)
		return info->rx_offload_capa & offloads;
	log_warning("event=port port=%s driver=%s message=\"[ports] checksum = nic: it is not known "
		    "for it: software verifies\"",
		    port->name, port->driver);
	return 0;
}

static int configure(struct ports *ports, struct port *port, const struct config *config, bool rss)
{
	uint8_t key[RSS_KEY_BYTES_MAX];
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	uint16_t mtu = 0;
	int result;

	result = rte_eth_dev_info_get(port->id, &info);
	if (result == 0)
		result = rte_eth_dev_get_mtu(port->id, &mtu);
	if (result != 0) {
		log_error("port %s: no device information: %s", port->name, rte_strerror(-result));
		return -1;
	}
	if (config->mtu_bytes != 0)
		mtu = (uint16_t)config->mtu_bytes;
	if (mtu > info.max_mtu || mtu < info.min_mtu) {
		log_error("%s: [ports] mtu = %u: port %s (%s) takes %u to %u", config->file, mtu,
			  port->name, port->driver, info.min_mtu, info.max_mtu);
		return -1;
	}
	conf.rxmode.mtu = mtu;
	conf.intr_conf.lsc = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	/* None of them touches a packet: long frames arrive in chains, chains can be sent, and
	 * checksums are looked at. */
	if (frames_may_be_chains(ports, mtu)) {
		conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
		conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	}
	if (config->checksum == CONFIG_CHECKSUM_NIC)
		conf.rxmode.offloads |= checksum_offloads(port, &info);
	port->rx_offloads = conf.rxmode.offloads;
	port->tx_offloads = conf.txmode.offloads;
	if (rss)
		rss_configure(&info, &conf, key);
	result = rte_eth_dev_configure(port->id, port->rx_queues, port->tx_queues, &conf);
	if (result != 0 && config->mtu_bytes != 0) {
		log_error(
			"%s: [ports] mtu = %u: port %s (%s) refuses it: %s; with mtu = auto a port "
			"keeps the MTU that it has",
			config->file, mtu, port->name, port->driver, rte_strerror(-result));
		return -1;
	}
	if (result != 0) {
		log_error("port %s (%s) refuses %u RX and %u TX queues at MTU %u: %s", port->name,
			  port->driver, port->rx_queues, port->tx_queues, mtu,
			  rte_strerror(-result));
		return -1;
	}
	port->configured = true;
	if (config->mtu_bytes != 0 && set_mtu(port, config) != 0)
		return -1;
	port->rx_descriptors = (uint16_t)config->rx_descriptors;
	port->tx_descriptors = (uint16_t)config->tx_descriptors;
	result = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &port->rx_descriptors,
						  &port->tx_descriptors);
	if (result != 0) {
		log_error("port %s (%s) refuses %u RX and %u TX descriptors: %s", port->name,
			  port->driver, config->rx_descriptors, config->tx_descriptors,
			  rte_strerror(-result));
		return -1;
	}
	if (port->rx_descriptors != config->rx_descriptors ||
	    port->tx_descriptors != config->tx_descriptors)
		log_warning("event=port port=%s driver=%s rx_descriptors=%u tx_descriptors=%u "
			    "message=\"it does not take %u and %u\"",
			    port->name, port->driver, port->rx_descriptors, port->tx_descriptors,
			    config->rx_descriptors, config->tx_descriptors);
	return 0;
}

/*
 * A packet socket cuts what does not fit into a slot of its ring, so that frames would not leave as
 * they came. A slot begins with headers of less than 128 bytes.
 */
static int check_slots(const struct port *port)
{
	uint32_t needed = (uint32_t)port->mtu_bytes + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + 128;

	/* The driver wants whole slots in a block, and the kernel whole pages. */
	uint32_t slot = RTE_ALIGN_CEIL(needed, SLOT_STEP);

	if (!(port->quirk->flags & DRIVER_FRAMESZ) || needed <= port->room_min_bytes)
		return 0;
	if (slot > SLOT_MAX)
		log_error("port %s (%s): frames of MTU %u do not fit into one buffer: give the device an "
			  "MTU of at most %u",
			  port->name, port->driver, port->mtu_bytes,
			  SLOT_MAX - (needed - port->mtu_bytes));
	else
		log_error("port %s (%s): frames of MTU %u do not fit into ring slots of %u bytes: give "
			  "the device framesz=%u,blocksz=%u or a smaller MTU",
			  port->name, port->driver, port->mtu_bytes, port->room_min_bytes, slot, slot);
	return -1;
}

/* What the port's frames may have: of the interface behind it, where the driver has no idea of it.
 */
static int read_mtu(struct port *port, const struct config *config)
{
	int result = rte_eth_dev_get_mtu(port->id, &port->mtu_bytes);
	uint16_t mtu = interface_mtu(port->if_index);

	if (result != 0) {
		log_error("port %s (%s): no MTU: %s", port->name, port->driver,
			  rte_strerror(-result));
		return -1;
	}
	if (config->mtu_bytes == 0 && mtu != 0)
		port->mtu_bytes = mtu;
	return check_slots(port);
}

int ports_configure(struct ports *ports, const struct config *config,
		    const struct handoff_plan *plan)
{
	struct port *wired = &ports->port[SNOOP_WIRED], *wireless = &ports->port[SNOOP_WIRELESS];

	for (int side = 0; side < 2; side++) {
		struct port *port = &ports->port[side];

		port->rx_queues = plan->rx_queues[side];
		port->tx_queues = plan->tx_queues[side];
		ports->room_min_bytes = RTE_MAX(ports->room_min_bytes, port->room_min_bytes);
		if (configure(ports, port, config, !plan->software) != 0 ||
		    read_mtu(port, config) != 0)
			return -1;
	}
	if (wired->mtu_bytes != wireless->mtu_bytes) {
		log_error("wired %s has MTU %u, wireless %s has MTU %u: a wire needs equal ones; "
			  "set [ports] mtu, or the MTU of the devices",
			  wired->name, wired->mtu_bytes, wireless->name, wireless->mtu_bytes);
		return -1;
	}
	ports->mtu_bytes = wired->mtu_bytes;
	return 0;
}

static int setup_queues(struct port *port, struct rte_mempool *mempool)
{
	unsigned int socket = (unsigned int)port->socket; /* SOCKET_ID_ANY passes through */
	struct rte_eth_dev_info info;
	struct rte_eth_rxconf rx;
	struct rte_eth_txconf tx;
	int result = rte_eth_dev_info_get(port->id, &info);

	if (result != 0)
		return result;
	rx = info.default_rxconf;
	rx.offloads = port->rx_offloads;
	tx = info.default_txconf;
	tx.offloads = port->tx_offloads;
	for (uint16_t queue = 0; result == 0 && queue < port->rx_queues; queue++)
		result = rte_eth_rx_queue_setup(port->id, queue, port->rx_descriptors, socket, &rx,
						mempool);
	for (uint16_t queue = 0; result == 0 && queue < port->tx_queues; queue++)
		result = rte_eth_tx_queue_setup(port->id, queue, port->tx_descriptors, socket, &tx);
	return result;
}

/* A driver that frees sent mbufs without looking at their reference counts frees what the cache
 * holds. */
static bool frees_blindly(const struct port *port)
{
	struct rte_eth_txq_info info;

	for (uint16_t queue = 0; queue < port->tx_queues; queue++)
		if (rte_eth_tx_queue_info_get(port->id, queue, &info) == 0 &&
		    (info.conf.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0)
			return true;
	return false;
}

static int start(struct port *port, struct rte_mempool *mempool)
{
	int result = setup_queues(port, mempool);

	if (result != 0) {
		log_error("port %s (%s): its queues cannot be set up: %s", port->name, port->driver,
			  rte_strerror(-result));
		return -1;
	}
	if (frees_blindly(port)) {
		log_error("port %s (%s) insists on MBUF_FAST_FREE, which ignores reference "
			  "counts: it cannot be used",
			  port->name, port->driver);
		return -1;
	}
	result = rte_eth_dev_start(port->id);
	if (result != 0) {
		log_error("port %s (%s) does not start: %s", port->name, port->driver,
			  rte_strerror(-result));
		return -1;
	}
	port->started = true;
	if (rte_eth_dev_get_vlan_offload(port->id) > 0 &&
	    (rte_eth_dev_get_vlan_offload(port->id) & RTE_ETH_VLAN_STRIP_OFFLOAD) != 0) {
		log_error("port %s (%s) insists on stripping VLAN tags: it cannot be a wire",
			  port->name, port->driver);
		return -1;
	}
	/* Devices without addresses of their own have no such modes and receive everything. */
	result = rte_eth_promiscuous_enable(port->id);
	if (result != 0 && result != -ENOTSUP) {
		log_error("port %s (%s): promiscuous mode, without which it cannot be a wire: %s",
			  port->name, port->driver, rte_strerror(-result));
		return -1;
	}
	result = rte_eth_allmulticast_enable(port->id);
	if (result != 0 && result != -ENOTSUP)
		log_warning("event=port port=%s driver=%s message=\"no all-multicast mode (%s), "
			    "promiscuous mode has to do\"",
			    port->name, port->driver, rte_strerror(-result));
	return 0;
}

int ports_start(struct ports *ports, struct rte_mempool *mempool)
{
	for (int side = 0; side < 2; side++)
		if (start(&ports->port[side], mempool) != 0)
			return -1;
	return 0;
}

void ports_stop(struct ports *ports)
{
	for (int side = 0; side < 2; side++) {
		if (ports->port[side].started)
			rte_eth_dev_stop(ports->port[side].id);
		ports->port[side].started = false;
	}
}

void ports_close(struct ports *ports)
{
	ports_stop(ports);
	for (int side = 0; side < 2; side++) {
		if (ports->port[side].configured)
			rte_eth_dev_close(ports->port[side].id);
		ports->port[side].configured = false;
	}
}
