/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/report.h>

#include <stdio.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include <snoopd/base/clock.h>
#include <snoopd/bringup/ports.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/kernel/offloads.h>

static void report_port(const struct report *report, const char *side, const struct port *port)
{
	char offloads[OFFLOADS_TEXT_CHARS];
	struct rte_eth_stats stats;

	report_open(report, side);
	report_text(report, "name", port->name);
	report_text(report, "driver", port->driver);
	report_text(report, "link",
		    __atomic_load_n(&port->link_up, __ATOMIC_RELAXED) ? "up" : "down");
	report_number(report, "link_taken", __atomic_load_n(&port->link_taken, __ATOMIC_RELAXED));
	report_number(report, "mtu", port->mtu_bytes);
	/* Those that change frames before the port gets them. */
	offloads_list(__atomic_load_n(&port->offloads_on, __ATOMIC_RELAXED), offloads);
	report_text(report, "offloads", offloads);
	/* What the port dropped before any worker saw it. */
	if (rte_eth_stats_get(port->id, &stats) == 0)
		report_number(report, "missed_packets", stats.imissed + stats.rx_nombuf);
	report_close(report);
}

/* One sentence for who looks for the first time: what snoopd does now, before what it has achieved.
 */
static const char *verdict(const struct link *link, const struct counters *sum)
{
	const struct guard *guard = &link->supervisor->guard;

	if (config_at_most(link->config, SNOOP_LEVEL_BYPASS))
		return "bypass: a plain wire, snoopd examines nothing";
	if (guard->demoted)
		return guard->cause == GUARD_SPURIOUS
			       ? "does not help now: repairs were spurious, so the guard lets the "
				 "link only observe"
			       : "does not help now: repairs were useless, so the guard lets the "
				 "link only observe";
	if (sum->rx_wired_packets + sum->rx_wireless_packets == 0)
		return "nothing was received yet: are the ports the right ones?";
	if (sum->data_segments == 0)
		return "no TCP data towards the radio yet";
	if (config_at_most(link->config, SNOOP_LEVEL_OBSERVE))
		return sum->radio_losses == 0 ? "observe: the radio lost nothing yet"
					      : "observe: the radio loses segments; mode repair "
						"would retransmit them";
	if (sum->radio_losses == 0)
		return "the radio lost nothing yet: there is nothing to repair";
	if (sum->repairs_confirmed == 0)
		return "the radio loses segments, and none is repaired: see flows for the reasons";
	if (sum->repairs_confirmed * 2 < sum->radio_losses)
		return "helps a little: less than half of the losses are repaired; see flows";
	return "helps: most losses of the radio are repaired locally";
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
			    const struct report *report)
{
	const struct counters *sum = &totals->counters;
	const struct histogram *rtt = &totals->histograms.wireless_rtt;

	report_text(report, "verdict", verdict(link, sum));
	report_number(report, "data_segments", sum->data_segments);
	report_number(report, "radio_losses", sum->radio_losses);
	report_number(report, "repaired", sum->repairs_confirmed);
	/* Left to the sender, or still under repair. */
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

static void report_service(const struct link *link, const struct report *report)
{
	uint64_t now_us = clock_monotonic_us();

	report_text(report, "version", SNOOPD_VERSION);
	report_number(report, "pid", (uint64_t)getpid());
	report_number(report, "uptime_s", (now_us - link->started_us) / CLOCK_US_PER_S);
	report_number(report, "configured_s", (now_us - link->configured_us) / CLOCK_US_PER_S);
	report_number(report, "reloads", link->reloads);
	report_number(report, "workers", link->worker_count);
	report_number(report, "workers_stuck", health_stuck(&link->supervisor->health));
	report_text(report, "mode", snoop_level_name(link->config->mode));
	report_rules(link->config, report);
	report_port(report, "wired", &link->ports.port[SNOOP_WIRED]);
	report_port(report, "wireless", &link->ports.port[SNOOP_WIRELESS]);
}

static void report_guard(const struct guard *guard, const struct report *report)
{
	report_text(report, "guard",
		    !guard->demoted		     ? "helps"
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

void report_status(const struct link *link, const struct report *report)
{
	struct report_totals totals;

	report_sum(link, &totals);
	report_service(link, report);
	report_guard(&link->supervisor->guard, report);
	report_now(link, report);
	report_achieved(link, &totals, report);
}

void report_status_both(const struct link *link, const struct report *report)
{
	report_service(link, report);
	report_guard(&link->supervisor->guard, report);
	report_now(link, report);
	report_both(link, report, report_achieved);
}
