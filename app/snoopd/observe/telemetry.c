/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/telemetry.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include <snoopd/base/compat.h>
#include <snoopd/base/log.h>
#include <snoopd/control/apply.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/trace.h>
#include <snoopd/observe/baseline.h>
#include <snoopd/observe/flow_name.h>
#include <snoopd/observe/page_cursor.h>
#include <snoopd/observe/report.h>
#include <snoopd/observe/telemetry_config.h>
#include <snoopd/observe/telemetry_report.h>
#include <snoopd/observe/trace_session.h>

_Static_assert(COUNTERS_COUNT < RTE_TEL_MAX_DICT_ENTRIES,
	       "they fit into one dictionary, with since_reset");

#define LEVEL_WORD(id, token, help) " " #token
#define LEVELS SNOOP_LEVELS(LEVEL_WORD) /* " bypass observe ..." */

/* The link that the commands are about: DPDK gives them no context. Set once, before they exist. */
static struct links *links;
static struct link *served; /* the first one */

/* One line instead of an object: the command was understood, and is refused. */
__attribute__((format(printf, 2, 3))) static int refuse(struct rte_tel_data *data,
							const char *format, ...)
{
	char line[APPLY_LINE_CHARS];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return rte_tel_data_string(data, line);
}

static int refuse_not_running(struct rte_tel_data *data)
{
	return refuse(data, "snoopd is starting or stopping: try again");
}

static int refuse_position(const char *parameters, struct rte_tel_data *data)
{
	return refuse(data, "position '%s' is not a number, allowed: 0, or next of the last page",
		      parameters);
}

/* The commands that only report. */
static int report_command(void (*command)(const struct link *, const struct report *),
			  struct rte_tel_data *data)
{
	const struct link *link = link_lock(served);
	struct report report;
	struct telemetry_report tree;

	if (link == NULL)
		return refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	command(link, &report);
	link_unlock(served);
	return 0;
}

static int page_command(int (*command)(const struct link *, uint64_t, const struct report *),
			const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	struct report report;
	struct telemetry_report tree;
	uint64_t position;
	int result;

	if (page_cursor_parse(parameters, &position) != 0)
		return refuse_position(parameters, data);
	link = link_lock(served);
	if (link == NULL)
		return refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = command(link, position, &report);
	link_unlock(served);
	if (result != 0)
		return refuse(data, "position %llu: no worker has it",
			      (unsigned long long)position);
	return 0;
}

static int answer_stats(const char *command, const char *parameters, struct rte_tel_data *data)
{
	return report_command(report_stats_both, data);
}

static int answer_status(const char *command, const char *parameters, struct rte_tel_data *data)
{
	return report_command(report_status_both, data);
}

static int answer_histograms(const char *command, const char *parameters, struct rte_tel_data *data)
{
	return report_command(report_histograms_both, data);
}

static int answer_workers(const char *command, const char *parameters, struct rte_tel_data *data)
{
	return report_command(report_workers, data);
}

static int answer_flows(const char *command, const char *parameters, struct rte_tel_data *data)
{
	return page_command(report_flows, parameters, data);
}

static int answer_hosts(const char *command, const char *parameters, struct rte_tel_data *data)
{
	return page_command(report_hosts, parameters, data);
}

static int find_flow(const struct link *link, const struct snoop_key *key,
		     const struct report *report)
{
	struct request *request;
	uint32_t worker;
	int result = link_find_flow(link, key, &request, &worker);

	if (result == 0)
		report_flow(&request->flows[0], worker, report);
	return result;
}

static int answer_flow(const char *command, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	struct report report;
	struct telemetry_report tree;
	struct snoop_key key;
	int result;

	if (parameters == NULL || flow_name_parse(parameters, &key) != 0)
		return refuse(
			data,
			"'%s' is not the key of a flow, allowed: WIRED:PORT STATION:PORT [vlan "
			"TPID:VID[.TPID:VID]] as /snoop/flows shows it",
			parameters != NULL ? parameters : "");
	link = link_lock(served);
	if (link == NULL)
		return refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = find_flow(link, &key, &report);
	link_unlock(served);
	if (result == -ENOENT)
		return refuse(data, "no flow %s: it has ended, or the sides are swapped",
			      parameters);
	return result == 0
		       ? 0
		       : refuse(data, "a worker does not answer: another program may take its CPU");
}

static int answer_done(int result, const char *line, struct rte_tel_data *data)
{
	if (result != 0 && result != -EINPROGRESS)
		return refuse(data, "%s", line);
	rte_tel_data_start_dict(data);
	/* Cut at 127 characters. */
	rte_tel_data_add_dict_string(data, result == 0 ? "done" : "partly", line);
	return 0;
}

static int answer_capture(const char *command, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	struct snoop_key key;
	const char *text = parameters;
	uint64_t count, id;
	int result;

	if (page_cursor_number(&text, &count) != 0 || count == 0 || count > TRACE_PACKETS_MAX ||
	    flow_name_parse(text, &key) != 0)
		return refuse(data,
			      "'%s' is not a count of packets and the key of a flow, allowed: 1 to "
			      "%d, a blank, WIRED:PORT STATION:PORT as /snoop/flows shows it",
			      parameters != NULL ? parameters : "", TRACE_PACKETS_MAX);
	link = link_lock(served);
	if (link == NULL)
		return refuse_not_running(data);
	result = trace_session_start(link, &key, (uint32_t)count, &id);
	link_unlock(served);
	if (result == -ENOENT)
		return refuse(data, "no flow %s: it has ended, or the sides are swapped", text);
	if (result != 0)
		return refuse(data, "no capture: %s", strerror(-result));
	answer_done(0, "capturing", data);
	return compat_tel_dict_uint(data, "id", id);
}

static int refuse_capture(int result, uint64_t id, struct rte_tel_data *data)
{
	if (result == -ENOENT)
		return refuse(data, "capture %llu has ended: a later one has taken its place",
			      (unsigned long long)id);
	return refuse(data, "a worker does not answer: another program may take its CPU");
}

static int answer_captured(const char *command, const char *parameters, struct rte_tel_data *data)
{
	const char *text = parameters;
	const struct link *link;
	struct report report;
	uint64_t id, position;
	struct telemetry_report tree;
	int result;

	if (page_cursor_number(&text, &id) != 0 || page_cursor_parse(text, &position) != 0)
		return refuse(data,
			      "'%s' is not the id of a capture and a position, allowed: what "
			      "/snoop/capture answered, a blank, 0 or next of the last page",
			      parameters != NULL ? parameters : "");
	link = link_lock(served);
	if (link == NULL)
		return refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = trace_session_report(id, position, &report);
	link_unlock(served);
	return result == 0 ? 0 : refuse_capture(result, id, data);
}

static int answer_capture_stop(const char *command, const char *parameters,
			       struct rte_tel_data *data)
{
	const struct link *link;
	const char *text = parameters;
	uint64_t id;
	int result;

	if (page_cursor_number(&text, &id) != 0 || *text != '\0')
		return refuse(data,
			      "'%s' is not the id of a capture, allowed: what /snoop/capture "
			      "answered",
			      parameters != NULL ? parameters : "");
	link = link_lock(served);
	if (link == NULL)
		return refuse_not_running(data);
	result = trace_session_stop(link, id);
	link_unlock(served);
	return result == 0 ? answer_done(0, "no capture", data) : refuse_capture(result, id, data);
}

static int answer_config(const char *command, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	uint64_t position;

	if (page_cursor_parse(parameters, &position) != 0)
		return refuse_position(parameters, data);
	link = link_lock(served);
	if (link == NULL)
		return refuse_not_running(data);
	telemetry_config_fill(link->config, position, data);
	link_unlock(served);
	return 0;
}

static int answer_reset_counters(const char *command, const char *parameters,
				 struct rte_tel_data *data)
{
	const struct link *link = link_lock(served);

	if (link == NULL)
		return refuse_not_running(data);
	baseline_reset(link);
	link_unlock(served);
	log_line("event=reset_counters result=done");
	return answer_done(0, "snoopctl shows what is counted from now on", data);
}

static int answer_reload(const char *command, const char *parameters, struct rte_tel_data *data)
{
	char line[APPLY_LINE_CHARS];
	int result = apply_reload(links, line, sizeof(line));

	return answer_done(result, line, data);
}

static int answer_mode(const char *command, const char *parameters, struct rte_tel_data *data)
{
	char line[APPLY_LINE_CHARS];
	int level = parameters != NULL ? snoop_level_parse(parameters) : -1, result;

	if (level < 0)
		return refuse(data, "'%s' is not a level, allowed:" LEVELS,
			      parameters != NULL ? parameters : "");
	result = apply_mode(served, (enum snoop_level)level, line, sizeof(line));
	return answer_done(result, line, data);
}

static int answer_log_level(const char *command, const char *parameters, struct rte_tel_data *data)
{
	int level = parameters != NULL ? log_level_parse(parameters) : -1;

	if (level < 0)
		return refuse(
			data,
			"'%s' is not a log level, allowed: error, warning, notice, info, debug",
			parameters != NULL ? parameters : "");
	log_set_level(level);
	return answer_done(0, log_level_name(level), data);
}

static const struct {
	const char *name;
	telemetry_cb answer;
	const char *help;
} commands[] = {
	{"/snoop/status", answer_status,
	 "Ports, levels, uptime, and whether snoopd helps. No parameters."},
	{"/snoop/stats", answer_stats,
	 "All counters since the start, summed over the workers; in since_reset those since "
	 "reset_counters. No parameters."},
	{"/snoop/histograms", answer_histograms,
	 "All histograms, as the counters in stats. No parameters."},
	{"/snoop/reset_counters", answer_reset_counters,
	 "Begin since_reset of stats, status and histograms afresh; the totals go on. No "
	 "parameters."},
	{"/snoop/flows", answer_flows,
	 "A page of the flow table. Parameter: position (0, then next of the last page until it is "
	 "0)."},
	{"/snoop/flow", answer_flow,
	 "Everything about one flow. Parameter: its key, WIRED:PORT STATION:PORT."},
	{"/snoop/hosts", answer_hosts,
	 "A page of the stations. Parameter: position, as for flows."},
	{"/snoop/workers", answer_workers,
	 "How flows find their workers, and what each worker does. No parameters."},
	{"/snoop/capture", answer_capture,
	 "Capture packets of one flow. Parameter: COUNT WIRED:PORT STATION:PORT."},
	{"/snoop/captured", answer_captured,
	 "A page of a capture. Parameters: id, a blank, position as for flows."},
	{"/snoop/capture_stop", answer_capture_stop, "End the capture. Parameter: its id."},
	{"/snoop/config", answer_config,
	 "A page of the configuration in effect. Parameter: position; the last page has no next."},
	{"/snoop/reload", answer_reload, "Read the configuration file again. No parameters."},
	{"/snoop/mode", answer_mode,
	 "Set the level of the link, until the next reload. Parameter, one of:" LEVELS "."},
	{"/snoop/log_level", answer_log_level,
	 "What snoopd logs. Parameter: error, warning, notice, info, debug."},
};

void telemetry_start(struct links *process_links)
{
	links = process_links;
	served = &links->link[0];
	for (size_t i = 0; i < RTE_DIM(commands); i++)
		if (rte_telemetry_register_cmd(commands[i].name, commands[i].answer,
					       commands[i].help) != 0)
			log_warning("event=telemetry command=%s result=failed", commands[i].name);
}
