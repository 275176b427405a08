/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int frame_pool_init(struct frame_pool *pool, size_t pkts, size_t data_bytes_max)
{
	size_t stride = (sizeof(struct frame) + data_bytes_max + 63) & ~(size_t)63;
	uint8_t *memory = aligned_alloc(64, stride * pkts);

	if (memory == NULL)
		return -ENOMEM;
	memset(memory, 0, stride * pkts);

	pool->memory = memory;
	pool->free = NULL;
	pool->free_pkts = 0;
	pool->data_bytes_max = data_bytes_max;
	for (size_t i = pkts; i-- > 0;)
		frame_free(pool, (struct frame *)(void *)(memory + i * stride));
	return 0;
}

struct frame *frame_alloc(struct frame_pool *pool)
{
	struct frame *frame = pool->free;

	if (frame == NULL)
		return NULL;
	pool->free = frame->next;
	pool->free_pkts--;
	return frame;
}

void frame_free(struct frame_pool *pool, struct frame *frame)
{
	frame->next = pool->free;
	pool->free = frame;
	pool->free_pkts++;
}

int frame_queue_init(struct frame_queue *queue, size_t heap_cap_pkts)
{
	memset(queue, 0, sizeof(*queue));
	queue->heap = calloc(heap_cap_pkts, sizeof(*queue->heap));
	if (queue->heap == NULL)
		return -ENOMEM;
	queue->heap_cap_pkts = heap_cap_pkts;
	return 0;
}

static bool frame_before(const struct frame *a, const struct frame *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_push(struct frame_queue *queue, struct frame *frame)
{
	size_t i = queue->heap_pkts++;

	while (i > 0 && frame_before(frame, queue->heap[(i - 1) / 2])) {
		queue->heap[i] = queue->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	queue->heap[i] = frame;
}

static struct frame *heap_pop(struct frame_queue *queue)
{
	struct frame *top = queue->heap[0];
	struct frame *last = queue->heap[--queue->heap_pkts];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= queue->heap_pkts)
			break;
		if (child + 1 < queue->heap_pkts &&
		    frame_before(queue->heap[child + 1], queue->heap[child]))
			child++;
		if (!frame_before(queue->heap[child], last))
			break;
		queue->heap[i] = queue->heap[child];
		i = child;
	}
	queue->heap[i] = last;
	return top;
}

int frame_queue_put(struct frame_queue *queue, struct frame *frame)
{
	frame->order = queue->admitted++;
	frame->next = NULL;
	if (queue->head == NULL) {
		queue->head = queue->tail = frame;
	} else if (frame->due_ns >= queue->tail->due_ns) {
		queue->tail->next = frame;
		queue->tail = frame;
	} else if (queue->heap_pkts < queue->heap_cap_pkts) {
		heap_push(queue, frame);
	} else {
		return -ENOSPC;
	}
	return 0;
}

/* The FIFO and the heap are two sorted sources; @return the one whose head goes first. */
static bool heap_is_next(const struct frame_queue *queue)
{
	return queue->heap_pkts > 0 &&
	       (queue->head == NULL || frame_before(queue->heap[0], queue->head));
}

uint64_t frame_queue_next_due_ns(const struct frame_queue *queue)
{
	if (heap_is_next(queue))
		return queue->heap[0]->due_ns;
	return queue->head != NULL ? queue->head->due_ns : UINT64_MAX;
}

struct frame *frame_queue_take(struct frame_queue *queue, uint64_t now_ns)
{
	struct frame *frame;

	if (frame_queue_next_due_ns(queue) > now_ns)
		return NULL;
	if (heap_is_next(queue))
		return heap_pop(queue);
	frame = queue->head;
	queue->head = frame->next;
	if (queue->head == NULL)
		queue->tail = NULL;
	return frame;
}
