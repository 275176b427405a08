/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/guard.h>

#include <string.h>

const char *guard_cause_name(enum guard_cause cause)
{
	static const char *const names[] = {
		[GUARD_FINE] = "none", [GUARD_SPURIOUS] = "spurious", [GUARD_USELESS] = "useless"};

	return names[cause];
}

struct guard_counts guard_count(const struct counters *sum)
{
	return (struct guard_counts){
		.retransmits = sum->retransmits_scoreboard + sum->retransmits_dupack +
			       sum->retransmits_timeout,
		.spurious = sum->spurious_repairs - sum->spurious_probe - sum->spurious_shield,
		/* What may have helped is not useless. Each repair counts once. */
		.confirmed =
			sum->repairs_confirmed + sum->repairs_unproven - sum->unproven_confirmed,
		.losses = sum->radio_losses,
	};
}

static void begin_period(struct guard *guard, const struct guard_counts *now,
			 const struct guard_limits *limits, uint64_t now_us)
{
	guard->before = *now;
	guard->period_end_us = now_us + limits->period_us;
}

void guard_restart(struct guard *guard, const struct guard_counts *now,
		   const struct guard_limits *limits, uint64_t now_us)
{
	guard->demoted = false;
	guard->cause = GUARD_FINE;
	guard->bad = guard->good = guard->doublings = 0;
	begin_period(guard, now, limits, now_us);
}

/* @return true if part is more than ppm parts per million of whole. */
static bool above(uint64_t part, uint64_t whole, uint32_t ppm)
{
	return part * GUARD_PPM > whole * ppm;
}

static enum guard_cause judge(uint64_t retransmits, uint64_t spurious, uint64_t confirmed,
			      const struct guard_limits *limits)
{
	if (above(spurious, retransmits, limits->spurious_ppm))
		return GUARD_SPURIOUS;
	if (!above(confirmed, retransmits, limits->confirmed_ppm) && limits->confirmed_ppm > 0)
		return GUARD_USELESS;
	return GUARD_FINE;
}

static enum guard_cause judge_link(const struct guard_counts *period,
				   const struct guard_limits *limits)
{
	return period->retransmits < GUARD_RETRANSMITS_MIN
		       ? GUARD_FINE
		       : judge(period->retransmits, period->spurious, period->confirmed, limits);
}

/* A flow that ended takes its counts with it. Sums below the last ones are the period's own. */
static struct guard_station station_period(const struct guard_station *before,
					   const struct guard_station *now)
{
	if (now->retransmits < before->retransmits || now->spurious < before->spurious ||
	    now->confirmed < before->confirmed)
		return *now;
	return (struct guard_station){
		.retransmits = now->retransmits - before->retransmits,
		.spurious = now->spurious - before->spurious,
		.confirmed = now->confirmed - before->confirmed,
	};
}

/* @return true if most stations with retransmits since the last bad period are bad. */
static bool most_are_bad(const struct guard *guard, const struct guard_station *stations,
			 const struct guard_limits *limits)
{
	uint32_t voters = 0, bad = 0;

	for (uint32_t i = 0; i < GUARD_STATIONS; i++) {
		struct guard_station period = station_period(&guard->stations[i], &stations[i]);

		if (period.retransmits < GUARD_STATION_RETRANSMITS_MIN)
			continue;
		voters++;
		bad += judge(period.retransmits, period.spurious, period.confirmed, limits) !=
		       GUARD_FINE;
	}
	return bad * 2 > voters;
}

static enum guard_action look_bad(struct guard *guard, enum guard_cause cause,
				  const struct guard_station *stations,
				  const struct guard_limits *limits, uint64_t now_us)
{
	/* The first bad period has no earlier counts to compare with. */
	bool counts = guard->bad == 0 || most_are_bad(guard, stations, limits);

	memcpy(guard->stations, stations, sizeof(guard->stations));
	guard->good = 0;
	guard->cause = counts ? cause : GUARD_FINE;
	guard->bad = counts ? guard->bad + 1 : 0;
	if (guard->bad < GUARD_BAD_PERIODS)
		return GUARD_LEAVE;
	guard->bad = 0;
	guard->demoted = true;
	guard->demoted_us = now_us;
	guard->demotions++;
	return GUARD_DEMOTE;
}

static enum guard_action look_helping(struct guard *guard, const struct guard_counts *period,
				      const struct guard_station *stations,
				      const struct guard_limits *limits, uint64_t now_us)
{
	enum guard_cause cause = judge_link(period, limits);

	if (period->retransmits < GUARD_RETRANSMITS_MIN ||
	    (cause != GUARD_FINE && stations == NULL))
		return GUARD_LEAVE;
	if (cause != GUARD_FINE)
		return look_bad(guard, cause, stations, limits, now_us);
	guard->cause = GUARD_FINE;
	guard->bad = 0;
	if (++guard->good >= GUARD_GOOD_PERIODS)
		guard->doublings = 0;
	return GUARD_LEAVE;
}

static enum guard_action look_demoted(struct guard *guard, const struct guard_counts *period,
				      const struct guard_limits *limits, uint64_t now_us)
{
	if (now_us - guard->demoted_us < limits->retry_us << guard->doublings ||
	    period->losses < GUARD_LOSSES_MIN)
		return GUARD_LEAVE;
	if (guard->doublings < GUARD_WAIT_DOUBLINGS_MAX)
		guard->doublings++;
	guard->demoted = false;
	guard->cause = GUARD_FINE;
	guard->promotions++;
	return GUARD_PROMOTE;
}

static struct guard_counts period_of(const struct guard *guard, const struct guard_counts *now)
{
	return (struct guard_counts){
		.retransmits = now->retransmits - guard->before.retransmits,
		.spurious = now->spurious - guard->before.spurious,
		.confirmed = now->confirmed - guard->before.confirmed,
		.losses = now->losses - guard->before.losses,
	};
}

bool guard_suspects(const struct guard *guard, const struct guard_counts *now,
		    const struct guard_limits *limits, uint64_t now_us)
{
	struct guard_counts period = period_of(guard, now);

	return now_us >= guard->period_end_us && !guard->demoted &&
	       judge_link(&period, limits) != GUARD_FINE;
}

enum guard_action guard_look(struct guard *guard, const struct guard_counts *now,
			     const struct guard_station *stations,
			     const struct guard_limits *limits, uint64_t now_us)
{
	struct guard_counts period = period_of(guard, now);

	if (now_us < guard->period_end_us)
		return GUARD_LEAVE;
	begin_period(guard, now, limits, now_us);
	return guard->demoted ? look_demoted(guard, &period, limits, now_us)
			      : look_helping(guard, &period, stations, limits, now_us);
}
