/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/telemetry_capture.h>

#include <errno.h>
#include <string.h>

#include <snoopd/base/compat.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/trace.h>
#include <snoopd/observe/flow_name.h>
#include <snoopd/observe/page_cursor.h>
#include <snoopd/observe/telemetry_report.h>
#include <snoopd/observe/trace_session.h>

int telemetry_capture(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	struct snoop_key key;
	const char *text = parameters;
	uint64_t count, id;
	int result;

	if (page_cursor_number(&text, &count) != 0 || count == 0 || count > TRACE_PACKETS_MAX ||
	    flow_name_parse(text, &key) != 0)
		return telemetry_refuse(
			data,
			"'%s' is not a count of packets and the key of a flow, allowed: 1 to "
			"%d, a blank, WIRED:PORT STATION:PORT as /snoop/flows shows it",
			parameters != NULL ? parameters : "", TRACE_PACKETS_MAX);
	link = link_lock(served);
	if (link == NULL)
		return telemetry_refuse_not_running(data);
	result = trace_session_start(link, &key, (uint32_t)count, &id);
	link_unlock(served);
	if (result == -ENOENT)
		return telemetry_refuse(data, "no flow %s: it has ended, or the sides are swapped",
					text);
	if (result != 0)
		return telemetry_refuse(data, "no capture: %s", strerror(-result));
	telemetry_done(0, "capturing", data);
	return compat_tel_dict_uint(data, "id", id);
}

static int refuse_capture(int result, uint64_t id, struct rte_tel_data *data)
{
	if (result == -ENOENT)
		return telemetry_refuse(data,
					"capture %llu has ended: a later one has taken its place",
					(unsigned long long)id);
	return telemetry_refuse(data, "a worker does not answer: another program may take its CPU");
}

int telemetry_captured(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	const char *text = parameters;
	const struct link *link;
	struct report report;
	uint64_t id, position;
	struct telemetry_report tree;
	int result;

	if (page_cursor_number(&text, &id) != 0 || page_cursor_parse(text, &position) != 0)
		return telemetry_refuse(
			data,
			"'%s' is not the id of a capture and a position, allowed: what "
			"/snoop/capture answered, a blank, 0 or next of the last page",
			parameters != NULL ? parameters : "");
	link = link_lock(served);
	if (link == NULL)
		return telemetry_refuse_not_running(data);
	report = telemetry_report_begin(&tree, data);
	result = trace_session_report(id, position, &report);
	link_unlock(served);
	return result == 0 ? 0 : refuse_capture(result, id, data);
}

int telemetry_capture_stop(struct link *served, const char *parameters, struct rte_tel_data *data)
{
	const struct link *link;
	const char *text = parameters;
	uint64_t id;
	int result;

	if (page_cursor_number(&text, &id) != 0 || *text != '\0')
		return telemetry_refuse(
			data,
			"'%s' is not the id of a capture, allowed: what /snoop/capture "
			"answered",
			parameters != NULL ? parameters : "");
	link = link_lock(served);
	if (link == NULL)
		return telemetry_refuse_not_running(data);
	result = trace_session_stop(link, id);
	link_unlock(served);
	return result == 0 ? telemetry_done(0, "no capture", data)
			   : refuse_capture(result, id, data);
}
