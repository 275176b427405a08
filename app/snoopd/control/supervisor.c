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

void monitor_start(struct monitor *monitor, struct worker *const *workers, uint32_t worker_count,
		   struct ports *ports, uint64_t now_us)
{
	monitor->workers = workers;
	monitor->ports = ports;
	monitor->watchdog_us = notify_watchdog_us();
	monitor->fed_us = monitor->second_us = now_us;
	health_init(&monitor->health, worker_count, now_us);
	links_start(&monitor->links, ports, now_us);
}

static void look_at(struct monitor *monitor, uint32_t index, uint64_t now_us)
{
	const struct worker *worker = monitor->workers[index];
	struct worker_health health;

#define READ(field) health.field = __atomic_load_n(&worker->health.field, __ATOMIC_RELAXED)
	READ(turns);
	READ(busy_cycles);
	READ(cycles);
	READ(turn_cycles_max);
	READ(stall_cycles);
	READ(stalls);
#undef READ
	switch (health_look(&monitor->health, index, &health, now_us)) {
	case HEALTH_STUCK:
		log_warning("event=stall worker=%u lcore=%u state=stuck for_ms=%" PRIu64, index,
			    worker->lcore,
			    (now_us - monitor->health.worker[index].moved_us) / US_PER_MS);
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

static void feed_watchdog(struct monitor *monitor, uint64_t now_us)
{
	if (monitor->watchdog_us == 0 ||
	    now_us - monitor->fed_us < monitor->watchdog_us / FEEDS_PER_INTERVAL ||
	    !health_all_moved(&monitor->health))
		return;
	notify_alive();
	monitor->fed_us = now_us;
}

static void tell_status(struct monitor *monitor, const struct service *service)
{
	const struct port *port = monitor->ports->port;
	struct counters sum;
	char line[sizeof(monitor->status)];

	stats_sum(&sum, service->workers, service->worker_count);
	snprintf(line, sizeof(line),
		 "mode %s, wired %s, wireless %s, radio losses %" PRIu64 ", repaired %" PRIu64
		 ", flows %" PRIu64 ", workers stuck %u of %u",
		 snoop_level_name(service->config->mode),
		 port[SNOOP_WIRED].link_up ? "up" : "down",
		 port[SNOOP_WIRELESS].link_up ? "up" : "down", sum.radio_losses,
		 sum.repairs_confirmed, sum.flows_active, health_stuck(&monitor->health),
		 service->worker_count);
	if (strcmp(line, monitor->status) == 0)
		return;
	memcpy(monitor->status, line, sizeof(line));
	notify_status(line);
}

static void look_at_pressure(struct monitor *monitor)
{
	for (uint32_t i = 0; i < monitor->health.count; i++) {
		const struct worker *worker = monitor->workers[i];
		bool pressed = __atomic_load_n(&worker->pressed, __ATOMIC_RELAXED);

		if (pressed == monitor->pressed[i])
			continue;
		monitor->pressed[i] = pressed;
		log_warning("event=pressure worker=%u state=%s flows_squeezed=%" PRIu64, i,
			    pressed ? "begin" : "end",
			    __atomic_load_n(&worker->counters.flows_squeezed, __ATOMIC_RELAXED));
	}
}

/* One page of every worker that has not come to its end. @return -1 where one does not answer. */
static int add_votes(const struct service *service, uint32_t position[],
		     struct guard_station stations[])
{
	struct request *asked[HANDOFF_WORKERS_MAX] = {NULL};
	int failed = 0;

	for (uint32_t i = 0; i < service->worker_count; i++) {
		if (position[i] == UINT32_MAX)
			continue;
		asked[i] = service_ask(service, i);
		if (asked[i] == NULL)
			failed = -1;
		if (failed != 0)
			break;
		asked[i]->kind = REQUEST_REPAIRS;
		asked[i]->position = position[i];
		request_post(asked[i]);
	}
	for (uint32_t i = 0; i < service->worker_count; i++) {
		const struct request *answer = asked[i] != NULL ? service_collect(asked[i]) : NULL;

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

static int ask_stations(const struct service *service, struct guard_station stations[])
{
	uint32_t position[HANDOFF_WORKERS_MAX] = {0};

	memset(stations, 0, GUARD_STATIONS * sizeof(stations[0]));
	for (int page = 0; page < VOTE_PAGES_MAX; page++)
		if (add_votes(service, position, stations) != 0)
			return -1;
	return 0;
}

static enum guard_action look_at_repairs(struct monitor *monitor, const struct service *service,
					 uint64_t now_us)
{
	struct guard_station stations[GUARD_STATIONS];
	bool known;

	const struct config *config = service->config;
	const struct guard_limits limits = {
		.period_us = config->guard_period_us,
		.retry_us = config->guard_retry_us,
		.spurious_ppm = config->guard_spurious_ppm,
		.confirmed_ppm = config->guard_confirmed_ppm,
	};
	struct guard_counts counts;
	struct counters sum;

	stats_sum(&sum, service->workers, service->worker_count);
	counts = (struct guard_counts){
		.retransmits = sum.retransmits_scoreboard + sum.retransmits_dupack + sum.retransmits_timeout,
		.spurious = sum.spurious_repairs,
		.confirmed = sum.repairs_confirmed,
		.losses = sum.radio_losses,
	};
	if (service->configured_us != monitor->configured_us) {
		monitor->configured_us = service->configured_us;
		monitor->wanted = config->mode;
		guard_restart(&monitor->guard, &counts, &limits, now_us);
	}
	if (config->guard_levels == 0 || monitor->wanted <= SNOOP_LEVEL_OBSERVE)
		return GUARD_LEAVE;
	known = guard_suspects(&monitor->guard, &counts, &limits, now_us) &&
		ask_stations(service, stations) == 0;
	return guard_look(&monitor->guard, &counts, known ? stations : NULL, &limits, now_us);
}

/* Without the lock. */
static void change_level(struct monitor *monitor, enum guard_action action,
			 enum guard_cause cause)
{
	bool demote = action == GUARD_DEMOTE;
	enum snoop_level level = demote ? SNOOP_LEVEL_OBSERVE : monitor->wanted;
	char line[SERVICE_LINE_CHARS];

	log_warning("event=guard action=%s because=%s mode=%s", demote ? "demote" : "promote",
		    demote ? guard_cause_name(cause) : "loss", snoop_level_name(level));
	service_mode_if(&monitor->configured_us, level, line, sizeof(line));
}

/* What needs the configuration. Whoever has the lock may wait for a worker that is stuck: no reason
 * to stop looking at the others. */
static void look_at_service(struct monitor *monitor, uint64_t now_us)
{
	const struct service *service = service_try_lock();
	enum guard_action action;

	if (service == NULL)
		return;
	monitor->links.follow = service->config->propagate != 0;
	monitor->links.withhold_us = service->config->propagate_hold_us;
	action = look_at_repairs(monitor, service, now_us);
	tell_status(monitor, service);
	service_unlock();
	if (action != GUARD_LEAVE)
		change_level(monitor, action, monitor->guard.cause);
}

void monitor_tick(struct monitor *monitor, uint64_t now_us)
{
	for (uint32_t i = 0; i < monitor->health.count; i++)
		look_at(monitor, i, now_us);
	feed_watchdog(monitor, now_us);
	links_look(&monitor->links, now_us);
	if (now_us < monitor->second_us)
		return;
	monitor->second_us = now_us + CLOCK_US_PER_S;
	look_at_pressure(monitor);
	look_at_service(monitor, now_us);
}

void monitor_stop(struct monitor *monitor)
{
	links_stop(&monitor->links);
}
