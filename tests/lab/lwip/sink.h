/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LWIP_STATION_SINK_H
#define LWIP_STATION_SINK_H

#include <lwip/netif.h>
#include <stdint.h>

/**
 * @file
 * One TCP connection that is accepted, read to its end and reported, as `endpoint receive` does
 * with the kernel's TCP: byte i of the stream has to be i modulo 251. Runs under lwIP's core lock.
 */

struct sink_options {
	uint16_t port;
	double seconds;		/* stop so long after the start; 0 = at the end of the stream */
	uint32_t message_bytes; /* answer each message of so many bytes; 0 = never */
	uint32_t reply_bytes;	/* with so many */
	int arrivals;		/* report when each piece came in */
};

/** Listen. @return 0, or a negative errno */
int sink_listen(const struct sink_options *options, const struct netif *netif);

#endif
