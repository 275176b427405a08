/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What has to be known of a driver because it treats a transmitted mbuf in a way of its own. One
 * table.
 */
#ifndef SNOOPD_QUIRKS_H
#define SNOOPD_QUIRKS_H

#include <stdbool.h>

#include <snoopd/datapath/packet.h>

/* The driver hands in chains of mbufs without having been asked to scatter. */
#define DRIVER_CHAINS 0x1
/* Its mbufs must take what "framesz=" of its device arguments says (2048 by default). */
#define DRIVER_FRAMESZ 0x2
/* The kernel reassembles IPv4 fragments before the driver sees them; they cannot be forwarded as
 * they were. */
#define DRIVER_REASSEMBLES 0x4

/* The device's arguments fix the RX queues, and packets arrive in every one. */
#define DRIVER_ALL_QUEUES 0x8
/* One TX queue for all workers: the peer may look at the first only, or the driver wants as many as
 * there are RX queues. */
#define DRIVER_ONE_QUEUE 0x10

/* RX checksum verification only fills in a verdict, and a packet is never handed over without its
 * checksum written out (virtio does that once the offload is on). */
#define DRIVER_NIC_CHECKSUM 0x20

struct driver {
	const char *driver;  /* rte_eth_dev_info.driver_name */
	const char *devargs; /* only if the device's arguments contain this; NULL = always */
	enum driver_sharing sharing;
	unsigned int flags;
	const char *why;
};

/**
 * Control thread, once per port.
 *
 * @param driver   driver name of the port
 * @param devargs  its device arguments, may be NULL
 * @return the first entry that matches, or one that says DRIVER_SHARE and nothing else.
 */
const struct driver *driver_find(const char *driver, const char *devargs);

#endif
