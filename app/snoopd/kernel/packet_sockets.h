/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The packet sockets that a driver has opened on an interface, and what the driver does not do with
 * them: count what did not fit into their receive rings, and empty their transmit rings.
 *
 * A transmit ring keeps what it was given while the interface is down or has no carrier, and sends
 * it as soon as somebody sends after that: minutes later, if the outage was that long.
 *
 * Who runs here: the control thread; packet_sockets_drops() also whoever reports.
 */
#ifndef SNOOPD_PACKET_SOCKETS_H
#define SNOOPD_PACKET_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_SOCKETS_MAX 64

struct packet_sockets {
	uint32_t count;
	int fd[PACKET_SOCKETS_MAX]; /* the driver's */
	uint64_t drops; /* atomic: read so far, as the kernel begins anew after each look */
};

/** How the driver lays out the rings of one socket: the receive ring first, then the same to send.
 */
struct packet_ring {
	uint32_t block_bytes, blocks, frame_bytes, frames;
};

/** Read the layout from the device arguments of net_af_packet. @param devargs  may be NULL */
void packet_ring_of(struct packet_ring *ring, const char *devargs);

/** Find the sockets of this process that are bound to the interface. @return 0 or -errno. */
int packet_sockets_find(struct packet_sockets *sockets, unsigned int if_index);

/** @return packets that did not fit into the receive rings, since packet_sockets_find(). */
uint64_t packet_sockets_drops(struct packet_sockets *sockets);

/** Let frames carry the time at which the kernel received them: the same in the rings of all
 * sockets that hear them. @return 0 or -errno. */
int packet_sockets_stamp(const struct packet_sockets *sockets, bool on);

/** Both rings of one socket, mapped once more. */
struct packet_map {
	unsigned char *rx, *tx;
	size_t bytes;
};

/** @return 0 and a map for packet_sockets_unmap(); -EINVAL: the ring is not laid out; -errno. */
int packet_sockets_map(const struct packet_sockets *sockets, uint32_t number,
		       const struct packet_ring *ring, struct packet_map *map);
void packet_sockets_unmap(struct packet_map *map);

/** Let the kernel send what the transmit rings still hold, for some ms at most. @return false: not
 * all of it. */
bool packet_sockets_flush(const struct packet_sockets *sockets);

/**
 * Throw away what the transmit rings still hold, and an old error of the sockets. Meanwhile nobody
 * else may send. The interface is up, or the rings are emptied by the next one who sends.
 *
 * @param frames  in: 0; out: how many were thrown away
 * @return 0, or a negative errno value if a ring is not laid out like that.
 */
int packet_sockets_discard(const struct packet_sockets *sockets, const struct packet_ring *ring,
			   uint32_t *frames);

#endif
