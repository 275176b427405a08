/* SPDX-License-Identifier: BSD-3-Clause */
/* The replies that are no plain table. */
#include <inttypes.h>
#include <string.h>

#include "text.h"
#include "view.h"

static void format_duration(int64_t seconds, char *out, size_t out_bytes)
{
	if (seconds >= 86400)
		snprintf(out, out_bytes, "%" PRId64 "d %" PRId64 "h", seconds / 86400,
			 seconds / 3600 % 24);
	else if (seconds >= 3600)
		snprintf(out, out_bytes, "%" PRId64 "h %" PRId64 "min", seconds / 3600,
			 seconds / 60 % 60);
	else if (seconds >= 60)
		snprintf(out, out_bytes, "%" PRId64 "min %" PRId64 "s", seconds / 60, seconds % 60);
	else
		snprintf(out, out_bytes, "%" PRId64 "s", seconds);
}

static int64_t number_of(const json_t *reply, const char *name)
{
	int64_t number = 0;

	text_number(json_object_get(reply, name), &number);
	return number;
}

/* Of what nobody counts there is no value. */
static void format_losses(const json_t *port, const char *name, char *out, size_t out_bytes)
{
	if (json_object_get(port, name) != NULL)
		text_count(port, name, out, out_bytes);
	else
		snprintf(out, out_bytes, "an unknown number of");
}

static void print_port(const json_t *status, const char *side, FILE *out)
{
	const json_t *port = json_object_get(status, side);
	char missed[32];

	format_losses(port, "missed_packets", missed, sizeof(missed));
	fprintf(out, "%-10s %s (%s), link %s%s, MTU %" PRId64 ", missed %s packets\n", side,
		text_of(port, "name"), text_of(port, "driver"), text_of(port, "link"),
		number_of(port, "link_taken") != 0 ? " (follows the other side)" : "",
		number_of(port, "mtu"), missed);
	if (number_of(port, "rx_errors") + number_of(port, "tx_errors") > 0)
		fprintf(out,
			"%-10s refused %" PRId64 " packets received, did not send %" PRId64 "\n",
			"", number_of(port, "rx_errors"), number_of(port, "tx_errors"));
}

/* A station that was never heard has no time since. */
static const char *state_of(const json_t *host)
{
	if (number_of(host, "silent") != 0)
		return "silent";
	return json_object_get(host, "idle_us") != NULL ? "answers" : "not heard";
}

static void print_share(FILE *out, const char *what, const json_t *status, const char *name,
			int64_t whole, const char *of)
{
	char count[32];

	text_count(status, name, count, sizeof(count));
	fprintf(out, "  %-28s %14s", what, count);
	if (whole > 0)
		fprintf(out, "  %6.2f %% of %s",
			100.0 * (double)number_of(status, name) / (double)whole, of);
	fputc('\n', out);
}

static void print_service(const json_t *status, FILE *out)
{
	bool rules = number_of(status, "rules") != 0;
	char uptime[32], since[32];

	format_duration(number_of(status, "uptime_s"), uptime, sizeof(uptime));
	format_duration(number_of(status, "configured_s"), since, sizeof(since));
	fprintf(out, "snoopd %s, up %s, %" PRId64 " workers\n", text_of(status, "version"), uptime,
		number_of(status, "workers"));
	fprintf(out, "%-10s %s, %" PRId64 " rules%s%s%s, since %s, %" PRId64 " reloads\n", "mode",
		text_of(status, "mode"), number_of(status, "rules"), rules ? " (" : "",
		rules ? text_of(status, "rule_levels") : "", rules ? ")" : "", since,
		number_of(status, "reloads"));
	if (json_object_get(status, "guard") != NULL)
		fprintf(out,
			"%-10s %s, %" PRId64 " times demoted; %" PRId64
			" flows began in bypass for lack of memory\n",
			"guard", text_of(status, "guard"), number_of(status, "guard_demotions"),
			number_of(status, "flows_squeezed"));
	if (json_object_get(status, "workers_stuck") != NULL)
		fprintf(out, "%-10s %" PRId64 " of %" PRId64 " workers stuck, %" PRId64 " stalls\n",
			"health", number_of(status, "workers_stuck"), number_of(status, "workers"),
			number_of(status, "stalls"));
	if (number_of(status, "standbys") != 0)
		fprintf(out, "%-10s %" PRId64 " ready to take over\n", "standby",
			number_of(status, "standbys"));
	print_port(status, "wired", out);
	print_port(status, "wireless", out);
}

/* "radio_losses 200, repairs_confirmed 150": what a sentence stands on. */
static void print_evidence(const json_t *evidence, FILE *out)
{
	const char *name, *separator = "  ";
	json_t *value;
	int64_t number;
	char text[32];

	json_object_foreach ((json_t *)(uintptr_t)evidence, name, value) {
		if (text_number(value, &number))
			text_group_digits(number, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "unknown");
		fprintf(out, "%s%s %s", separator, name, text);
		separator = ", ";
	}
	if (json_object_size(evidence) > 0)
		fputc('\n', out);
}

/* What matters most, then what is true as well. */
static void print_verdict(const json_t *status, FILE *out)
{
	const json_t *counters = json_object_get(status, "also_counters");
	const char *id;
	json_t *sentence;

	fprintf(out, "\n%s\n", text_of(status, "verdict"));
	print_evidence(json_object_get(status, "verdict_counters"), out);
	json_object_foreach (json_object_get(status, "also"), id, sentence) {
		fprintf(out, "also: %s\n", json_string_value(sentence));
		print_evidence(json_object_get(counters, id), out);
	}
}

static void print_achieved(const json_t *status, FILE *out)
{
	int64_t losses = number_of(status, "radio_losses");
	char p50[32], p99[32], since[VIEW_SINCE_CHARS];

	view_since(status, since);
	text_time(json_object_get(status, "wireless_rtt_p50_us"), p50, sizeof(p50));
	text_time(json_object_get(status, "wireless_rtt_p99_us"), p99, sizeof(p99));
	print_verdict(status, out);
	if (since[0] != '\0')
		fprintf(out, "%s:\n", since);
	print_share(out, "losses found on the radio", status, "radio_losses",
		    number_of(status, "data_segments"), "all segments");
	print_share(out, "repaired locally", status, "repaired", losses, "the losses");
	print_share(out, "other losses", status, "left", losses,
		    "the losses: lost again, under repair, left to the sender");
	fprintf(out, "  %-28s %14s  median, 99 %%: %s\n\n", "wireless RTT", p50, p99);
}

/* Where there are several links. */
static void print_process(const json_t *status, FILE *out)
{
	char uptime[32];

	format_duration(number_of(status, "uptime_s"), uptime, sizeof(uptime));
	fprintf(out,
		"snoopd %s, up %s, %" PRId64 " links, %" PRId64 " of %" PRId64 " workers stuck\n\n",
		text_of(status, "version"), uptime, number_of(status, "total"),
		number_of(status, "workers_stuck"), number_of(status, "workers"));
	text_links(status, out);
	fprintf(out, "\nsince the start of snoopd, Mb/s of the last second; more about one: "
		     "snoopctl --link NAME status\n");
}

void text_status(const json_t *status, FILE *out)
{
	if (json_object_get(status, "links") != NULL) {
		print_process(status, out);
		return;
	}
	print_service(status, out);
	print_achieved(status, out);
	fprintf(out, "%-10s %" PRId64 ", helped %" PRId64 "\n", "flows", number_of(status, "flows"),
		number_of(status, "flows_helped"));
	fprintf(out, "%-10s %" PRId64 ", silent %" PRId64 "\n", "stations",
		number_of(status, "stations"), number_of(status, "stations_silent"));
	fprintf(out, "%-10s %" PRId64 " of %" PRId64 " segments, %.1f MiB\n", "cache",
		number_of(status, "cache_segments"), number_of(status, "cache_segments_max"),
		(double)number_of(status, "cache_bytes") / (1 << 20));
	fprintf(out, "%-10s %" PRId64 " packets\n", "dropped",
		number_of(status, "dropped_packets"));
}

void text_hosts(const json_t *reply, FILE *out)
{
	const json_t *hosts = json_object_get(reply, "hosts");
	char srtt[32], loss[32], bytes[32], repaired[32], left[32], idle[32];
	int width = text_width(hosts, "station");
	size_t index;
	json_t *host;

	fprintf(out, "%-*s %6s %8s %8s %16s %10s %8s %8s %s\n", width, "STATION", "FLOWS", "SRTT",
		"LOSS", "BYTES", "REPAIRED", "LEFT", "HEARD", "STATE");
	json_array_foreach (hosts, index, host) {
		text_time(json_object_get(host, "srtt_us"), srtt, sizeof(srtt));
		text_time(json_object_get(host, "idle_us"), idle, sizeof(idle));
		text_loss(host, loss, sizeof(loss));
		text_count(host, "acked_bytes", bytes, sizeof(bytes));
		text_count(host, "repairs_confirmed", repaired, sizeof(repaired));
		text_left(host, left, sizeof(left));
		fprintf(out, "%-*s %6" PRId64 " %8s %8s %16s %10s %8s %8s %s%s%s\n", width,
			text_of(host, "station"), number_of(host, "flows"), srtt, loss, bytes,
			repaired, left, idle, state_of(host),
			json_object_get(host, "vlan") != NULL ? " vlan " : "",
			json_object_get(host, "vlan") != NULL ? text_of(host, "vlan") : "");
	}
	text_total(reply, "hosts", out);
}

void text_flow(const json_t *flow, FILE *out)
{
	const char *name;
	char text[64];
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)flow, name, value) {
		size_t chars = strlen(name);

		if (json_is_string(value))
			fprintf(out, "%-20s %s\n", name, json_string_value(value));
		else if (chars > 3 && strcmp(name + chars - 3, "_us") == 0) {
			text_time(value, text, sizeof(text));
			fprintf(out, "%-20.*s %s\n", (int)(chars - 3), name, text);
		} else {
			text_count(flow, name, text, sizeof(text));
			fprintf(out, "%-20s %s\n", name, text);
		}
	}
}

void text_done(const json_t *reply, FILE *out)
{
	fprintf(out, "%s\n", text_of(reply, "done"));
}

void text_workers(const json_t *reply, FILE *out)
{
	char packets[32], handed[32], dropped[32], flows[32], stalls[32], longest[32];
	const char *number;
	json_t *worker;

	fprintf(out, "distribution %s: %s\n\n", text_of(reply, "distribution"),
		text_of(reply, "how"));
	fprintf(out, "%6s %5s %6s %7s %7s %16s %16s %8s %8s %7s %8s\n", "WORKER", "LCORE", "STATE",
		"BUSY", "NOW", "FORWARDED", "HANDED ON", "DROPPED", "FLOWS", "STALLS", "LONGEST");
	json_object_foreach (json_object_get(reply, "workers"), number, worker) {
		int64_t cycles = number_of(worker, "cycles");
		double busy = cycles > 0 ? 100.0 * (double)number_of(worker, "busy_cycles") /
						   (double)cycles
					 : 0;

		text_count(worker, "forwarded_packets", packets, sizeof(packets));
		text_count(worker, "handoff_packets", handed, sizeof(handed));
		text_count(worker, "handoff_drops", dropped, sizeof(dropped));
		text_count(worker, "flows_active", flows, sizeof(flows));
		text_count(worker, "stalls", stalls, sizeof(stalls));
		text_time(json_object_get(worker, "turn_max_us"), longest, sizeof(longest));
		fprintf(out, "%6s %5" PRId64 " %6s %6.1f%% %6.1f%% %16s %16s %8s %8s %7s %8s\n",
			number, number_of(worker, "lcore"), text_of(worker, "state"), busy,
			(double)number_of(worker, "busy_permille") / 10, packets, handed, dropped,
			flows, stalls, longest);
	}
}

/* "net_af_packet0 up" */
static void format_side(const json_t *link, const char *side, char *out, size_t out_bytes)
{
	char port[32], taken[32];

	snprintf(port, sizeof(port), "%s_port", side);
	snprintf(taken, sizeof(taken), "%s_taken", side);
	snprintf(out, out_bytes, "%s %s%s", text_of(link, port), text_of(link, side),
		 number_of(link, taken) != 0 ? " (follows)" : "");
}

static void format_mbps(const json_t *link, const char *name, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%.1f", (double)number_of(link, name) / 1e6);
}

/* What was repaired of the losses. */
static void format_repaired(const json_t *link, char *out, size_t out_bytes)
{
	int64_t losses = number_of(link, "radio_losses");

	if (losses > 0)
		snprintf(out, out_bytes, "%.1f%%",
			 100.0 * (double)number_of(link, "repairs_confirmed") / (double)losses);
	else
		snprintf(out, out_bytes, "-");
}

static void print_link(const json_t *link, const int width[3], FILE *out)
{
	char wired[96], wireless[96], flows[32], down[32], up[32], loss[32], repaired[32];

	format_side(link, "wired", wired, sizeof(wired));
	format_side(link, "wireless", wireless, sizeof(wireless));
	text_count(link, "flows", flows, sizeof(flows));
	format_mbps(link, "to_wireless_bps", down, sizeof(down));
	format_mbps(link, "to_wired_bps", up, sizeof(up));
	text_loss(link, loss, sizeof(loss));
	format_repaired(link, repaired, sizeof(repaired));
	fprintf(out, "%-*s %-8s %-*s %-*s %8s %8s %8s %8s %9s %s\n", width[0],
		text_of(link, "name"), text_of(link, "mode"), width[1], wired, width[2], wireless,
		flows, down, up, loss, repaired, text_of(link, "verdict_id"));
}

/* How wide the column of a side is. */
static int side_width(const json_t *links, const char *side)
{
	size_t index, width = strlen("WIRELESS");
	char text[96];
	json_t *link;

	json_array_foreach (links, index, link) {
		format_side(link, side, text, sizeof(text));
		width = strlen(text) > width ? strlen(text) : width;
	}
	return (int)width;
}

void text_links(const json_t *reply, FILE *out)
{
	const json_t *links = json_object_get(reply, "links");
	const int width[] = {text_width(links, "name"), side_width(links, "wired"),
			     side_width(links, "wireless")};
	size_t index;
	json_t *link;

	fprintf(out, "%-*s %-8s %-*s %-*s %8s %8s %8s %8s %9s %s\n", width[0], "LINK", "LEVEL",
		width[1], "WIRED", width[2], "WIRELESS", "FLOWS", "TO RADIO", "TO WIRE", "LOSS",
		"REPAIRED", "VERDICT");
	json_array_foreach (links, index, link)
		print_link(link, width, out);
	if (json_object_get(reply, "missing") != NULL)
		text_total(reply, "links", out);
}
