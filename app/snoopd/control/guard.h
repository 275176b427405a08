/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Fail open: stop repairs that do not help, and try again later. Pure: what the workers counted
 * goes in with the time; the level that the link should have comes out.
 *
 * Who runs here: the control thread, from supervisor.c. It calls nothing.
 *
 * The guard has two states. While the link helps, a period with enough retransmits is bad if too
 * many of them were duplicates at the station (D-SACK), or too few were confirmed. After some bad
 * periods in a row the guard demotes the link, which then only observes. It promotes the link again
 * once it has waited and there is loss to repair. Each demotion doubles the wait; good periods make
 * it short again.
 *
 * One station must not take the help from all others, by forged reports or by being the only bad
 * one. So after the first bad period the stations vote: the next bad period counts only if most of
 * the stations with retransmits in it were bad. Flows that have their level from a rule do not
 * vote, because the link's level does not change theirs.
 */
#ifndef SNOOPD_GUARD_H
#define SNOOPD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include <counters/counters.h>
#include <snoopd/datapath/worker_report.h>

#define GUARD_BAD_PERIODS 3	  /* in a row, before the link is demoted */
#define GUARD_GOOD_PERIODS 10	  /* in a row, before the wait is short again */
#define GUARD_RETRANSMITS_MIN 100 /* in a period; fewer say nothing */
#define GUARD_LOSSES_MIN 20	  /* in a period, to justify a promotion */
#define GUARD_WAIT_DOUBLINGS_MAX 5
#define GUARD_STATION_RETRANSMITS_MIN 10 /* of a station in a period, to have a vote */

#define GUARD_PPM 1000000u

struct guard_limits {
	uint64_t period_us;
	uint64_t retry_us;	/* a demoted link waits at least this long */
	uint32_t spurious_ppm;	/* share of retransmits that may be duplicates */
	uint32_t confirmed_ppm; /* share of retransmits that must be confirmed */
};

/** Sums over all workers, since the start. Neither retransmits nor spurious has probes or shields
 * in it: they are sent without a loss, and most of them are duplicates. */
struct guard_counts {
	uint64_t retransmits, spurious, confirmed, losses;
};

enum guard_action { GUARD_LEAVE, GUARD_DEMOTE, GUARD_PROMOTE };

enum guard_cause { GUARD_FINE, GUARD_SPURIOUS, GUARD_USELESS };

struct guard {
	bool demoted;
	enum guard_cause cause; /* of the bad periods, or of the demotion */
	uint32_t bad, good;	/* periods in a row */
	uint32_t doublings;	/* of the wait */
	uint64_t period_end_us, demoted_us;
	struct guard_counts before;		       /* at the start of the period */
	struct guard_station stations[GUARD_STATIONS]; /* at the end of the last bad period */
	uint64_t demotions, promotions;
};

const char *guard_cause_name(enum guard_cause cause);

/** What the guard counts, of the sum over all workers. */
struct guard_counts guard_count(const struct counters *sum);

/** An operator chose a level: the link helps, forget what was learnt. The totals stay. */
void guard_restart(struct guard *guard, const struct guard_counts *now,
		   const struct guard_limits *limits, uint64_t now_us);

/** @return true if a bad period ends now: then guard_look() needs the stations. */
bool guard_suspects(const struct guard *guard, const struct guard_counts *now,
		    const struct guard_limits *limits, uint64_t now_us);

/**
 * Decide. Call it at any interval.
 *
 * @param stations  GUARD_STATIONS of them, as they are now; NULL if guard_suspects() said no, or
 *                  they are unknown: then a bad period says nothing
 * @return what to do with the level. It counts as done: a caller that cannot do it restores the
 * guard that it had before.
 */
enum guard_action guard_look(struct guard *guard, const struct guard_counts *now,
			     const struct guard_station *stations,
			     const struct guard_limits *limits, uint64_t now_us);

#endif
