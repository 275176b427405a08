/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/report.h>

#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include <snoopd/base/clock.h>
#include <snoopd/bringup/steering.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>
#include <snoopd/observe/baseline.h>
#include <snoopd/observe/flow_name.h>

static void add_histogram(struct histogram *sum, const struct histogram *one)
{
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += __atomic_load_n(&one->bucket[i], __ATOMIC_RELAXED);
	sum->sum += __atomic_load_n(&one->sum, __ATOMIC_RELAXED);
}

void report_sum(const struct link *link, struct report_totals *totals)
{
	struct histograms *sum = &totals->histograms;

	totals_sum(&totals->counters, link->workers, link->worker_count, link->number);
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < link->worker_count; i++) {
		const struct histograms *one = snoop_engine_histograms(link_part(link, i)->engine);

#define ADD_HISTOGRAM(id, unit, help) add_histogram(&sum->id, &one->id);
		HISTOGRAMS(ADD_HISTOGRAM)
#undef ADD_HISTOGRAM
	}
}

void report_both(const struct link *link, const struct report *report,
		 void (*each)(const struct link *, const struct report_totals *,
			      const struct report *, const void *context),
		 const void *context)
{
	const struct baseline *baseline = baseline_of(link);
	struct report_totals totals;

	report_sum(link, &totals);
	each(link, &totals, report, context);
	if (baseline == NULL)
		return;
	baseline_subtract(baseline, &totals);
	report_open(report, "since_reset");
	report_number(report, "reset_at", baseline->reset_at_s);
	report_number(report, "reset_ago_s",
		      (clock_monotonic_us() - baseline->reset_us) / CLOCK_US_PER_S);
	each(link, &totals, report, context);
	report_close(report);
}

static void report_counters(const struct link *link, const struct report_totals *totals,
			    const struct report *report, const void *context)
{
#define REPORT_COUNTER(id, type, unit, help) report_number(report, #id, totals->counters.id);
	COUNTERS(REPORT_COUNTER)
#undef REPORT_COUNTER
}

void report_stats(const struct link *link, const struct report *report)
{
	struct report_totals totals;

	report_sum(link, &totals);
	report_counters(link, &totals, report, NULL);
}

void report_stats_both(const struct link *link, const struct report *report)
{
	report_both(link, report, report_counters, NULL);
}

static void report_histogram(const struct report *report, const char *name, const char *unit,
			     const struct histogram *histogram)
{
	char bound[24];

	report_open(report, name);
	report_text(report, "unit", unit);
	report_number(report, "count", histogram_count(histogram));
	report_number(report, "sum", histogram->sum);
	report_number(report, "p50", histogram_quantile(histogram, 500));
	report_number(report, "p99", histogram_quantile(histogram, 990));
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->bucket[i] == 0)
			continue;
		snprintf(bound, sizeof(bound), "le_%llu", 1ull << i);
		report_number(report, i + 1 < HISTOGRAM_BUCKETS ? bound : "above",
			      histogram->bucket[i]);
	}
	report_close(report);
}

static void report_each_histogram(const struct link *link, const struct report_totals *totals,
				  const struct report *report, const void *context)
{
#define REPORT_HISTOGRAM(id, unit, help)                                                           \
	report_histogram(report, #id, #unit, &totals->histograms.id);
	HISTOGRAMS(REPORT_HISTOGRAM)
#undef REPORT_HISTOGRAM
}

void report_histograms(const struct link *link, const struct report *report)
{
	struct report_totals totals;

	report_sum(link, &totals);
	report_each_histogram(link, &totals, report, NULL);
}

void report_histograms_both(const struct link *link, const struct report *report)
{
	report_both(link, report, report_each_histogram, NULL);
}

static uint64_t us_of(uint64_t cycles)
{
	return (uint64_t)((double)cycles * CLOCK_US_PER_S / (double)clock_tsc_hz());
}

/* What the control thread makes of a worker. */
static void report_health(const struct link *link, uint32_t index, const struct report *report)
{
	const struct health_worker *health =
		&link->supervisor->health.worker[link->workers[index]->index];
	const struct worker_health *own = &link->workers[index]->health;
	uint64_t moved_us = __atomic_load_n(&health->moved_us, __ATOMIC_RELAXED);
	uint64_t now_us = clock_monotonic_us();

	report_text(report, "state",
		    __atomic_load_n(&health->stuck, __ATOMIC_RELAXED) ? "stuck" : "moves");
	report_number(report, "heartbeat_us", now_us > moved_us ? now_us - moved_us : 0);
	report_number(report, "busy_permille",
		      __atomic_load_n(&health->busy_permille, __ATOMIC_RELAXED));
	report_number(report, "stalls", __atomic_load_n(&own->stalls, __ATOMIC_RELAXED));
	report_number(report, "turn_max_us",
		      us_of(__atomic_load_n(&own->turn_cycles_max, __ATOMIC_RELAXED)));
}

static void report_worker(const struct link *link, uint32_t index, const struct report *report)
{
	const struct worker *worker = link->workers[index];
	const struct worker_health *health = &worker->health;
	const struct counters *counters = &link_part(link, index)->counters;

	report_number(report, "lcore", worker->lcore);
	report_number(report, "shares_cpu", worker->shares_cpu);
#define WORKER_NUMBER(source, field)                                                               \
	report_number(report, #field, __atomic_load_n(&(source)->field, __ATOMIC_RELAXED))
	WORKER_NUMBER(health, turns);
	WORKER_NUMBER(health, cycles);
	WORKER_NUMBER(health, busy_cycles);
	WORKER_NUMBER(health, turn_cycles_max);
	WORKER_NUMBER(counters, rx_wired_packets);
	WORKER_NUMBER(counters, rx_wireless_packets);
	WORKER_NUMBER(counters, handoff_packets);
	WORKER_NUMBER(counters, handoff_drops);
	WORKER_NUMBER(counters, forwarded_packets);
	WORKER_NUMBER(counters, flows_active);
#undef WORKER_NUMBER
}

void report_workers(const struct link *link, const struct report *report)
{
	char number[12];

	report_text(report, "distribution", steering_name(&link->steering));
	report_text(report, "how", link->steering.how);
	report_open(report, "workers");
	for (uint32_t i = 0; i < link->worker_count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		report_open(report, number);
		report_worker(link, i, report);
		report_health(link, i, report);
		report_close(report);
	}
	report_close(report);
}

static void report_key(const struct report *report, const struct snoop_key *key)
{
	char wired[FLOW_NAME_ENDPOINT_CHARS], station[FLOW_NAME_ENDPOINT_CHARS];
	char vlan[FLOW_NAME_VLAN_CHARS], text[FLOW_NAME_CHARS];

	flow_name_format(text, key);
	flow_name_wired(wired, key);
	flow_name_station(station, key);
	flow_name_vlan(vlan, key->vlan);
	report_text(report, "key", text);
	report_text(report, "wired", wired);
	report_text(report, "station", station);
	if (vlan[0] != '\0')
		report_text(report, "vlan", vlan);
}

void report_flow(const struct request_flow *flow, uint64_t worker, const struct report *report)
{
	const struct snoop_flow_info *info = &flow->info;

	report_key(report, &flow->key);
	report_number(report, "worker", worker);
	report_text(report, "level", snoop_level_name(info->level));
	report_text(report, "reason", snoop_reason_name(info->reason));
#define FLOW_NUMBER(field) report_number(report, #field, info->field)
	FLOW_NUMBER(withholding);
	FLOW_NUMBER(midstream);
	FLOW_NUMBER(sack);
	FLOW_NUMBER(timestamps);
	FLOW_NUMBER(window_scale_known);
	FLOW_NUMBER(srtt_us);
	FLOW_NUMBER(rttvar_us);
	FLOW_NUMBER(min_rtt_us);
	FLOW_NUMBER(wired_rtt_us);
	FLOW_NUMBER(queue_delay_us);
	FLOW_NUMBER(cached_segments);
	FLOW_NUMBER(cached_bytes);
	FLOW_NUMBER(withheld_acks);
	FLOW_NUMBER(data_segments);
	FLOW_NUMBER(data_bytes);
	FLOW_NUMBER(acked_bytes);
	FLOW_NUMBER(radio_losses);
	FLOW_NUMBER(upstream_holes);
	FLOW_NUMBER(retransmits);
	FLOW_NUMBER(repairs_confirmed);
	FLOW_NUMBER(spurious);
	FLOW_NUMBER(given_up);
	FLOW_NUMBER(vetoes);
	FLOW_NUMBER(sender_retransmits);
	FLOW_NUMBER(timeouts);
	FLOW_NUMBER(acks_withheld);
#undef FLOW_NUMBER
	report_number(report, "idle_us", flow->idle_us);
}

void report_host(const struct request_station *station, const struct report *report)
{
	const struct snoop_station_info *info = &station->info;
	char addr[FLOW_NAME_ENDPOINT_CHARS], vlan[FLOW_NAME_VLAN_CHARS];

	flow_name_addr(addr, sizeof(addr), info->addr, info->ip_version);
	flow_name_vlan(vlan, info->vlan);
	report_text(report, "station", addr);
	if (vlan[0] != '\0')
		report_text(report, "vlan", vlan);
	report_number(report, "flows", info->flows);
	report_number(report, "silent", info->silent);
	report_number(report, "srtt_us", info->srtt_us);
	report_number(report, "rttvar_us", info->rttvar_us);
	report_number(report, "min_rtt_us", info->min_rtt_us);
	report_number(report, "acked_bytes", info->totals.acked_bytes);
	report_number(report, "delivered_segments", info->totals.delivered_segments);
	report_number(report, "radio_losses", info->totals.radio_losses);
	report_number(report, "repairs_confirmed", info->totals.repairs_confirmed);
	report_number(report, "given_up", info->totals.given_up);
	report_number(report, "vetoes", info->totals.vetoes);
	if (info->heard_us != 0)
		report_number(report, "idle_us", station->idle_us);
}
