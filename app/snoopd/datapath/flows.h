/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The flows of a worker: created at their first data, aged, counted by reason, removed; and memory
 * pressure, under which new flows begin in bypass.
 *
 * Worker lcore only. Calls the engine, the flow table and the flow timers.
 */
#ifndef SNOOPD_FLOWS_H
#define SNOOPD_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include <counters/counters.h>
#include <flow/table.h>
#include <snoop/snoop.h>

#define PRESSURE_PPM 1000000u	    /* the whole budget */
#define PRESSURE_RELIEF_PPM 150000u /* the cache must fall this far below the limit to end it */

struct worker;
struct worker_link;

/**
 * How many flows are in which state, counted by the walk that ages the table: exact when the walk
 * comes round, and for a busy table up to a second old.
 */
struct flow_gauges {
	uint32_t flows[SNOOP_REASON_COUNT]; /* seen since the walk began at the first record */
};

/** @return the record of a new flow, or NULL where the link has as many as it may have. */
struct flow_record *flows_create(struct worker_link *link, const struct snoop_key *key,
				 uint32_t hash);

/** Take a flow out of the table: close it, cancel its timer. */
void flows_remove(struct worker *worker, struct flow_record *record);
void flows_remove_all(struct worker *worker);

/** Give a flow the level that the configuration says, and follow its deadline. */
void flows_set_level(struct worker_link *link, struct flow_record *record);

/** @return why the flow is not helped: what the engine says, and what only the worker knows. */
enum snoop_reason flows_reason(const struct flow_record *record);

/** Hand flows whose time has come to the engine, a bounded number. */
void flows_serve_due(struct worker *worker);

/** Work out how far the walk through the table has to go on, by the time since the last call. */
void flows_begin_ageing(struct worker *worker);
/** Go on with the walk, by a bounded number of records: remove idle flows, count the others. */
void flows_age(struct worker *worker);

/** Look at the cache: does memory pressure begin or end? */
void flows_look_at_pressure(struct worker_link *link);

/**
 * Look at the ports: does an outage begin or end? Nothing of the time before may come out after it,
 * and what a port that is down does not send must not be told as a loss of the radio or of the
 * wire. So meanwhile no packet is examined (pass_outage); the bytes of all flows, and the SYNs that
 * could be retransmitted, are forgotten, in bounded steps. Once both gates are open and the walk
 * through the table has ended, flows are picked up again at their next data.
 */
void flows_look_at_outage(struct worker_link *link);

/**
 * Is the cache under pressure? Pressure begins above the limit and ends well below it. Pure.
 *
 * @param pressed    whether it was until now
 * @param limit_ppm  share of the budget; PRESSURE_PPM = never
 */
static inline bool pressure_holds(bool pressed, uint64_t used, uint64_t budget, uint32_t limit_ppm)
{
	uint64_t ppm = pressed ? limit_ppm - PRESSURE_RELIEF_PPM : limit_ppm;

	return limit_ppm < PRESSURE_PPM && used * PRESSURE_PPM > budget * ppm;
}

#endif
