/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What has to be known of a driver because it treats a transmitted mbuf in a way of its own. One
 * table.
 */
#ifndef SNOOPD_QUIRKS_H
#define SNOOPD_QUIRKS_H

#include <stdbool.h>

/** May a cached packet and its transmission be the same mbuf? */
enum quirk_sharing {
	/*
	 * Yes: the driver copies the bytes out, or reads them until it gives its reference back,
	 * and looks at the reference count before it writes into the headroom.
	 */
	QUIRK_SHARE,
	/* No: every transmission of a packet that we keep is a deep copy. */
	QUIRK_COPY,
};

/* The driver hands in chains of mbufs without having been asked to scatter. */
#define QUIRK_CHAINS 0x1
/* Its mbufs must take what "framesz=" of its device arguments says (2048 by default). */
#define QUIRK_FRAMESZ 0x2
/* The kernel reassembles IPv4 fragments before the driver sees them; they cannot be forwarded as
 * they were. */
#define QUIRK_REASSEMBLES 0x4

/* The device's arguments fix the RX queues, and packets arrive in every one. */
#define QUIRK_ALL_QUEUES 0x8
/* One TX queue for all workers: the peer may look at the first only, or the driver wants as many as
 * there are RX queues. */
#define QUIRK_ONE_QUEUE 0x10

/* RX checksum verification only fills in a verdict, and a packet is never handed over without its
 * checksum written out (virtio does that once the offload is on). */
#define QUIRK_NIC_CHECKSUM 0x20

struct quirk {
	const char *driver;  /* rte_eth_dev_info.driver_name */
	const char *devargs; /* only if the device's arguments contain this; NULL = always */
	enum quirk_sharing sharing;
	unsigned int flags;
	const char *why;
};

/**
 * Control thread, once per port.
 *
 * @param driver   driver name of the port
 * @param devargs  its device arguments, may be NULL
 * @return the first entry that matches, or one that says QUIRK_SHARE and nothing else.
 */
const struct quirk *quirk_find(const char *driver, const char *devargs);

#endif
