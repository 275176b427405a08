/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/telemetry.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include <snoopd/base/compat.h>
#include <snoopd/base/log.h>
#include <snoopd/control/apply.h>
#include <snoopd/control/link.h>
#include <snoopd/observe/baseline.h>
#include <snoopd/observe/flow_name.h>
#include <snoopd/observe/page_cursor.h>
#include <snoopd/observe/report.h>
#include <snoopd/observe/telemetry_capture.h>
#include <snoopd/observe/telemetry_report.h>

_Static_assert(COUNTERS_COUNT < RTE_TEL_MAX_DICT_ENTRIES,
	       "they fit into one dictionary, with since_reset");

#define LEVEL_WORD(id, token, help) " " #token
#define LEVELS SNOOP_LEVELS(LEVEL_WORD) /* " bypass observe ..." */

/* What the commands are about: DPDK gives them no context. Set once, before they exist. */
static struct links *links;

static int refuse_position(const char *parameters, struct rte_tel_data *data)
{
	return telemetry_refuse(
		data, "position '%s' is not a number, allowed: 0, or next of the last page",
		parameters);
}

/* The commands that only report. */
static int report_command(struct link *served,
			  void (*command)(const struct link *, const struct report *),
			  struct rte_tel_data *data)
{
	const struct link *link = link_lock(served);
	struct report report;
	struct telemetry_report tree;

	if (link == NULL)
		return telemetry_refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	command(link, &report);
	link_unlock(served);
	return 0;
}

static int page_command(struct link *served,
			int (*command)(const struct link *, uint64_t, const struct report *),
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
		return telemetry_refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = command(link, position, &report);
	link_unlock(served);
	if (result != 0)
		return telemetry_refuse(data, "position %llu: no worker has it",
					(unsigned long long)position);
	return 0;
}

static int answer_stats(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	return report_command(served, report_stats_both, data);
}

static int answer_status(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	return report_command(served, report_status_both, data);
}

static int answer_histograms(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	return report_command(served, report_histograms_both, data);
}

static int answer_workers(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	return report_command(served, report_workers, data);
}

static int answer_flows(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	return page_command(served, report_flows, parameters, data);
}

static int answer_hosts(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	return page_command(served, report_hosts, parameters, data);
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

static int answer_flow(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	struct report report;
	struct telemetry_report tree;
	struct snoop_key key;
	int result;

	if (parameters == NULL || flow_name_parse(parameters, &key) != 0)
		return telemetry_refuse(
			data,
			"'%s' is not the key of a flow, allowed: WIRED:PORT STATION:PORT [vlan "
			"TPID:VID[.TPID:VID]] as /snoop/flows shows it",
			parameters != NULL ? parameters : "");
	link = link_lock(served);
	if (link == NULL)
		return telemetry_refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = find_flow(link, &key, &report);
	link_unlock(served);
	if (result == -ENOENT)
		return telemetry_refuse(data, "no flow %s: it has ended, or the sides are swapped",
					parameters);
	return result == 0 ? 0
			   : telemetry_refuse(
				     data,
				     "a worker does not answer: another program may take its CPU");
}

static int answer_config(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	uint64_t position;

	if (page_cursor_parse(parameters, &position) != 0)
		return refuse_position(parameters, data);
	link = link_lock(served);
	if (link == NULL)
		return telemetry_refuse_not_running(data);
	telemetry_config_fill(link->config, position, data);
	link_unlock(served);
	return 0;
}

static int answer_reset_counters(struct link *served, const char *parameters,
				 struct rte_tel_data *data)
{
	const struct link *link = link_lock(served);

	if (link == NULL)
		return telemetry_refuse_not_running(data);
	baseline_reset(link);
	link_unlock(served);
	log_line("event=reset_counters%s result=done", served->label);
	return telemetry_done(0, "snoopctl shows what is counted from now on", data);
}

static int answer_reload(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	char line[APPLY_LINE_CHARS];
	int result = apply_reload(links, line, sizeof(line));

	return telemetry_done(result, line, data);
}

static int answer_mode(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	char line[APPLY_LINE_CHARS];
	int level = parameters != NULL ? snoop_level_parse(parameters) : -1, result;

	if (level < 0)
		return telemetry_refuse(data, "'%s' is not a level, allowed:" LEVELS,
					parameters != NULL ? parameters : "");
	result = apply_mode(served, (enum snoop_level)level, line, sizeof(line));
	return telemetry_done(result, line, data);
}

static int answer_log_level(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	int level = parameters != NULL ? log_level_parse(parameters) : -1;

	if (level < 0)
		return telemetry_refuse(
			data,
			"'%s' is not a log level, allowed: error, warning, notice, info, debug",
			parameters != NULL ? parameters : "");
	log_set_level(level);
	return telemetry_done(0, log_level_name(level), data);
}

/* In the order of their numbers. */
static int answer_links(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	struct telemetry_report tree;
	struct report report;
	uint64_t position;
	int result;

	if (page_cursor_parse(parameters, &position) != 0)
		return refuse_position(parameters, data);
	if (!links_lock(links))
		return telemetry_refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = report_links(links, position, &report);
	links_unlock(links);
	if (result != 0)
		return telemetry_refuse(data, "position %llu: there are %u links",
					(unsigned long long)position, links->count);
	return 0;
}

static const struct {
	const char *name;
	int (*answer)(struct link *served, const char *parameters, struct rte_tel_data *data);
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
	{"/snoop/capture", telemetry_capture,
	 "Capture packets of one flow. Parameter: COUNT WIRED:PORT STATION:PORT."},
	{"/snoop/captured", telemetry_captured,
	 "A page of a capture. Parameters: id, a blank, position as for flows."},
	{"/snoop/capture_stop", telemetry_capture_stop, "End the capture. Parameter: its id."},
	{"/snoop/config", answer_config,
	 "A page of the configuration in effect. Parameter: position; the last page has no next."},
	{"/snoop/reload", answer_reload, "Read the configuration file again. No parameters."},
	{"/snoop/mode", answer_mode,
	 "Set the level of the link, until the next reload. Parameter, one of:" LEVELS "."},
	{"/snoop/log_level", answer_log_level,
	 "What snoopd logs. Parameter: error, warning, notice, info, debug."},
	{"/snoop/links", answer_links,
	 "A page of the links: ports, level, load, losses, verdict. Parameter: position, as for "
	 "flows."},
};

/* "b, north, main"; where they do not fit, where they all are. */
static void name_links(char *out, size_t out_bytes)
{
	static const char others[] = ", ...: snoopctl links shows all";
	size_t used = 0;

	for (uint32_t i = 0; i < links->count; i++) {
		const char *name = links->link[i].name;

		if (used + strlen(", ") + strlen(name) + sizeof(others) > out_bytes) {
			snprintf(out + used, out_bytes - used, "%s", others);
			return;
		}
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", i > 0 ? ", " : "",
					 name);
	}
}

/*
 * Take "link=NAME" off the front of the parameters; one link needs no name.
 *
 * @param parameters  what is left, NULL = nothing
 * @return the link, or NULL after an answer that says which there are.
 */
static struct link *choose_link(const char **parameters, struct rte_tel_data *data)
{
	static const char key[] = "link=";
	char name[CONFIG_LINK_CHARS_MAX + 1], names[256];
	const char *text = *parameters;
	struct link *link = links->count == 1 ? &links->link[0] : NULL;
	size_t chars;

	if (text == NULL || strncmp(text, key, sizeof(key) - 1) != 0) {
		if (link == NULL) {
			name_links(names, sizeof(names));
			telemetry_refuse(data, "snoopd has %u links: say which, allowed: %s",
					 links->count, names);
		}
		return link;
	}
	text += sizeof(key) - 1;
	chars = strcspn(text, " ");
	snprintf(name, sizeof(name), "%.*s", (int)chars, text);
	text += chars;
	*parameters = *text == '\0' ? NULL : text + 1;
	link = links_find(links, name);
	if (link == NULL) {
		name_links(names, sizeof(names));
		telemetry_refuse(data, "there is no link %s, allowed: %s", name, names);
	}
	return link;
}

/* The others are about the process. */
static bool is_of_link(int (*command)(struct link *, const char *, struct rte_tel_data *))
{
	return command != answer_links && command != answer_reload && command != answer_log_level;
}

static int answer(const char *name, const char *parameters, struct rte_tel_data *data)
{
	size_t at = 0;
	struct link *link;

	while (at + 1 < RTE_DIM(commands) && strcmp(commands[at].name, name) != 0)
		at++;
	if (!is_of_link(commands[at].answer))
		return commands[at].answer(NULL, parameters, data);
	link = choose_link(&parameters, data);
	return link == NULL ? 0 : commands[at].answer(link, parameters, data);
}

void telemetry_start(struct links *process_links)
{
	links = process_links;
	for (size_t i = 0; i < RTE_DIM(commands); i++)
		if (rte_telemetry_register_cmd(commands[i].name, answer, commands[i].help) != 0)
			log_warning("event=telemetry command=%s result=failed", commands[i].name);
}
