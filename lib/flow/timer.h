/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One timer per flow, re-armed lazily, and the list of flows whose time has come.
 *
 * A flow's deadline moves with nearly every packet, mostly further away, and moving a timer costs
 * far more than a packet. So only an earlier deadline moves the timer; a later one is found when
 * the timer fires, which then is armed again. A timer that fires for good only queues its flow. The
 * worker takes a bounded number of flows from the queue in each turn, so that thousands of
 * simultaneous time-outs do not stall reception.
 *
 * Everything here runs on the worker lcore that owns the flows. The source of the time-outs is
 * chosen at link time: a timing wheel in the appliance (timer_wheel.c, flow_dep), which a periodic
 * job ticks (periodic.h); in a test harness anything that implements the three timer_source
 * functions on a simulated clock (flow_core_dep plus its own source).
 */
#ifndef FLOW_TIMER_H
#define FLOW_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <flow/record_list.h>
#include <flow/table.h>

#define FLOW_TIMER_SLOTS 2048u /* the wheel is a quarter of a second long */

struct flow_timers {
	struct flow_record *records; /* the table's */
	struct flow_record_list due;
	uint64_t now_us; /* time of the running flow_timers_run() */
	/* The wheel: belongs to timer_wheel.c. */
	uint64_t tick; /* whose slot is emptied next */
	struct flow_record_list slots[FLOW_TIMER_SLOTS];
};

/**
 * Call once per worker, on its lcore or before it starts.
 *
 * @param records  of the table whose flows have the timers
 */
void flow_timers_init(struct flow_timers *timers, struct flow_record *records);

/** Have the timer fire at this time, or earlier: then it is armed again. */
void flow_timer_arm(struct flow_timers *timers, struct flow_record *record, uint64_t deadline_us,
		    uint64_t now_us);

/** Follow a flow's deadline. Call after every engine call for the flow. */
static inline void flow_timer_update(struct flow_timers *timers, struct flow_record *record,
				     uint64_t now_us)
{
	uint64_t deadline_us = snoop_flow_deadline_us(&record->flow);
	/* A deadline more than half an hour ahead may look earlier by the clock's low half: then
	 * the timer is moved in vain. */
	bool earlier = (int32_t)((uint32_t)deadline_us - record->armed_us) < 0;

	if ((earlier || !record->armed) && deadline_us != SNOOP_NEVER && !record->due)
		flow_timer_arm(timers, record, deadline_us, now_us);
}

/** The record leaves the table: neither fires nor is due any more. */
void flow_timer_cancel(struct flow_timers *timers, struct flow_record *record);

/** Queue a bounded number of flows whose deadline has passed. @return true if more are waiting. */
bool flow_timers_run(struct flow_timers *timers, uint64_t now_us);

/** @return the flow that has been due for longest, taken off the list, or NULL. */
struct flow_record *flow_timers_pop(struct flow_timers *timers);

/** The source calls it from timer_source_run(): the record's timer fired and is no longer armed. */
void flow_timer_fired(struct flow_timers *timers, struct flow_record *record);

/**
 * The source of time-outs; now_us is the worker's clock.
 *
 * Arm the record's timer, or move it if it is armed. Set its armed_us to the deadline, or to the
 * earlier time at which it will be armed again.
 *
 * @return false if that did not work just now: the timer is not armed.
 */
bool timer_source_start(struct flow_timers *timers, struct flow_record *record,
			uint64_t deadline_us, uint64_t now_us);
/** Disarm it; harmless if it is not armed. */
void timer_source_stop(struct flow_timers *timers, struct flow_record *record);
/** Call flow_timer_fired() for records whose time has come. @return true if more are waiting. */
bool timer_source_run(struct flow_timers *timers, uint64_t now_us);

#endif
