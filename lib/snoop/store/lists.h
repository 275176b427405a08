/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Doubly linked lists of segment records, by index into the pool: 0 = none.
 *
 * The first record's link to the one before it means nothing: records leave the head of a list in
 * runs, and their successor is not touched for that.
 */
#ifndef SNOOP_STORE_LISTS_H
#define SNOOP_STORE_LISTS_H

#include <snoop/store/records.h>

enum list_kind { LIST_SEQ, LIST_OPEN, LIST_SEND };

static inline uint32_t *list_next(struct snoop_segment *segment, enum list_kind kind)
{
	return kind == LIST_SEQ	   ? &segment->seq_next
	       : kind == LIST_OPEN ? &segment->open_next
				   : &segment->send_next;
}

static inline uint32_t *list_prev(struct snoop_segment *segment, enum list_kind kind)
{
	return kind == LIST_SEQ	   ? &segment->seq_prev
	       : kind == LIST_OPEN ? &segment->open_prev
				   : &segment->send_prev;
}

/* @return the record before this one, 0 for the first. Never read the first record's own link: it
 * may be stale, see segment_remove_run(). */
static inline uint32_t list_before(const struct snoop_engine *engine, const struct snoop_list *list,
				   enum list_kind kind, uint32_t index)
{
	return index == list->head ? 0 : *list_prev(segment_at(engine, index), kind);
}

/* Insert after the record `after`, 0 = at the head. */
static inline void list_insert(struct snoop_engine *engine, struct snoop_list *list,
			       enum list_kind kind, uint32_t after, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t next = after ? *list_next(segment_at(engine, after), kind) : list->head;

	*list_prev(segment, kind) = after;
	*list_next(segment, kind) = next;
	if (after)
		*list_next(segment_at(engine, after), kind) = index;
	else
		list->head = index;
	if (next)
		*list_prev(segment_at(engine, next), kind) = index;
	else
		list->tail = index;
}

/* The common case of list_insert(). */
static inline void list_append(struct snoop_engine *engine, struct snoop_list *list,
			       enum list_kind kind, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	*list_prev(segment, kind) = list->tail;
	*list_next(segment, kind) = 0;
	if (list->tail)
		*list_next(segment_at(engine, list->tail), kind) = index;
	else
		list->head = index;
	list->tail = index;
}

static inline void list_remove(struct snoop_engine *engine, struct snoop_list *list,
			       enum list_kind kind, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t prev = *list_prev(segment, kind), next = *list_next(segment, kind);

	if (list->head == index) {
		list->head = next;
		if (!next)
			list->tail = 0;
		return;
	}
	*list_next(segment_at(engine, prev), kind) = next;
	if (next)
		*list_prev(segment_at(engine, next), kind) = prev;
	else
		list->tail = prev;
}

#endif
