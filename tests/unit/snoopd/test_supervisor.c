/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The supervisor obeys the guard, and logs what became of it. The link, the guard's decision and
 * the publishing of a mode are faked here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/apply.h>
#include <snoopd/control/link.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/control/systemd.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>

static struct config config;
static struct links links;
#define wire links.link[0]
static struct supervisor supervisor;
static uint64_t now_us;

/* What the fakes answer. */
static enum guard_action decision;
static int apply_result;
static bool port_lost;

/* What was done, in order: "mode observe;" for a published mode, "LINE;" for a log line. */
static char done[1000];

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t used = strlen(done);
	va_list args;

	va_start(args, format);
	vsnprintf(done + used, sizeof(done) - used, format, args);
	va_end(args);
}

void log_write(int level, const char *format, ...)
{
	char line[500];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	note("%s;", line);
}

/* The TSC is right: test_clock_watch. */
void timekeeper_start(struct clock_watch *watch)
{
}

void timekeeper_look(struct clock_watch *watch)
{
}

const struct link *link_try_lock(struct link *link)
{
	return link;
}

void link_unlock(struct link *link)
{
}

struct worker_link *link_part(const struct link *link, uint32_t index)
{
	return NULL;
}

struct request *link_ask(const struct link *link, uint32_t index)
{
	return NULL;
}

struct request *link_collect(struct request *request)
{
	return NULL;
}

void request_post(struct request *request)
{
}

int apply_mode_locked(struct link *link, enum snoop_level level, char *line, size_t line_bytes)
{
	note("mode %s;", snoop_level_name(level));
	if (apply_result == 0 || apply_result == -EINPROGRESS)
		link->configured_us++;
	return apply_result;
}

struct guard_counts guard_count(const struct counters *sum)
{
	return (struct guard_counts){0};
}

void guard_restart(struct guard *guard, const struct guard_counts *now,
		   const struct guard_limits *limits, uint64_t at_us)
{
	guard->demoted = false;
}

bool guard_suspects(const struct guard *guard, const struct guard_counts *now,
		    const struct guard_limits *limits, uint64_t at_us)
{
	return false;
}

const char *guard_cause_name(enum guard_cause cause)
{
	return cause == GUARD_USELESS ? "useless" : "?";
}

/* As guard.c does: the decision counts as done. */
enum guard_action guard_look(struct guard *guard, const struct guard_counts *now,
			     const struct guard_station *stations,
			     const struct guard_limits *limits, uint64_t at_us)
{
	if (decision == GUARD_DEMOTE)
		guard->demotions++;
	if (decision == GUARD_PROMOTE)
		guard->promotions++;
	if (decision != GUARD_LEAVE)
		guard->demoted = decision == GUARD_DEMOTE;
	guard->cause = GUARD_USELESS;
	return decision;
}

void totals_sum(struct counters *sum, struct worker *const *workers, uint32_t worker_count,
		uint32_t link)
{
	memset(sum, 0, sizeof(*sum));
}

void totals_sum_all(struct counters *sum, struct worker *const *workers, uint32_t worker_count)
{
	memset(sum, 0, sizeof(*sum));
}

void interfaces_start(struct interfaces *interfaces, struct ports *ports, const char *label)
{
}

void interfaces_look(struct interfaces *interfaces, const struct counters *sum, uint64_t at_us)
{
}

void interfaces_stop(struct interfaces *interfaces)
{
}

void carrier_start(struct carrier *carrier, struct ports *ports, const struct port_watch *watch,
		   uint64_t at_us)
{
}

void port_watch_start(struct port_watch *watch, struct link *link)
{
}

void port_watch_look(struct port_watch *watch)
{
}

bool port_watch_act(struct port_watch *watch, uint64_t at_us)
{
	return !port_lost;
}

void port_watch_stop(struct port_watch *watch)
{
}

void carrier_look(struct carrier *carrier, uint64_t at_us)
{
}

void carrier_stop(struct carrier *carrier)
{
}

void systemd_alive(void)
{
}

void systemd_status(const char *line)
{
}

uint64_t systemd_watchdog_us(void)
{
	return 0;
}

static void tick(void)
{
	now_us += CLOCK_US_PER_S;
	done[0] = '\0';
	assert_true(supervisor_tick(&supervisor, now_us));
}

static int start(void **state)
{
	now_us = CLOCK_US_PER_S;
	memset(&supervisor, 0, sizeof(supervisor));
	memset(&wire, 0, sizeof(wire));
	config.mode = SNOOP_LEVEL_REPAIR;
	config.guard_levels = 1;
	wire.config = &config;
	wire.configured_us = 1;
	decision = GUARD_LEAVE;
	apply_result = 0;
	port_lost = false;
	links.count = 1;
	supervisor_start(&supervisor, &links, NULL, 0, now_us);
	tick();
	assert_string_equal(done, "");
	return 0;
}

static void a_demotion_is_logged_after_it_is_in_effect(void **state)
{
	decision = GUARD_DEMOTE;
	tick();
	assert_string_equal(done, "mode observe;event=guard action=demote because=useless "
				  "mode=observe result=done;");
	assert_true(supervisor.link[0].guard.demoted);

	/* Its own change of the mode does not make the guard start anew. */
	decision = GUARD_LEAVE;
	tick();
	assert_string_equal(done, "");
	assert_true(supervisor.link[0].guard.demoted);
}

static void a_promotion_restores_the_wanted_level(void **state)
{
	decision = GUARD_DEMOTE;
	tick();
	decision = GUARD_PROMOTE;
	tick();
	assert_string_equal(done, "mode repair;event=guard action=promote because=loss "
				  "mode=repair result=done;");
	assert_false(supervisor.link[0].guard.demoted);
}

static void a_late_worker_is_told_in_the_log(void **state)
{
	decision = GUARD_DEMOTE;
	apply_result = -EINPROGRESS;
	tick();
	assert_string_equal(done, "mode observe;event=guard action=demote because=useless "
				  "mode=observe result=partly;");
	assert_true(supervisor.link[0].guard.demoted);
}

static void what_fails_does_not_count_and_is_tried_again(void **state)
{
	decision = GUARD_DEMOTE;
	apply_result = -ENOMEM;
	tick();
	assert_string_equal(done, "mode observe;event=guard action=demote because=useless "
				  "mode=observe result=failed;");
	assert_false(supervisor.link[0].guard.demoted);
	assert_int_equal(supervisor.link[0].guard.demotions, 0);

	apply_result = 0;
	tick();
	assert_true(supervisor.link[0].guard.demoted);
	assert_int_equal(supervisor.link[0].guard.demotions, 1);
}

static void an_operator_who_chooses_a_level_makes_it_start_anew(void **state)
{
	decision = GUARD_DEMOTE;
	tick();
	decision = GUARD_LEAVE;
	config.mode = SNOOP_LEVEL_SNOOP;
	wire.configured_us++;
	tick();
	assert_false(supervisor.link[0].guard.demoted);
	assert_int_equal(supervisor.link[0].wanted, SNOOP_LEVEL_SNOOP);
	assert_string_equal(done, "");
}

static void a_port_that_is_lost_ends_it(void **state)
{
	port_lost = true;
	assert_false(supervisor_tick(&supervisor, now_us + CLOCK_US_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_demotion_is_logged_after_it_is_in_effect, start),
		cmocka_unit_test_setup(a_promotion_restores_the_wanted_level, start),
		cmocka_unit_test_setup(a_late_worker_is_told_in_the_log, start),
		cmocka_unit_test_setup(what_fails_does_not_count_and_is_tried_again, start),
		cmocka_unit_test_setup(an_operator_who_chooses_a_level_makes_it_start_anew, start),
		cmocka_unit_test_setup(a_port_that_is_lost_ends_it, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
