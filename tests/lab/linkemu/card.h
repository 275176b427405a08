/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_CARD_H
#define LINKEMU_CARD_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

/**
 * @file
 * What a real card does with what its host leaves to it: it completes checksums and cuts TCP
 * super-frames (TSO) into frames of the size that the host names. A tap with offloads hands over
 * packets as the host's stack made them; the wire after it must carry what a wire carries. Pure, no
 * system call.
 */

/* The longest super-frame: 64 KB of IP, the Ethernet header, and tags. */
#define CARD_BYTES_MAX (65536u + 32u)

struct card_packet {
	struct virtio_net_hdr header;
	uint8_t data[CARD_BYTES_MAX];
	size_t len_bytes;
	uint32_t offset; /* payload that card_next() has handed out */
};

/**
 * The next frame of the packet, with all checksums complete.
 *
 * @param packet    as read from the tap; `offset` is 0 before the first call
 * @param room      bytes of `frame`
 * @return its length; 0 after the last one; -1 if the header does not fit the packet or a frame
 * does not fit the room: what is left of the packet is lost
 */
long card_next(struct card_packet *packet, uint8_t *frame, size_t room);

#endif
