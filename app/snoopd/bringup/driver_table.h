/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What snoopd has to know about a driver that it cannot ask the driver: one row per driver. To add
 * a driver, add a row.
 *
 * Who runs here: the control thread, once per port. The table is constant; it calls nothing.
 */
#ifndef SNOOPD_DRIVER_TABLE_H
#define SNOOPD_DRIVER_TABLE_H

#include <linux/capability.h>
#include <stdint.h>

#include <snoopd/datapath/packet.h>

/* The driver delivers chains of mbufs without having been asked to scatter. */
#define DRIVER_CHAINS 0x1
/*
 * It has packet sockets with rings. Its mbufs must take a slot, which "framesz=" of its device
 * arguments sizes (2048 by default).
 */
#define DRIVER_FRAMESZ 0x2
/*
 * The kernel reassembles IPv4 fragments before the driver sees them, so they cannot be forwarded as
 * they were.
 */
#define DRIVER_REASSEMBLES 0x4
/* The device's arguments fix the number of RX queues, and packets arrive in every one. */
#define DRIVER_ALL_QUEUES 0x8
/*
 * One TX queue for all workers: the peer may look at the first only, or the driver wants as many as
 * there are RX queues.
 */
#define DRIVER_ONE_QUEUE 0x10
/*
 * The driver verifies checksums on reception and does nothing else: it never delivers a packet
 * whose checksum was not written out (virtio does, once the offload is on).
 */
#define DRIVER_NIC_CHECKSUM 0x20
/* Neither the driver nor the kernel counts what did not fit into the ring: the peer may do it. */
#define DRIVER_MISSES_UNCOUNTED 0x40
/* snoopd can close a port whose interface is gone, and open it again while it runs. */
#define DRIVER_REOPENS 0x80
/* For that the control thread keeps: packet sockets, promiscuous mode, locked rings. */
#define DRIVER_REOPEN_CAPABILITIES                                                                 \
	(UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_IPC_LOCK)
/* The driver makes the interface. */
#define DRIVER_MAKES_INTERFACE 0x100
/* Two processes may have the port open, and each can be told to hear nothing: port_switch.h. */
#define DRIVER_SHARES 0x200
/* Buffers that the kernel had for reception do not come back when the port is closed. */
#define DRIVER_KEEPS_BUFFERS 0x400
/* The kernel lets another process have the port only after this one has ended. */
#define DRIVER_KEEPS_PORT 0x800

struct driver_traits {
	const char *driver;  /* rte_eth_dev_info.driver_name */
	const char *devargs; /* only if the device's arguments contain this; NULL = always */
	enum driver_sharing sharing;
	unsigned int flags;
	/*
	 * Capabilities that the control thread keeps, 1 << CAP_...: what the driver needs to stop
	 * and close a port and to follow its carrier.
	 */
	uint64_t capabilities;
	const char *why;
};

/**
 * @param driver   driver name of the port
 * @param devargs  its device arguments, may be NULL
 * @return the first row that matches, or one that says DRIVER_SHARE and nothing else.
 */
const struct driver_traits *driver_find(const char *driver, const char *devargs);

#endif
