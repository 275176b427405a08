/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_FRAME_H
#define LINKEMU_FRAME_H

#include <stddef.h>
#include <stdint.h>

/**
 * @file
 * Frame buffers and the two structures that hold frames until they are due.
 *
 * All frames come from one pool that is allocated and touched before the first frame is read: a
 * page fault or a malloc in the loop would show up as lateness of the link. The process has one
 * thread; nothing here locks.
 *
 * A link without reordering delivers in the order of departure, so a FIFO is enough; only frames
 * that are due before one already queued (reordering) pay for the heap.
 */
struct frame {
	struct frame *next; /* free list, or the FIFO */
	uint64_t due_ns;    /* CLOCK_MONOTONIC time of its arrival at the far end */
	uint64_t order;	    /* breaks ties in the heap by admission */
	uint32_t len_bytes;
	uint8_t data[];
};

struct frame_pool {
	void *memory;
	struct frame *free;
	size_t free_pkts;
	size_t data_bytes_max; /* longest frame that a buffer holds */
};

/** Frames in flight in one direction, by due time. */
struct frame_queue {
	struct frame *head, *tail; /* the FIFO */
	struct frame **heap;
	size_t heap_pkts, heap_cap_pkts;
	uint64_t admitted;
};

/** @return 0, or -ENOMEM */
int frame_pool_init(struct frame_pool *pool, size_t pkts, size_t data_bytes_max);

/** @return a buffer that the caller owns, or NULL when the pool is empty */
struct frame *frame_alloc(struct frame_pool *pool);

void frame_free(struct frame_pool *pool, struct frame *frame);

/** @return 0, or -ENOMEM */
int frame_queue_init(struct frame_queue *queue, size_t heap_cap_pkts);

/**
 * Take over a frame whose due_ns is set.
 *
 * @return 0, or -ENOSPC when it needs the heap and the heap is full; the frame stays the caller's
 */
int frame_queue_put(struct frame_queue *queue, struct frame *frame);

/** @return the due time of the next frame, UINT64_MAX when there is none */
uint64_t frame_queue_next_due_ns(const struct frame_queue *queue);

/** @return the next frame if it is due, owned by the caller, else NULL */
struct frame *frame_queue_take(struct frame_queue *queue, uint64_t now_ns);

#endif
