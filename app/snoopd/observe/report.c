/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/report.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <snoopd/bringup/steering.h>
#include <snoopd/observe/flow_name.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/bringup/ports.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>

#define POSITION_WORKER_SHIFT 32 /* a position is a record of a worker's table */

#define NUMBER(report, name, value) (report)->number((report)->ctx, name, value)
#define TEXT(report, name, value) (report)->text((report)->ctx, name, value)
#define OPEN(report, name) (report)->open((report)->ctx, name)
#define CLOSE(report) (report)->close((report)->ctx)

void report_stats(const struct link *link, const struct report *report)
{
	struct counters sum;

	totals_sum(&sum, link->workers, link->worker_count);
#define REPORT_COUNTER(id, type, unit, help) NUMBER(report, #id, sum.id);
	COUNTERS(REPORT_COUNTER)
#undef REPORT_COUNTER
}

static void add_histogram(struct histogram *sum, const struct histogram *one)
{
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += __atomic_load_n(&one->bucket[i], __ATOMIC_RELAXED);
	sum->sum += __atomic_load_n(&one->sum, __ATOMIC_RELAXED);
}

void report_sum_histograms(const struct link *link, struct histograms *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < link->worker_count; i++) {
		const struct histograms *one = snoop_engine_histograms(link->workers[i]->engine);

#define ADD_HISTOGRAM(id, unit, help) add_histogram(&sum->id, &one->id);
		HISTOGRAMS(ADD_HISTOGRAM)
#undef ADD_HISTOGRAM
	}
}

static void report_histogram(const struct report *report, const char *name, const char *unit,
			     const struct histogram *histogram)
{
	char bound[24];

	OPEN(report, name);
	TEXT(report, "unit", unit);
	NUMBER(report, "count", histogram_count(histogram));
	NUMBER(report, "sum", histogram->sum);
	NUMBER(report, "p50", histogram_quantile(histogram, 500));
	NUMBER(report, "p99", histogram_quantile(histogram, 990));
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->bucket[i] == 0)
			continue;
		snprintf(bound, sizeof(bound), "le_%llu", 1ull << i);
		NUMBER(report, i + 1 < HISTOGRAM_BUCKETS ? bound : "above", histogram->bucket[i]);
	}
	CLOSE(report);
}

void report_histograms(const struct link *link, const struct report *report)
{
	struct histograms sum;

	report_sum_histograms(link, &sum);
#define REPORT_HISTOGRAM(id, unit, help) report_histogram(report, #id, #unit, &sum.id);
	HISTOGRAMS(REPORT_HISTOGRAM)
#undef REPORT_HISTOGRAM
}

static uint64_t us_of(uint64_t cycles)
{
	return (uint64_t)((double)cycles * CLOCK_US_PER_S / (double)rte_get_tsc_hz());
}

/* What the control thread makes of a worker. */
static void report_health(const struct link *link, uint32_t index,
			  const struct report *report)
{
	const struct health_worker *health = &link->supervisor->health.worker[index];
	const struct worker_health *own = &link->workers[index]->health;
	uint64_t moved_us = __atomic_load_n(&health->moved_us, __ATOMIC_RELAXED);
	uint64_t now_us = clock_monotonic_us();

	TEXT(report, "state", __atomic_load_n(&health->stuck, __ATOMIC_RELAXED) ? "stuck" : "moves");
	NUMBER(report, "heartbeat_us", now_us > moved_us ? now_us - moved_us : 0);
	NUMBER(report, "busy_permille", __atomic_load_n(&health->busy_permille, __ATOMIC_RELAXED));
	NUMBER(report, "stalls", __atomic_load_n(&own->stalls, __ATOMIC_RELAXED));
	NUMBER(report, "turn_max_us",
	       us_of(__atomic_load_n(&own->turn_cycles_max, __ATOMIC_RELAXED)));
}

static void report_worker(const struct worker *worker, const struct report *report)
{
	const struct worker_health *health = &worker->health;
	const struct counters *counters = &worker->counters;

	NUMBER(report, "lcore", worker->lcore);
	NUMBER(report, "shares_cpu", worker->shares_cpu);
#define WORKER_NUMBER(source, field)                                                               \
	NUMBER(report, #field, __atomic_load_n(&(source)->field, __ATOMIC_RELAXED))
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

	TEXT(report, "distribution", steering_name(&link->steering));
	TEXT(report, "how", link->steering.how);
	OPEN(report, "workers");
	for (uint32_t i = 0; i < link->worker_count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		OPEN(report, number);
		report_worker(link->workers[i], report);
		report_health(link, i, report);
		CLOSE(report);
	}
	CLOSE(report);
}

static void report_port(const struct report *report, const char *side, const struct port *port)
{
	struct rte_eth_stats stats;

	OPEN(report, side);
	TEXT(report, "name", port->name);
	TEXT(report, "driver", port->driver);
	TEXT(report, "link", __atomic_load_n(&port->link_up, __ATOMIC_RELAXED) ? "up" : "down");
	NUMBER(report, "link_taken", __atomic_load_n(&port->link_taken, __ATOMIC_RELAXED));
	NUMBER(report, "mtu", port->mtu_bytes);
	/* What the port dropped before any worker saw it. */
	if (rte_eth_stats_get(port->id, &stats) == 0)
		NUMBER(report, "missed_packets", stats.imissed + stats.rx_nombuf);
	CLOSE(report);
}

/* One sentence for somebody who looks for the first time: what is done now comes before what was
 * achieved since the start. */
static const char *verdict(const struct link *link, const struct counters *sum)
{
	const struct guard *guard = &link->supervisor->guard;

	if (config_at_most(link->config, SNOOP_LEVEL_BYPASS))
		return "bypass: a plain wire, nothing is looked at";
	if (guard->demoted)
		return guard->cause == GUARD_SPURIOUS
			       ? "does not help now: repairs were spurious, the guard lets it only "
				 "observe"
			       : "does not help now: repairs were useless, the guard lets it only "
				 "observe";
	if (sum->rx_wired_packets + sum->rx_wireless_packets == 0)
		return "nothing was received yet: are the ports the right ones?";
	if (sum->data_segments == 0)
		return "no TCP data towards the radio yet";
	if (config_at_most(link->config, SNOOP_LEVEL_OBSERVE))
		return sum->radio_losses == 0
			       ? "observe: the radio lost nothing yet"
			       : "observe: the radio loses, mode repair would retransmit it";
	if (sum->radio_losses == 0)
		return "the radio lost nothing yet: there is nothing to repair";
	if (sum->repairs_confirmed == 0)
		return "the radio loses, and nothing is repaired: see flows for the reasons";
	if (sum->repairs_confirmed * 2 < sum->radio_losses)
		return "helps a little: less than half of the losses are repaired, see flows";
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
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %u",
						 used > 0 ? ", " : "",
						 snoop_level_name((enum snoop_level)level),
						 rules[level]);
	NUMBER(report, "rules", config->rule_count);
	TEXT(report, "rule_levels", text);
}

void report_status(const struct link *link, const struct report *report)
{
	struct counters sum;
	struct histograms histograms;
	uint64_t now_us = clock_monotonic_us();

	totals_sum(&sum, link->workers, link->worker_count);
	report_sum_histograms(link, &histograms);
	TEXT(report, "version", SNOOPD_VERSION);
	NUMBER(report, "pid", (uint64_t)getpid());
	NUMBER(report, "uptime_s", (now_us - link->started_us) / CLOCK_US_PER_S);
	NUMBER(report, "configured_s", (now_us - link->configured_us) / CLOCK_US_PER_S);
	NUMBER(report, "reloads", link->reloads);
	NUMBER(report, "workers", link->worker_count);
	TEXT(report, "mode", snoop_level_name(link->config->mode));
	report_rules(link->config, report);
	report_port(report, "wired", &link->ports.port[SNOOP_WIRED]);
	report_port(report, "wireless", &link->ports.port[SNOOP_WIRELESS]);
	TEXT(report, "verdict", verdict(link, &sum));
	NUMBER(report, "data_segments", sum.data_segments);
	NUMBER(report, "radio_losses", sum.radio_losses);
	NUMBER(report, "repaired", sum.repairs_confirmed);
	/* Left to the sender, or still under repair. */
	NUMBER(report, "left",
	       sum.radio_losses > sum.repairs_confirmed ? sum.radio_losses - sum.repairs_confirmed
							: 0);
	NUMBER(report, "wireless_rtt_p50_us", histogram_quantile(&histograms.wireless_rtt, 500));
	NUMBER(report, "wireless_rtt_p99_us", histogram_quantile(&histograms.wireless_rtt, 990));
	NUMBER(report, "flows", sum.flows_active);
	NUMBER(report, "flows_helped", sum.flows_helped);
	NUMBER(report, "stations", sum.stations_active);
	NUMBER(report, "stations_silent", sum.stations_silent);
	NUMBER(report, "cache_segments", sum.cache_segments);
	NUMBER(report, "cache_segments_max", link->config->protocol.cache_segments);
	NUMBER(report, "cache_bytes", sum.cache_bytes);
	NUMBER(report, "dropped_packets",
	       sum.tx_wired_drops + sum.tx_wireless_drops + sum.handoff_drops);
	TEXT(report, "guard", !link->supervisor->guard.demoted ? "helps"
			      : link->supervisor->guard.cause == GUARD_SPURIOUS
				      ? "demoted: repairs were spurious"
				      : "demoted: repairs were useless");
	NUMBER(report, "guard_demotions", link->supervisor->guard.demotions);
	NUMBER(report, "guard_promotions", link->supervisor->guard.promotions);
	NUMBER(report, "flows_squeezed", sum.flows_squeezed);
	NUMBER(report, "workers_stuck", health_stuck(&link->supervisor->health));
	NUMBER(report, "stalls", sum.turn_stalls);
}

static void report_key(const struct report *report, const struct snoop_key *key)
{
	char wired[KEYTEXT_ENDPOINT_CHARS], station[KEYTEXT_ENDPOINT_CHARS];
	char vlan[KEYTEXT_VLAN_CHARS], text[KEYTEXT_CHARS];

	flow_name_format(text, key);
	flow_name_wired(wired, key);
	flow_name_station(station, key);
	flow_name_vlan(vlan, key->vlan);
	TEXT(report, "key", text);
	TEXT(report, "wired", wired);
	TEXT(report, "station", station);
	if (vlan[0] != '\0')
		TEXT(report, "vlan", vlan);
}

void report_flow(const struct request_flow *flow, uint64_t worker, const struct report *report)
{
	const struct snoop_flow_info *info = &flow->info;

	report_key(report, &flow->key);
	NUMBER(report, "worker", worker);
	TEXT(report, "level", snoop_level_name(info->level));
	TEXT(report, "reason", snoop_reason_name(info->reason));
#define FLOW_NUMBER(field) NUMBER(report, #field, info->field)
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
	NUMBER(report, "idle_us", flow->idle_us);
}

static void report_host(const struct request_station *station, const struct report *report)
{
	const struct snoop_station_info *info = &station->info;
	char addr[KEYTEXT_ENDPOINT_CHARS], vlan[KEYTEXT_VLAN_CHARS];

	flow_name_addr(addr, sizeof(addr), info->addr, info->ip_version);
	flow_name_vlan(vlan, info->vlan);
	TEXT(report, "station", addr);
	if (vlan[0] != '\0')
		TEXT(report, "vlan", vlan);
	NUMBER(report, "flows", info->flows);
	NUMBER(report, "silent", info->silent);
	NUMBER(report, "srtt_us", info->srtt_us);
	NUMBER(report, "rttvar_us", info->rttvar_us);
	NUMBER(report, "min_rtt_us", info->min_rtt_us);
	NUMBER(report, "acked_bytes", info->totals.acked_bytes);
	NUMBER(report, "delivered_segments", info->totals.delivered_segments);
	NUMBER(report, "radio_losses", info->totals.radio_losses);
	NUMBER(report, "repairs_confirmed", info->totals.repairs_confirmed);
	NUMBER(report, "given_up", info->totals.given_up);
	NUMBER(report, "vetoes", info->totals.vetoes);
	if (info->heard_us != 0)
		NUMBER(report, "idle_us", station->idle_us);
}

/* ---- Pages ---- */

static void measure_name(void *ctx, const char *name)
{
	*(size_t *)ctx += strlen(name) + strlen("\"\":{},");
}

static void measure_end(void *ctx)
{
}

static void measure_number(void *ctx, const char *name, uint64_t value)
{
	*(size_t *)ctx += strlen(name) + (size_t)snprintf(NULL, 0, "\"\":%" PRIu64 ",", value);
}

static void measure_text(void *ctx, const char *name, const char *value)
{
	*(size_t *)ctx += strlen(name) + strlen(value) + strlen("\"\":\"\",");
}

/* Ask one worker for the page at a position. */
static struct request *ask_page(const struct link *link, enum request_kind kind,
				uint64_t position)
{
	struct request *request =
		link_ask(link, (uint32_t)(position >> POSITION_WORKER_SHIFT));

	if (request == NULL)
		return NULL;
	request->kind = kind;
	request->position = (uint32_t)position;
	return link_wait(request);
}

static void report_entry(const struct request *request, uint32_t entry, uint64_t worker,
			 const struct report *report)
{
	if (request->kind == REQUEST_FLOWS)
		report_flow(&request->flows[entry], worker, report);
	else
		report_host(&request->stations[entry], report);
}

static uint32_t position_of(const struct request *request, uint32_t entry)
{
	return request->kind == REQUEST_FLOWS ? request->flows[entry].position
					      : request->stations[entry].position;
}

/* How many entries of the answer fit into the page; at least one. */
static uint32_t fitting(const struct request *request, uint64_t worker)
{
	size_t bytes = 0;
	const struct report measure = {&bytes, measure_name, measure_end, measure_number,
				       measure_text};
	uint32_t entry = 0;

	while (entry < request->count) {
		measure_name(&bytes, "number");
		report_entry(request, entry, worker, &measure);
		if (bytes > REPORT_PAGE_BYTES && entry > 0)
			break;
		entry++;
	}
	return entry;
}

/* The page after this one, 0 = this was the last. */
static uint64_t next_position(const struct link *link, uint64_t worker, uint32_t next)
{
	if (next != 0)
		return worker << POSITION_WORKER_SHIFT | next;
	return worker + 1 < link->worker_count ? (worker + 1) << POSITION_WORKER_SHIFT : 0;
}

static int report_page(const struct link *link, enum request_kind kind, uint64_t position,
		       const struct report *report)
{
	uint64_t worker = position >> POSITION_WORKER_SHIFT;
	bool flows = kind == REQUEST_FLOWS;
	struct request *request;
	uint32_t count = 0, next = 0;
	struct counters sum;
	char number[12];

	if (worker >= link->worker_count)
		return -ENOENT;
	request = ask_page(link, kind, position);
	if (request != NULL) {
		count = fitting(request, worker);
		next = count < request->count ? position_of(request, count) : request->next;
	}
	totals_sum(&sum, link->workers, link->worker_count);
	NUMBER(report, "total", flows ? sum.flows_active : sum.stations_active);
	NUMBER(report, "offset", position);
	NUMBER(report, "next", next_position(link, worker, next));
	NUMBER(report, "timed_out", request == NULL);
	OPEN(report, flows ? "flows" : "hosts");
	for (uint32_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		OPEN(report, number);
		report_entry(request, i, worker, report);
		CLOSE(report);
	}
	CLOSE(report);
	return 0;
}

int report_flows(const struct link *link, uint64_t position, const struct report *report)
{
	return report_page(link, REQUEST_FLOWS, position, report);
}

int report_hosts(const struct link *link, uint64_t position, const struct report *report)
{
	return report_page(link, REQUEST_STATIONS, position, report);
}
