/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/guard.h>

const char *guard_cause_name(enum guard_cause cause)
{
	static const char *const names[] = {
		[GUARD_FINE] = "none", [GUARD_SPURIOUS] = "spurious", [GUARD_USELESS] = "useless"};

	return names[cause];
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

/* @return whether a share of the repeats is above so many parts per million. */
static bool above(uint64_t part, uint64_t whole, uint32_t ppm)
{
	return part * GUARD_PPM > whole * ppm;
}

static enum guard_cause judge(const struct guard_counts *period, const struct guard_limits *limits)
{
	if (above(period->spurious, period->repeats, limits->spurious_ppm))
		return GUARD_SPURIOUS;
	if (!above(period->confirmed, period->repeats, limits->confirmed_ppm) &&
	    limits->confirmed_ppm > 0)
		return GUARD_USELESS;
	return GUARD_FINE;
}

static enum guard_action look_helping(struct guard *guard, const struct guard_counts *period,
				      const struct guard_limits *limits, uint64_t now_us)
{
	enum guard_cause cause = judge(period, limits);

	if (period->repeats < GUARD_REPEATS_MIN)
		return GUARD_LEAVE;
	if (cause == GUARD_FINE) {
		guard->cause = GUARD_FINE;
		guard->bad = 0;
		if (++guard->good >= GUARD_GOOD_PERIODS)
			guard->doublings = 0;
		return GUARD_LEAVE;
	}
	guard->cause = cause;
	guard->good = 0;
	if (++guard->bad < GUARD_BAD_PERIODS)
		return GUARD_LEAVE;
	guard->bad = 0;
	guard->demoted = true;
	guard->demoted_us = now_us;
	guard->demotions++;
	return GUARD_DEMOTE;
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

enum guard_action guard_look(struct guard *guard, const struct guard_counts *now,
			     const struct guard_limits *limits, uint64_t now_us)
{
	struct guard_counts period;

	if (now_us < guard->period_end_us)
		return GUARD_LEAVE;
	period = (struct guard_counts){
		.repeats = now->repeats - guard->before.repeats,
		.spurious = now->spurious - guard->before.spurious,
		.confirmed = now->confirmed - guard->before.confirmed,
		.losses = now->losses - guard->before.losses,
	};
	begin_period(guard, now, limits, now_us);
	return guard->demoted ? look_demoted(guard, &period, limits, now_us)
			      : look_helping(guard, &period, limits, now_us);
}
