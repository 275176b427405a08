/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/report.h>

#include <stdio.h>
#include <unistd.h>

#include <snoopd/base/clock.h>
#include <snoopd/bringup/port_losses.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/kernel/offloads.h>
#include <snoopd/observe/verdict.h>

static void report_port(const struct report *report, const char *side, const struct port *port,
			const struct port_losses *losses)
{
	char offloads[OFFLOADS_TEXT_CHARS];

	report_open(report, side);
	report_text(report, "name", port->name);
	report_text(report, "driver", port->driver);
	report_text(report, "link", ports_link_name(port));
	report_number(report, "link_taken", __atomic_load_n(&port->link_taken, __ATOMIC_RELAXED));
	report_number(report, "mtu", __atomic_load_n(&port->mtu_now_bytes, __ATOMIC_RELAXED));
	/* Those that change frames before the port gets them. */
	offloads_list(__atomic_load_n(&port->offloads_on, __ATOMIC_RELAXED), offloads);
	report_text(report, "offloads", offloads);
	/* A value that nobody counts is left out. */
	if (losses->missed_known)
		report_number(report, "missed_packets", losses->missed);
	if (losses->known) {
		report_number(report, "rx_errors", losses->rx_errors);
		report_number(report, "tx_errors", losses->tx_errors);
	}
	report_close(report);
}

static void fill_port(struct verdict_port *facts, const struct port *port,
		      const struct port_losses *losses)
{
	if (__atomic_load_n(&port->gone, __ATOMIC_RELAXED))
		facts->link = VERDICT_LINK_GONE;
	else
		facts->link = __atomic_load_n(&port->link_up, __ATOMIC_RELAXED) ? VERDICT_LINK_UP
										: VERDICT_LINK_DOWN;
	facts->mtu_bytes = __atomic_load_n(&port->mtu_now_bytes, __ATOMIC_RELAXED);
	facts->taken = __atomic_load_n(&port->link_taken, __ATOMIC_RELAXED);
	facts->bad_offloads = __atomic_load_n(&port->offloads_on, __ATOMIC_RELAXED);
	if (losses->missed_known)
		facts->missed_packets = losses->missed;
	if (!losses->known)
		return;
	facts->rx_errors = losses->rx_errors;
	facts->tx_errors = losses->tx_errors;
}

/* What verdict.h judges by, of a link. */
static void fill_facts(struct verdict_facts *facts, const struct link *link,
		       const struct counters *sum, const struct port_losses losses[2])
{
	const struct guard *guard = &link->supervisor->link[link->number].guard;
	unsigned int level = SNOOP_LEVEL_BYPASS;

	verdict_facts_init(facts);
	facts->sum = *sum;
	for (int side = 0; side < 2; side++)
		fill_port(&facts->port[side], &link->ports.port[side], &losses[side]);
	while (!config_at_most(link->config, (enum snoop_level)level))
		level++;
	facts->level = level;
	facts->guard_spurious = guard->demoted && guard->cause == GUARD_SPURIOUS;
	facts->guard_useless = guard->demoted && guard->cause != GUARD_SPURIOUS;
	facts->workers = link->worker_count;
	facts->workers_stuck = health_stuck(&link->supervisor->health);
	verdict_sums(facts);
}

static void report_evidence(const struct verdict_row *row, const struct verdict_facts *facts,
			    const struct report *report, const char *name)
{
	report_open(report, name);
	for (size_t i = 0; i < VERDICT_EVIDENCE_MAX && row->evidence[i].name != NULL; i++) {
		uint64_t value = verdict_value(facts, &row->evidence[i]);

		if (value == VERDICT_UNKNOWN)
			report_text(report, row->evidence[i].name, "unknown");
		else
			report_number(report, row->evidence[i].name, value);
	}
	report_close(report);
}

/* What is true of the link, the one that matters most first. @return how many they are. */
static size_t judge(const struct link *link, const struct counters *sum,
		    const struct port_losses losses[2], struct verdict_facts *facts,
		    const struct verdict_row *rows[])
{
	fill_facts(facts, link, sum, losses);
	return verdict_judge(facts, rows);
}

static void report_verdict(const struct link *link, const struct counters *sum,
			   const struct report *report, const struct port_losses losses[2])
{
	const struct verdict_row *rows[VERDICT_SENTENCES_MAX];
	struct verdict_facts facts;
	size_t count = judge(link, sum, losses, &facts, rows);

	report_text(report, "verdict", rows[0]->sentence);
	report_text(report, "verdict_id", rows[0]->id);
	report_evidence(rows[0], &facts, report, "verdict_counters");
	report_open(report, "also");
	for (size_t i = 1; i < count; i++)
		report_text(report, rows[i]->id, rows[i]->sentence);
	report_close(report);
	report_open(report, "also_counters");
	for (size_t i = 1; i < count; i++)
		report_evidence(rows[i], &facts, report, rows[i]->id);
	report_close(report);
}

/* "observe 2, bypass 1" */
static void report_rules(const struct config *config, const struct report *report)
{
	uint32_t rules[SNOOP_LEVEL_COUNT] = {0};
	char text[96] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < config->rule_count; i++)
		rules[config->rules[i].level]++;
	for (unsigned int level = 0; level < SNOOP_LEVEL_COUNT; level++)
		if (rules[level] > 0)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s%s %u", used > 0 ? ", " : "",
				snoop_level_name((enum snoop_level)level), rules[level]);
	report_number(report, "rules", config->rule_count);
	report_text(report, "rule_levels", text);
}

/* What a reset of the counters affects. */
static void report_achieved(const struct link *link, const struct report_totals *totals,
			    const struct report *report, const void *losses)
{
	const struct counters *sum = &totals->counters;
	const struct histogram *rtt = &totals->histograms.wireless_rtt;

	report_verdict(link, sum, report, losses);
	report_number(report, "data_segments", sum->data_segments);
	report_number(report, "radio_losses", sum->radio_losses);
	report_number(report, "repaired", sum->repairs_confirmed);
	/* Copies lost again, losses under repair, and those left to the sender. */
	report_number(report, "left",
		      sum->radio_losses > sum->repairs_confirmed
			      ? sum->radio_losses - sum->repairs_confirmed
			      : 0);
	report_number(report, "wireless_rtt_p50_us", histogram_quantile(rtt, 500));
	report_number(report, "wireless_rtt_p99_us", histogram_quantile(rtt, 990));
	report_number(report, "dropped_packets", counters_drops(sum));
	report_number(report, "flows_squeezed", sum->flows_squeezed);
	report_number(report, "stalls", sum->turn_stalls);
}

void report_process(const struct link *link, const struct report *report)
{
	uint64_t now_us = clock_monotonic_us();

	report_text(report, "version", SNOOPD_VERSION);
	report_number(report, "pid", (uint64_t)getpid());
	report_number(report, "uptime_s", (now_us - link->started_us) / CLOCK_US_PER_S);
}

static void report_service(const struct link *link, const struct report *report,
			   const struct port_losses losses[2])
{
	uint64_t now_us = clock_monotonic_us();

	report_process(link, report);
	report_number(report, "configured_s", (now_us - link->configured_us) / CLOCK_US_PER_S);
	report_number(report, "reloads", link->reloads);
	report_number(report, "workers", link->worker_count);
	report_number(report, "workers_stuck", health_stuck(&link->supervisor->health));
	report_number(report, "standbys",
		      __atomic_load_n(&link->supervisor->standbys, __ATOMIC_RELAXED));
	report_text(report, "mode", snoop_level_name(link->config->mode));
	report_rules(link->config, report);
	report_port(report, "wired", &link->ports.port[SNOOP_WIRED], &losses[SNOOP_WIRED]);
	report_port(report, "wireless", &link->ports.port[SNOOP_WIRELESS], &losses[SNOOP_WIRELESS]);
}

static void report_guard(const struct guard *guard, const struct report *report)
{
	report_text(report, "guard",
		    !guard->demoted		     ? "not demoted"
		    : guard->cause == GUARD_SPURIOUS ? "demoted: repairs were spurious"
						     : "demoted: repairs were useless");
	report_number(report, "guard_demotions", guard->demotions);
	report_number(report, "guard_promotions", guard->promotions);
}

static void report_now(const struct link *link, const struct report *report)
{
	struct report_totals totals;
	const struct counters *sum = &totals.counters;

	report_sum(link, &totals);
	report_number(report, "flows", sum->flows_active);
	report_number(report, "flows_helped", sum->flows_helped);
	report_number(report, "stations", sum->stations_active);
	report_number(report, "stations_silent", sum->stations_silent);
	report_number(report, "cache_segments", sum->cache_segments);
	report_number(report, "cache_segments_max", link->config->protocol.cache_segments);
	report_number(report, "cache_bytes", sum->cache_bytes);
}

/* Once for an answer: all of it goes by the same figures. */
static void read_losses(const struct link *link, struct port_losses losses[2])
{
	for (int side = 0; side < 2; side++)
		port_losses_read(&link->ports.port[side], &losses[side]);
}

void report_status(const struct link *link, const struct report *report)
{
	struct report_totals totals;
	struct port_losses losses[2];

	report_sum(link, &totals);
	read_losses(link, losses);
	report_service(link, report, losses);
	report_guard(&link->supervisor->link[link->number].guard, report);
	report_now(link, report);
	report_achieved(link, &totals, report, losses);
}

void report_status_both(const struct link *link, const struct report *report)
{
	struct port_losses losses[2];

	read_losses(link, losses);
	report_service(link, report, losses);
	report_guard(&link->supervisor->link[link->number].guard, report);
	report_now(link, report);
	report_both(link, report, report_achieved, losses);
}

const char *report_verdict_id(const struct link *link, const struct counters *sum)
{
	const struct verdict_row *rows[VERDICT_SENTENCES_MAX];
	struct verdict_facts facts;
	struct port_losses losses[2];

	read_losses(link, losses);
	judge(link, sum, losses, &facts, rows);
	return rows[0]->id;
}

/* ---- One of several ---- */

static void report_side(const struct port *port, const char *side, const struct report *report)
{
	char name[32];

	report_text(report, side, ports_link_name(port));
	snprintf(name, sizeof(name), "%s_port", side);
	report_text(report, name, port->name);
	snprintf(name, sizeof(name), "%s_taken", side);
	report_number(report, name, __atomic_load_n(&port->link_taken, __ATOMIC_RELAXED));
}

void report_link(const struct link *link, const struct report *report)
{
	const struct supervised *supervised = &link->supervisor->link[link->number];
	const uint64_t *bits_per_s = supervised->load.bits_per_s;
	const struct verdict_row *rows[VERDICT_SENTENCES_MAX];
	struct verdict_facts facts;
	struct port_losses losses[2];
	struct report_totals totals;

	report_sum(link, &totals);
	read_losses(link, losses);
	judge(link, &totals.counters, losses, &facts, rows);
	report_text(report, "name", link->name);
	report_text(report, "mode", snoop_level_name(link->config->mode));
	report_side(&link->ports.port[SNOOP_WIRED], "wired", report);
	report_side(&link->ports.port[SNOOP_WIRELESS], "wireless", report);
	report_number(report, "workers", link->worker_count);
	report_number(report, "to_wireless_bps",
		      __atomic_load_n(&bits_per_s[SNOOP_WIRELESS], __ATOMIC_RELAXED));
	report_number(report, "to_wired_bps",
		      __atomic_load_n(&bits_per_s[SNOOP_WIRED], __ATOMIC_RELAXED));
	report_number(report, "flows", totals.counters.flows_active);
	report_number(report, "data_segments", totals.counters.data_segments);
	report_number(report, "radio_losses", totals.counters.radio_losses);
	report_number(report, "repairs_confirmed", totals.counters.repairs_confirmed);
	report_number(report, "demoted", supervised->guard.demoted);
	report_text(report, "verdict_id", rows[0]->id);
	report_text(report, "verdict", rows[0]->sentence);
}
