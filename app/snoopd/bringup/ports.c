/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/ports.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <snoopd/base/compat.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/port_checks.h>
#include <snoopd/bringup/port_interfaces.h>
#include <snoopd/bringup/rss.h>
#include <snoopd/kernel/interface.h>
#include <snoopd/kernel/packet_sockets.h>

#define VDEV_BUS "vdev"

/* @return the slot size of a packet socket's ring. */
static uint32_t framesz(const char *devargs)
{
	struct packet_ring ring;

	packet_ring_of(&ring, devargs);
	return RTE_MIN(ring.frame_bytes, (uint32_t)UINT16_MAX);
}

static int find(struct port *port, const struct config *config, unsigned int line, const char *key,
		const char *value)
{
	struct rte_eth_dev_info info;
	char *end;
	unsigned long index = strtoul(value, &end, 10);
	int result;

	if (*end == '\0' && index < RTE_MAX_ETHPORTS &&
	    rte_eth_dev_is_valid_port((uint16_t)index)) {
		port->id = (uint16_t)index;
	} else if (rte_eth_dev_get_port_by_name(value, &port->id) != 0) {
		return port_check_missing(config, line, key, value);
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
	port->traits = driver_find(info.driver_name, compat_devargs(&info));
	port->if_index = interface_behind(info.driver_name, info.if_index, compat_devargs(&info));
	port->path = interface_path_of(info.driver_name, port->if_index);
	if (if_indextoname(port->if_index, port->interface) == NULL)
		port->interface[0] = '\0';
	free(port->devargs);
	port->devargs = compat_devargs(&info) != NULL ? strdup(compat_devargs(&info)) : NULL;
	port->rx_queues_max = info.max_rx_queues;
	port->tx_queues_max = info.max_tx_queues;
	port->room_min_bytes = info.min_rx_bufsize;
	if (port->traits->flags & DRIVER_FRAMESZ)
		port->room_min_bytes = framesz(compat_devargs(&info));
	return 0;
}

int ports_find(struct ports *ports, const struct config *config)
{
	struct port *wired = &ports->port[SNOOP_WIRED], *wireless = &ports->port[SNOOP_WIRELESS];
	int result;

	memset(ports, 0, sizeof(*ports));
	result = find(wired, config, config->wired_line, "wired", config->wired);
	if (result == 0)
		result =
			find(wireless, config, config->wireless_line, "wireless", config->wireless);
	if (result != 0 || port_check_pair(ports, config) != 0)
		return result != 0 ? result : -1;
	ports->socket = wired->socket >= 0 ? wired->socket : (int)rte_socket_id();
	return 0;
}

/* ---- Configure ---- */

static bool frames_may_be_chains(const struct ports *ports, uint32_t mtu_bytes)
{
	return mtu_bytes + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN > RTE_MBUF_DEFAULT_DATAROOM ||
	       (ports->port[0].traits->flags & DRIVER_CHAINS) != 0 ||
	       (ports->port[1].traits->flags & DRIVER_CHAINS) != 0;
}

static uint64_t checksum_offloads(const struct port *port, const struct rte_eth_dev_info *info)
{
	uint64_t offloads = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;

	if (port->traits->flags & DRIVER_NIC_CHECKSUM)
		return info->rx_offload_capa & offloads;
	log_warning("event=port port=%s driver=%s message=\"[ports] checksum = nic has no effect: "
		    "driver %s is not known to verify checksums safely; using software\"",
		    port->name, port->driver, port->driver);
	return 0;
}

/* None of the offloads changes a packet: chains can be received and sent, checksums are verified.
 */
static void choose_offloads(const struct ports *ports, struct port *port,
			    const struct config *config, const struct rte_eth_dev_info *info,
			    uint16_t mtu_bytes)
{
	port->rx_offloads = port->tx_offloads = 0;
	if (frames_may_be_chains(ports, mtu_bytes)) {
		port->rx_offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
		port->tx_offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	}
	if (config->checksum == CONFIG_CHECKSUM_NIC)
		port->rx_offloads |= checksum_offloads(port, info);
}

/* @return 0 with what the device says of itself and the MTU to give it. */
static int read_device(const struct port *port, const struct config *config,
		       struct rte_eth_dev_info *info, uint16_t *mtu_bytes)
{
	int result = rte_eth_dev_info_get(port->id, info);

	if (result == 0)
		result = rte_eth_dev_get_mtu(port->id, mtu_bytes);
	if (result != 0) {
		log_error("port %s: no device information: %s", port->name, rte_strerror(-result));
		return -1;
	}
	if (config->mtu_bytes != 0)
		*mtu_bytes = (uint16_t)config->mtu_bytes;
	return port_check_mtu(port, config, *mtu_bytes, info);
}

static int refuse_configuration(const struct port *port, const struct config *config,
				uint16_t mtu_bytes, int result)
{
	if (config->mtu_bytes != 0)
		log_error("%s: [ports] mtu = %u: port %s (%s) refuses it: %s; with mtu = auto a "
			  "port keeps the MTU that it has",
			  config->file, mtu_bytes, port->name, port->driver, rte_strerror(-result));
	else
		log_error("port %s (%s) refuses %u RX and %u TX queues at MTU %u: %s", port->name,
			  port->driver, port->rx_queues, port->tx_queues, mtu_bytes,
			  rte_strerror(-result));
	return -1;
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

/* Ask for the configured number of descriptors, take what the driver can have. */
static int set_descriptors(struct port *port, const struct config *config)
{
	int result;

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
			    "message=\"the driver does not take %u and %u\"",
			    port->name, port->driver, port->rx_descriptors, port->tx_descriptors,
			    config->rx_descriptors, config->tx_descriptors);
	return 0;
}

static int configure(struct ports *ports, struct port *port, const struct config *config, bool rss)
{
	uint8_t key[RSS_KEY_BYTES_MAX];
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	uint16_t mtu_bytes = 0;
	int result;

	if (read_device(port, config, &info, &mtu_bytes) != 0)
		return -1;
	choose_offloads(ports, port, config, &info, mtu_bytes);
	conf.rxmode.mtu = mtu_bytes;
	conf.rxmode.offloads = port->rx_offloads;
	conf.txmode.offloads = port->tx_offloads;
	conf.intr_conf.lsc = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	if (rss)
		rss_configure(&info, &conf, key);
	result = rte_eth_dev_configure(port->id, port->rx_queues, port->tx_queues, &conf);
	if (result != 0)
		return refuse_configuration(port, config, mtu_bytes, result);
	port->configured = true;
	if (config->mtu_bytes != 0 && set_mtu(port, config) != 0)
		return -1;
	return set_descriptors(port, config);
}

/* The MTU of the port's frames. Where the driver knows none, that of the interface below. */
static int read_mtu(struct port *port, const struct config *config)
{
	int result = rte_eth_dev_get_mtu(port->id, &port->mtu_bytes);
	uint16_t mtu_bytes = port_behind_mtu(port->if_index);

	if (result != 0) {
		log_error("port %s (%s) does not tell its MTU: %s", port->name, port->driver,
			  rte_strerror(-result));
		return -1;
	}
	if (config->mtu_bytes == 0 && mtu_bytes != 0)
		port->mtu_bytes = mtu_bytes;
	port->mtu_now_bytes = port->mtu_bytes;
	return port_check_slots(port);
}

int ports_configure(struct ports *ports, const struct config *config,
		    const struct handoff_plan *plan)
{
	carriage_init(&ports->port[0].carriage, &ports->port[1].carriage);
	for (int side = 0; side < 2; side++) {
		struct port *port = &ports->port[side];

		port->rx_queues = plan->rx_queues[side];
		port->tx_queues = plan->tx_queues[side];
		ports->room_min_bytes = RTE_MAX(ports->room_min_bytes, port->room_min_bytes);
		if (configure(ports, port, config, !plan->software) != 0 ||
		    read_mtu(port, config) != 0)
			return -1;
		port_interface_set_carriage(port);
	}
	ports->mtu_bytes = ports->port[SNOOP_WIRED].mtu_bytes;
	return port_check_mtus(ports);
}

/* ---- Start and stop ---- */

static int setup_queues(struct port *port, struct rte_mempool *mempool)
{
	unsigned int socket = (unsigned int)port->socket; /* SOCKET_ID_ANY passes through */
	struct rte_eth_dev_info info;
	struct rte_eth_rxconf rx;
	struct rte_eth_txconf tx;
	int result = rte_eth_dev_info_get(port->id, &info);

	if (result == 0) {
		rx = info.default_rxconf;
		rx.offloads = port->rx_offloads;
		tx = info.default_txconf;
		tx.offloads = port->tx_offloads;
	}
	for (uint16_t queue = 0; result == 0 && queue < port->rx_queues; queue++)
		result = rte_eth_rx_queue_setup(port->id, queue, port->rx_descriptors, socket, &rx,
						mempool);
	for (uint16_t queue = 0; result == 0 && queue < port->tx_queues; queue++)
		result = rte_eth_tx_queue_setup(port->id, queue, port->tx_descriptors, socket, &tx);
	if (result == 0)
		return port_check_queues(port);
	log_error("port %s (%s) does not set up its queues: %s", port->name, port->driver,
		  rte_strerror(-result));
	return -1;
}

/* Devices without addresses of their own have no such modes and receive everything. */
static int receive_everything(const struct port *port)
{
	int result = rte_eth_promiscuous_enable(port->id);

	if (result != 0 && result != -ENOTSUP) {
		log_error("port %s (%s) refuses promiscuous mode, which a wire needs: %s",
			  port->name, port->driver, rte_strerror(-result));
		return -1;
	}
	result = rte_eth_allmulticast_enable(port->id);
	if (result != 0 && result != -ENOTSUP)
		log_warning("event=port port=%s driver=%s message=\"the driver refuses "
			    "all-multicast mode (%s); using promiscuous mode alone\"",
			    port->name, port->driver, rte_strerror(-result));
	return 0;
}

static int start(struct port *port, struct rte_mempool *mempool)
{
	int result;

	if (setup_queues(port, mempool) != 0)
		return -1;
	result = rte_eth_dev_start(port->id);
	if (result != 0) {
		log_error("port %s (%s) does not start: %s", port->name, port->driver,
			  rte_strerror(-result));
		return -1;
	}
	port->started = true;
	port_interface_drain(port);
	if (port->behind == NULL)
		port->behind = calloc(1, sizeof(*port->behind));
	if (port->behind == NULL) {
		log_error("port %s: no memory", port->name);
		return -1;
	}
	port_behind_find(port->behind, port->path, port->if_index,
			 (port->traits->flags & DRIVER_FRAMESZ) != 0, port->devargs);
	return port_check_vlan(port) == 0 ? receive_everything(port) : -1;
}

int ports_start(struct ports *ports, struct rte_mempool *mempool)
{
	for (int side = 0; side < 2; side++)
		if (start(&ports->port[side], mempool) != 0)
			return -1;
	return 0;
}

static void stop(struct port *port)
{
	if (port->started)
		rte_eth_dev_stop(port->id);
	port->started = false;
}

void ports_stop(struct ports *ports)
{
	for (int side = 0; side < 2; side++)
		stop(&ports->port[side]);
}

void ports_close(struct ports *ports)
{
	ports_stop(ports);
	for (int side = 0; side < 2; side++) {
		if (ports->port[side].configured)
			rte_eth_dev_close(ports->port[side].id);
		ports->port[side].configured = false;
		free(ports->port[side].behind);
		free(ports->port[side].devargs);
		ports->port[side].behind = NULL;
		ports->port[side].devargs = NULL;
	}
}

/* ---- Once more ---- */

void ports_shut(struct port *port)
{
	stop(port);
	if (port->configured)
		rte_eth_dev_close(port->id);
	port->configured = false;
	port_interface_release(port);
	rte_eal_hotplug_remove(VDEV_BUS, port->name);
}

int ports_reopen(struct ports *ports, struct port *port, const struct config *config, bool rss,
		 struct rte_mempool *mempool)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	char *devargs = port->devargs;
	int result;

	memcpy(name, port->name, sizeof(name));
	result = rte_eal_hotplug_add(VDEV_BUS, name, devargs != NULL ? devargs : "");
	if (result != 0) {
		log_warning("event=port port=%s message=\"the device cannot be made again: %s\"",
			    port->name, rte_strerror(-result));
		return -1;
	}
	if (find(port, config, 0, "port", name) != 0 || port_interface_take_again(port) != 0 ||
	    configure(ports, port, config, rss) != 0 || read_mtu(port, config) != 0)
		return -1;
	port_interface_set_carriage(port);
	return start(port, mempool);
}
