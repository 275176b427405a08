/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Lists of flow records. Their links are places in the table, half the size of pointers. A record
 * is in one list at most. The owner of the table.
 */
#ifndef FLOW_RECORD_LIST_H
#define FLOW_RECORD_LIST_H

#include <flow/table.h>

/** Places, 0 = none; all zero is an empty list. */
struct flow_record_list {
	uint32_t first;
	uint32_t last;
};

static inline struct flow_record *flow_record_list_first(struct flow_record *records,
							 const struct flow_record_list *list)
{
	return list->first != 0 ? &records[list->first - 1] : NULL;
}

static inline void flow_record_list_append(struct flow_record *records,
					   struct flow_record_list *list,
					   struct flow_record *record)
{
	uint32_t place = (uint32_t)(record - records) + 1;

	record->list_prev = list->last & FLOW_MAX; /* nothing is cut off: for the compiler */
	record->list_next = 0;
	if (list->last != 0)
		records[list->last - 1].list_next = place;
	else
		list->first = place;
	list->last = place;
}

static inline void flow_record_list_remove(struct flow_record *records,
					   struct flow_record_list *list,
					   const struct flow_record *record)
{
	if (record->list_prev != 0)
		records[record->list_prev - 1].list_next = record->list_next;
	else
		list->first = record->list_next;
	if (record->list_next != 0)
		records[record->list_next - 1].list_prev = record->list_prev;
	else
		list->last = record->list_prev;
}

#endif
