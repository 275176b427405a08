/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Which frames did two packet sockets on one interface both receive? While a port changes hands,
 * the sockets of both processes are open, so that no frame is missed by both. A mark is a hash of
 * a frame and of the time at which the kernel received it, which is the same in both rings
 * (packet_sockets_stamp()). A slot keeps its frame until the kernel needs it again.
 *
 * Who runs here: the control thread. Pure: it reads and writes a ring that the caller has mapped.
 */
#ifndef SNOOPD_FRAME_MARKS_H
#define SNOOPD_FRAME_MARKS_H

#include <stdint.h>

#include <snoopd/kernel/packet_sockets.h>

struct frame_marks {
	uint64_t *mark; /* malloc()ed */
	uint32_t count, room;
};

/** @return 0, or -ENOMEM. */
int frame_marks_add(struct frame_marks *marks, const uint64_t *mark, uint32_t count);

/** @return the slot of the frame that came last, or the last slot of a ring that had none. */
uint32_t frame_marks_newest(const unsigned char *ring_memory, const struct packet_ring *ring);

/**
 * Add the frames that the driver has taken out of a receive ring since, and some of before.
 *
 * @param newest  what frame_marks_newest() said then
 * @return 0, or -ENOMEM.
 */
int frame_marks_taken(struct frame_marks *marks, const unsigned char *ring_memory,
		      const struct packet_ring *ring, uint32_t newest);

/** To be called once before frame_marks_blank(). */
void frame_marks_sort(struct frame_marks *marks);

/**
 * Make the frames in a receive ring that are marked, and that the driver has not taken yet, empty:
 * it delivers a packet of length 0 for each.
 *
 * @param newest  what frame_marks_newest() said when the driver had taken everything
 * @return how many.
 */
uint32_t frame_marks_blank(const struct frame_marks *marks, unsigned char *ring_memory,
			   const struct packet_ring *ring, uint32_t newest);

void frame_marks_free(struct frame_marks *marks);

#endif
