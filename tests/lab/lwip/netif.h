/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LWIP_STATION_NETIF_H
#define LWIP_STATION_NETIF_H

#include <lwip/netif.h>

/**
 * @file
 * lwIP's view of a Linux interface: a packet socket on it. The kernel's own stack has no address
 * there and stays silent.
 */

/**
 * Open the interface and give lwIP its address there. To be called with lwIP's core locked.
 *
 * @param ifname   its MAC address becomes lwIP's
 * @param address  IPv4, with a prefix of 24 bits
 * @return the packet socket, or a negative errno
 */
int station_netif_add(struct netif *netif, const char *ifname, const char *address);

/** Wait for the next frame and hand it to lwIP. @return 0, or a negative errno */
int station_netif_poll(struct netif *netif);

/** @return frames that the packet socket had no room for: a fault of the lab, not of the path */
unsigned int station_netif_drops(const struct netif *netif);

#endif
