/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One timer per flow, lazily re-armed, and the list of flows whose time has come.
 *
 * A flow's deadline moves with nearly every packet, mostly further away; moving a timer costs far
 * more than a packet. So only an earlier deadline touches the timer; a later one is found when the
 * timer fires, and the timer is armed again. A timer that fires for good only queues its flow: the
 * worker takes a bounded number of flows from the queue in each turn, so that thousands of
 * simultaneous time-outs do not stall reception.
 *
 * Everything here runs on the worker lcore that owns the flows. Where the timers themselves come
 * from is chosen at link time: a timing wheel in the appliance (timer_wheel.c, flow_dep), anything
 * that implements the three timer_source functions on a simulated clock in a test harness (flow_core_dep
 * plus its own source).
 */
#ifndef FLOW_TIMER_H
#define FLOW_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <flow/record_list.h>
#include <flow/table.h>

#define FLOW_TIMER_SLOTS 2048u /* a quarter of a second of the wheel */

struct flow_timers {
	struct flow_record *records; /* the table's */
	struct flow_record_list due;
	uint64_t now_us; /* time of the running flow_timers_run() */
	/* The wheel: belongs to timer_wheel.c. */
	uint64_t tick; /* whose slot is emptied next */
	struct flow_record_list slots[FLOW_TIMER_SLOTS];
};

/** Call once per worker, on its lcore or before it starts. @param records  of the table whose flows have the timers */
void flow_timers_init(struct flow_timers *timers, struct flow_record *records);

/** Have the timer fire at this time, or before, in which case it is armed again. */
void flow_timer_arm(struct flow_timers *timers, struct flow_record *record, uint64_t deadline_us,
		    uint64_t now_us);

/** The flow was handed to the engine: follow its deadline. Call after every engine call for a flow.
 */
static inline void flow_timer_update(struct flow_timers *timers, struct flow_record *record,
				     uint64_t now_us)
{
	uint64_t deadline_us = snoop_flow_deadline_us(&record->flow);
	/* A deadline further away than half of the clock's low half may be taken for an earlier one: it moves the timer in vain. */
	bool earlier = (int32_t)((uint32_t)deadline_us - record->armed_us) < 0;

	if ((earlier || !record->armed) && deadline_us != SNOOP_NEVER && !record->due)
		flow_timer_arm(timers, record, deadline_us, now_us);
}

/** The record leaves the table: neither fires nor is due any more. */
void flow_timer_cancel(struct flow_timers *timers, struct flow_record *record);

/** Queue the flows whose deadline has passed, a bounded number. @return true if more are waiting. */
bool flow_timers_run(struct flow_timers *timers, uint64_t now_us);

/** @return the flow that has been due for longest, taken off the list, or NULL. */
struct flow_record *flow_timers_pop(struct flow_timers *timers);

/** Called by the source, from within timer_source_run(): the record's timer fired and is not armed
 * now. */
void flow_timer_fired(struct flow_timers *timers, struct flow_record *record);

/**
 * The source of time-outs. Called with the worker's clock in now_us.
 *
 * Arm the record's timer, or move it if it is armed; set its armed_us to the deadline, or to the time before it at which it will
 * be armed again.
 *
 * @return false if that did not work just now: it is not armed.
 */
bool timer_source_start(struct flow_timers *timers, struct flow_record *record,
			uint64_t deadline_us, uint64_t now_us);
/** Disarm it; harmless if it is not armed. */
void timer_source_stop(struct flow_timers *timers, struct flow_record *record);
/** Call flow_timer_fired() for records whose time has come. @return true if more are waiting. */
bool timer_source_run(struct flow_timers *timers, uint64_t now_us);

#endif
