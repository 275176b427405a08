/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a port, or a pair of ports, must be to serve as a wire. Each check returns 0, or -1 after
 * one line on stderr that says what is wrong and what to do.
 *
 * Who runs here: the control thread, from ports.c. Nothing is changed.
 */
#ifndef SNOOPD_PORT_CHECKS_H
#define SNOOPD_PORT_CHECKS_H

#include <snoopd/bringup/ports.h>

/**
 * The EAL has no port of the name or number that a key gives. @return -1, or -ENODEV: it was told
 * of one.
 */
int port_check_missing(const struct config *config, unsigned int line, const char *key,
		       const char *value);

/** After ports_find(): two different ports. Warns if they are on different NUMA nodes. */
int port_check_pair(const struct ports *ports, const struct config *config);

/** After ports_find() of both links: neither has a port, or the interface behind it, of the other.
 */
int port_check_links(const struct ports *ports, const struct config *config,
		     const struct ports *earlier, const struct config *earlier_config);

/** Before rte_eth_dev_configure(): the device takes that MTU. */
int port_check_mtu(const struct port *port, const struct config *config, uint16_t mtu_bytes,
		   const struct rte_eth_dev_info *info);

/** Once the MTU is known: a frame fits into a slot of a packet socket's ring. */
int port_check_slots(const struct port *port);

/** Once both are configured: one MTU. */
int port_check_mtus(const struct ports *ports);

/** Once the queues are set up: the driver looks at reference counts when it frees. */
int port_check_queues(const struct port *port);

/** Once the port is started: it leaves VLAN tags alone. */
int port_check_vlan(const struct port *port);

#endif
