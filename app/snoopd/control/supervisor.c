/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/supervisor.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/systemd.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>

/* Often enough that one late turn of the control thread is not taken for its end. */
#define FEEDS_PER_INTERVAL 4
/* Of the flow tables, for the votes of the stations: 262144 records of each worker, half a second where
 * they are busy. Not the whole of a larger table, as the control thread waits for it. */
#define VOTE_PAGES_MAX 8

_Static_assert(HEALTH_WORKERS_MAX >= HANDOFF_WORKERS_MAX, "every worker is looked at");

void supervisor_start(struct supervisor *supervisor, struct worker *const *workers, uint32_t worker_count,
		   struct ports *ports, uint64_t now_us)
{
	supervisor->workers = workers;
	supervisor->ports = ports;
	supervisor->watchdog_us = systemd_watchdog_us();
	supervisor->fed_us = supervisor->second_us = now_us;
	health_init(&supervisor->health, worker_count, now_us);
	carrier_start(&supervisor->links, ports, now_us);
}

static void look_at(struct supervisor *supervisor, uint32_t index, uint64_t now_us)
{
	const struct worker *worker = supervisor->workers[index];
	struct worker_health health;

#define READ(field) health.field = __atomic_load_n(&worker->health.field, __ATOMIC_RELAXED)
	READ(turns);
	READ(busy_cycles);
	READ(cycles);
	READ(turn_cycles_max);
	READ(stall_cycles);
	READ(stalls);
#undef READ
	switch (health_look(&supervisor->health, index, &health, now_us)) {
	case HEALTH_STUCK:
		log_warning("event=stall worker=%u lcore=%u state=stuck for_ms=%" PRIu64, index,
			    worker->lcore,
			    (now_us - supervisor->health.worker[index].moved_us) / US_PER_MS);
		break;
	case HEALTH_STALLED:
		log_warning("event=stall worker=%u lcore=%u state=over length_ms=%" PRIu64
			    " stalls=%" PRIu64,
			    index, worker->lcore,
			    health.stall_cycles * US_PER_MS / rte_get_tsc_hz(), health.stalls);
		break;
	case HEALTH_STEADY:
		break;
	}
}

static void feed_watchdog(struct supervisor *supervisor, uint64_t now_us)
{
	if (supervisor->watchdog_us == 0 ||
	    now_us - supervisor->fed_us < supervisor->watchdog_us / FEEDS_PER_INTERVAL ||
	    !health_all_moved(&supervisor->health))
		return;
	systemd_alive();
	supervisor->fed_us = now_us;
}

static void tell_status(struct supervisor *supervisor, const struct link *link)
{
	const struct port *port = supervisor->ports->port;
	struct counters sum;
	char line[sizeof(supervisor->status)];

	totals_sum(&sum, link->workers, link->worker_count);
	snprintf(line, sizeof(line),
		 "mode %s, wired %s, wireless %s, radio losses %" PRIu64 ", repaired %" PRIu64
		 ", flows %" PRIu64 ", workers stuck %u of %u",
		 snoop_level_name(link->config->mode),
		 port[SNOOP_WIRED].link_up ? "up" : "down",
		 port[SNOOP_WIRELESS].link_up ? "up" : "down", sum.radio_losses,
		 sum.repairs_confirmed, sum.flows_active, health_stuck(&supervisor->health),
		 link->worker_count);
	if (strcmp(line, supervisor->status) == 0)
		return;
	memcpy(supervisor->status, line, sizeof(line));
	systemd_status(line);
}

static void look_at_pressure(struct supervisor *supervisor)
{
	for (uint32_t i = 0; i < supervisor->health.count; i++) {
		const struct worker *worker = supervisor->workers[i];
		bool pressed = __atomic_load_n(&worker->pressed, __ATOMIC_RELAXED);

		if (pressed == supervisor->pressed[i])
			continue;
		supervisor->pressed[i] = pressed;
		log_warning("event=pressure worker=%u state=%s flows_squeezed=%" PRIu64, i,
			    pressed ? "begin" : "end",
			    __atomic_load_n(&worker->counters.flows_squeezed, __ATOMIC_RELAXED));
	}
}

/* One page of every worker that has not come to its end. @return -1 where one does not answer. */
static int add_votes(const struct link *link, uint32_t position[],
		     struct guard_station stations[])
{
	struct request *asked[HANDOFF_WORKERS_MAX] = {NULL};
	int failed = 0;

	for (uint32_t i = 0; i < link->worker_count; i++) {
		if (position[i] == UINT32_MAX)
			continue;
		asked[i] = link_ask(link, i);
		if (asked[i] == NULL)
			failed = -1;
		if (failed != 0)
			break;
		asked[i]->kind = REQUEST_REPAIRS;
		asked[i]->position = position[i];
		request_post(asked[i]);
	}
	for (uint32_t i = 0; i < link->worker_count; i++) {
		const struct request *answer = asked[i] != NULL ? link_collect(asked[i]) : NULL;

		if (answer == NULL) {
			failed |= asked[i] != NULL ? -1 : 0;
			continue;
		}
		for (uint32_t k = 0; k < GUARD_STATIONS; k++) {
			stations[k].retransmits += answer->repairs[k].retransmits;
			stations[k].spurious += answer->repairs[k].spurious;
			stations[k].confirmed += answer->repairs[k].confirmed;
		}
		position[i] = answer->next != 0 ? answer->next : UINT32_MAX;
	}
	return failed;
}

static int ask_stations(const struct link *link, struct guard_station stations[])
{
	uint32_t position[HANDOFF_WORKERS_MAX] = {0};

	memset(stations, 0, GUARD_STATIONS * sizeof(stations[0]));
	for (int page = 0; page < VOTE_PAGES_MAX; page++)
		if (add_votes(link, position, stations) != 0)
			return -1;
	return 0;
}

static enum guard_action look_at_repairs(struct supervisor *supervisor, const struct link *link,
					 uint64_t now_us)
{
	struct guard_station stations[GUARD_STATIONS];
	bool known;

	const struct config *config = link->config;
	const struct guard_limits limits = {
		.period_us = config->guard_period_us,
		.retry_us = config->guard_retry_us,
		.spurious_ppm = config->guard_spurious_ppm,
		.confirmed_ppm = config->guard_confirmed_ppm,
	};
	struct guard_counts counts;
	struct counters sum;

	totals_sum(&sum, link->workers, link->worker_count);
	counts = guard_count(&sum);
	if (link->configured_us != supervisor->configured_us) {
		supervisor->configured_us = link->configured_us;
		supervisor->wanted = config->mode;
		guard_restart(&supervisor->guard, &counts, &limits, now_us);
	}
	if (config->guard_levels == 0 || supervisor->wanted <= SNOOP_LEVEL_OBSERVE)
		return GUARD_LEAVE;
	known = guard_suspects(&supervisor->guard, &counts, &limits, now_us) &&
		ask_stations(link, stations) == 0;
	return guard_look(&supervisor->guard, &counts, known ? stations : NULL, &limits, now_us);
}

/* Without the lock. */
static void change_level(struct supervisor *supervisor, enum guard_action action,
			 enum guard_cause cause)
{
	bool demote = action == GUARD_DEMOTE;
	enum snoop_level level = demote ? SNOOP_LEVEL_OBSERVE : supervisor->wanted;
	char line[LINK_LINE_CHARS];

	log_warning("event=guard action=%s because=%s mode=%s", demote ? "demote" : "promote",
		    demote ? guard_cause_name(cause) : "loss", snoop_level_name(level));
	apply_mode_if(&supervisor->configured_us, level, line, sizeof(line));
}

/* What needs the configuration. Whoever has the lock may wait for a worker that is stuck: no reason
 * to stop looking at the others. */
static void look_at_link(struct supervisor *supervisor, uint64_t now_us)
{
	const struct link *link = link_try_lock();
	enum guard_action action;

	if (link == NULL)
		return;
	supervisor->links.follow = link->config->propagate != 0;
	supervisor->links.withhold_us = link->config->propagate_hold_us;
	action = look_at_repairs(supervisor, link, now_us);
	tell_status(supervisor, link);
	link_unlock();
	if (action != GUARD_LEAVE)
		change_level(supervisor, action, supervisor->guard.cause);
}

void supervisor_tick(struct supervisor *supervisor, uint64_t now_us)
{
	for (uint32_t i = 0; i < supervisor->health.count; i++)
		look_at(supervisor, i, now_us);
	feed_watchdog(supervisor, now_us);
	carrier_look(&supervisor->links, now_us);
	if (now_us < supervisor->second_us)
		return;
	supervisor->second_us = now_us + CLOCK_US_PER_S;
	look_at_pressure(supervisor);
	look_at_link(supervisor, now_us);
}

void supervisor_stop(struct supervisor *supervisor)
{
	carrier_stop(&supervisor->links);
}
