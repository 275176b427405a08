/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/supervisor.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/apply.h>
#include <snoopd/control/link.h>
#include <snoopd/control/systemd.h>
#include <snoopd/control/timekeeper.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>

/* Often enough that one late turn of the control thread is not taken for its end. */
#define FEEDS_PER_INTERVAL 4
/*
 * Pages of the flow tables that are asked for the votes of the stations: 262144 records of each
 * worker, half a second if the workers are busy. A larger table is not read to its end, because the
 * control thread waits for it.
 */
#define VOTE_PAGES_MAX 8
#define NO_PAGE UINT32_MAX /* the worker's table was read to its end */

_Static_assert(HEALTH_WORKERS_MAX >= HANDOFF_WORKERS_MAX, "every worker is looked at");

static void start_link(struct supervised *supervised, struct link *link, uint64_t now_us)
{
	supervised->link = link;
	port_watch_start(&supervised->watch, link);
	carrier_start(&supervised->carrier, &link->ports, &supervised->watch, now_us);
	interfaces_start(&supervised->interfaces, &link->ports, link->label);
}

void supervisor_start(struct supervisor *supervisor, struct links *links,
		      struct worker *const *workers, uint32_t worker_count, uint64_t now_us)
{
	supervisor->workers = workers;
	supervisor->link_count = links->count;
	supervisor->watchdog_us = systemd_watchdog_us();
	supervisor->fed_us = supervisor->second_us = now_us;
	health_init(&supervisor->health, worker_count, now_us);
	for (uint32_t i = 0; i < links->count; i++)
		start_link(&supervisor->link[i], &links->link[i], now_us);
	timekeeper_start(&supervisor->clock);
}

static void look_at_worker(struct supervisor *supervisor, uint32_t index, uint64_t now_us)
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
			    index, worker->lcore, health.stall_cycles * US_PER_MS / clock_tsc_hz(),
			    health.stalls);
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

static void look_at_pressure(struct supervised *supervised)
{
	const struct link *link = supervised->link;

	for (uint32_t i = 0; i < link->worker_count; i++) {
		const struct worker_link *part = link_part(link, i);
		bool pressed = __atomic_load_n(&part->pressed, __ATOMIC_RELAXED);

		if (pressed == supervised->pressed[i])
			continue;
		supervised->pressed[i] = pressed;
		log_warning("event=pressure%s worker=%u state=%s flows_squeezed=%" PRIu64,
			    link->label, part->worker->index, pressed ? "begin" : "end",
			    __atomic_load_n(&part->counters.flows_squeezed, __ATOMIC_RELAXED));
	}
}

static void look_at_checksums(struct supervised *supervised, const struct counters *sum,
			      enum snoop_side side, uint64_t now_us)
{
	struct checksums_counts counts = checksums_count(sum, side == SNOOP_WIRELESS), news;
	const char *port = supervised->link->ports.port[side].name;
	const char *label = supervised->link->label;
	const char *name = side == SNOOP_WIRED ? "wired" : "wireless";

	switch (checksums_look(&supervised->checksums[side], &counts, now_us, &news)) {
	case CHECKSUMS_UNFINISHED:
		log_warning("event=checksums%s side=%s port=%s state=unfinished packets=%" PRIu64
			    " tcp_packets=%" PRIu64 " message=\"the sender of these TCP packets "
			    "leaves their checksums to its network card, and they never pass one: "
			    "run `ethtool -K DEV tx off` at that neighbour\"",
			    label, name, port, news.unfinished, news.tcp);
		break;
	case CHECKSUMS_INVALID:
		log_warning("event=checksums%s side=%s port=%s state=invalid packets=%" PRIu64
			    " tcp_packets=%" PRIu64 " message=\"these TCP packets were damaged "
			    "before that port\"",
			    label, name, port, news.invalid, news.tcp);
		break;
	case CHECKSUMS_FINE:
		break;
	}
}

static void look_at_packets(struct supervised *supervised, uint64_t now_us)
{
	const struct link *link = supervised->link;
	struct counters sum;

	totals_sum(&sum, link->workers, link->worker_count, link->number);
	health_load(&supervised->load, (uint64_t[]){sum.tx_wired_bytes, sum.tx_wireless_bytes},
		    now_us);
	look_at_checksums(supervised, &sum, SNOOP_WIRED, now_us);
	look_at_checksums(supervised, &sum, SNOOP_WIRELESS, now_us);
	interfaces_look(&supervised->interfaces, &sum, now_us);
}

/* ---- With the link's lock ---- */

/* Ask every worker that has a page left. @return -1 if one cannot be asked; the others were. */
static int ask_votes(const struct link *link, const uint32_t position[], struct request *asked[])
{
	for (uint32_t i = 0; i < link->worker_count; i++) {
		if (position[i] == NO_PAGE)
			continue;
		asked[i] = link_ask(link, i);
		if (asked[i] == NULL)
			return -1;
		asked[i]->kind = REQUEST_REPAIRS;
		asked[i]->position = position[i];
		request_post(asked[i]);
	}
	return 0;
}

static void add_votes(struct guard_station stations[], const struct guard_station page[])
{
	for (uint32_t i = 0; i < GUARD_STATIONS; i++) {
		stations[i].retransmits += page[i].retransmits;
		stations[i].spurious += page[i].spurious;
		stations[i].confirmed += page[i].confirmed;
	}
}

/* One page of every worker. @return -1 if one does not answer. */
static int collect_votes(const struct link *link, uint32_t position[],
			 struct guard_station stations[])
{
	struct request *asked[HANDOFF_WORKERS_MAX] = {NULL};
	int failed = ask_votes(link, position, asked);

	/* Wait for all that were asked, even after a failure: the next request needs the slot. */
	for (uint32_t i = 0; i < link->worker_count; i++) {
		const struct request *answer;

		if (asked[i] == NULL)
			continue;
		answer = link_collect(asked[i]);
		if (answer == NULL) {
			failed = -1;
			continue;
		}
		add_votes(stations, answer->repairs);
		position[i] = answer->next != 0 ? answer->next : NO_PAGE;
	}
	return failed;
}

static int count_votes(const struct link *link, struct guard_station stations[])
{
	uint32_t position[HANDOFF_WORKERS_MAX] = {0};

	memset(stations, 0, GUARD_STATIONS * sizeof(stations[0]));
	for (int page = 0; page < VOTE_PAGES_MAX; page++)
		if (collect_votes(link, position, stations) != 0)
			return -1;
	return 0;
}

static struct guard_counts guard_counts_of(const struct link *link)
{
	struct counters sum;

	totals_sum(&sum, link->workers, link->worker_count, link->number);
	return guard_count(&sum);
}

static enum guard_action ask_guard(struct supervised *supervised, const struct link *link,
				   uint64_t now_us)
{
	const struct config *config = link->config;
	const struct guard_limits limits = {
		.period_us = config->guard_period_us,
		.retry_us = config->guard_retry_us,
		.spurious_ppm = config->guard_spurious_ppm,
		.confirmed_ppm = config->guard_confirmed_ppm,
	};
	struct guard_counts counts = guard_counts_of(link);
	struct guard_station stations[GUARD_STATIONS];
	bool known;

	/* Somebody else has configured the link: what the guard has learnt is void. */
	if (link->configured_us != supervised->configured_us) {
		supervised->configured_us = link->configured_us;
		supervised->wanted = config->mode;
		guard_restart(&supervised->guard, &counts, &limits, now_us);
	}
	if (config->guard_levels == 0 || supervised->wanted <= SNOOP_LEVEL_OBSERVE)
		return GUARD_LEAVE;
	known = guard_suspects(&supervised->guard, &counts, &limits, now_us) &&
		count_votes(link, stations) == 0;
	return guard_look(&supervised->guard, &counts, known ? stations : NULL, &limits, now_us);
}

static const char *result_name(int result)
{
	return result == 0 ? "done" : result == -EINPROGRESS ? "partly" : "failed";
}

/* Do what the guard decided. If that fails, restore what it was before, so that it decides again.
 */
static void obey_guard(struct supervised *supervised, enum guard_action action,
		       const struct guard *before)
{
	bool demote = action == GUARD_DEMOTE;
	enum snoop_level level = demote ? SNOOP_LEVEL_OBSERVE : supervised->wanted;
	const char *cause = demote ? guard_cause_name(supervised->guard.cause) : "loss";
	char line[APPLY_LINE_CHARS];
	int result = apply_mode_locked(supervised->link, level, line, sizeof(line));

	if (result != 0 && result != -EINPROGRESS)
		supervised->guard = *before;
	supervised->configured_us = supervised->link->configured_us;
	log_warning("event=guard%s action=%s because=%s mode=%s result=%s", supervised->link->label,
		    demote ? "demote" : "promote", cause, snoop_level_name(level),
		    result_name(result));
}

/*
 * Look at what needs the configuration. Another thread may hold the lock and wait for a stuck
 * worker: skip this look then, rather than stop looking at the other workers.
 */
static void look_at_link(struct supervised *supervised, uint64_t now_us)
{
	const struct link *link = link_try_lock(supervised->link);
	struct guard before = supervised->guard;
	enum guard_action action;

	if (link == NULL)
		return;
	supervised->carrier.follow = link->config->propagate != 0;
	supervised->carrier.stable_us = link->config->propagate_hold_us;
	action = ask_guard(supervised, link, now_us);
	if (action != GUARD_LEAVE)
		obey_guard(supervised, action, &before);
	link_unlock(supervised->link);
}

/* ---- All links ---- */

static void describe_links(const struct supervisor *supervisor, char *out, size_t out_bytes)
{
	const struct link *link = supervisor->link[0].link;
	uint32_t down = 0;

	if (supervisor->link_count == 1) {
		snprintf(out, out_bytes, "mode %s, wired %s, wireless %s",
			 snoop_level_name(link->config->mode),
			 ports_link_name(&link->ports.port[0]),
			 ports_link_name(&link->ports.port[1]));
		return;
	}
	for (uint32_t i = 0; i < supervisor->link_count; i++) {
		const struct port *port = supervisor->link[i].link->ports.port;

		down += !port[SNOOP_WIRED].link_up || !port[SNOOP_WIRELESS].link_up;
	}
	snprintf(out, out_bytes, "%u links, %u of them down", supervisor->link_count, down);
}

/* The first link's lock keeps its configuration. */
static void tell_status(struct supervisor *supervisor)
{
	uint32_t workers = supervisor->health.count;
	char links[80], line[sizeof(supervisor->status)];
	struct counters sum;

	if (link_try_lock(supervisor->link[0].link) == NULL)
		return;
	describe_links(supervisor, links, sizeof(links));
	link_unlock(supervisor->link[0].link);
	totals_sum_all(&sum, supervisor->workers, workers);
	snprintf(line, sizeof(line),
		 "%s, radio losses %" PRIu64 ", repaired %" PRIu64 ", flows %" PRIu64
		 ", workers stuck %u of %u",
		 links, sum.radio_losses, sum.repairs_confirmed, sum.flows_active,
		 health_stuck(&supervisor->health), workers);
	if (strcmp(line, supervisor->status) == 0)
		return;
	memcpy(supervisor->status, line, sizeof(line));
	systemd_status(line);
}

/* @return false if a port is gone and snoopd has to end for that. */
static bool look_at_ports(struct supervised *supervised, uint64_t now_us)
{
	port_watch_look(&supervised->watch);
	carrier_look(&supervised->carrier, now_us);
	return port_watch_act(&supervised->watch, now_us);
}

bool supervisor_tick(struct supervisor *supervisor, uint64_t now_us)
{
	bool stays = true;

	for (uint32_t i = 0; i < supervisor->health.count; i++)
		look_at_worker(supervisor, i, now_us);
	feed_watchdog(supervisor, now_us);
	for (uint32_t i = 0; i < supervisor->link_count; i++)
		stays &= look_at_ports(&supervisor->link[i], now_us);
	if (!stays)
		return false;
	if (now_us < supervisor->second_us)
		return true;
	supervisor->second_us = now_us + CLOCK_US_PER_S;
	timekeeper_look(&supervisor->clock);
	for (uint32_t i = 0; i < supervisor->link_count; i++) {
		look_at_pressure(&supervisor->link[i]);
		look_at_packets(&supervisor->link[i], now_us);
		look_at_link(&supervisor->link[i], now_us);
	}
	tell_status(supervisor);
	return true;
}

void supervisor_stop(struct supervisor *supervisor)
{
	for (uint32_t i = 0; i < supervisor->link_count; i++) {
		interfaces_stop(&supervisor->link[i].interfaces);
		carrier_stop(&supervisor->link[i].carrier);
		port_watch_stop(&supervisor->link[i].watch);
	}
}
