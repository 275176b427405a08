/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/trace_session.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <snoopd/datapath/trace.h>
#include <snoopd/datapath/worker.h>

#define PAGE_PACKETS 20 /* fit into one telemetry reply */
#define PART_BYTES 60	/* of a frame: telemetry cuts texts at 127 characters */

static struct {
	struct trace *trace; /* NULL = none */
	const struct link *link;
	uint32_t worker; /* of the link, who writes it */
	uint64_t id;	 /* of this one, or of the last one */
} current;

static int hand_to_worker(const struct link *link, uint32_t worker, struct trace *trace)
{
	struct request *request = link_ask(link, worker);

	if (request == NULL)
		return -ETIMEDOUT;
	request->kind = REQUEST_CAPTURE;
	request->trace = trace;
	return link_wait(request) != NULL ? 0 : -ETIMEDOUT;
}

static int end_current(void)
{
	struct trace *trace = current.trace;
	int result;

	if (trace == NULL)
		return 0;
	result = hand_to_worker(current.link, current.worker, NULL);
	current.trace = NULL;
	/* Leak it otherwise: a worker that did not answer may still write to it. */
	if (result == 0)
		free(trace);
	return result;
}

int trace_session_stop(const struct link *link, uint64_t id)
{
	return current.trace != NULL && current.id == id ? end_current() : -ENOENT;
}

int trace_session_start(const struct link *link, const struct snoop_key *key, uint32_t count,
			uint64_t *id)
{
	struct request *request;
	uint32_t worker;
	int result = link_find_flow(link, key, &request, &worker);

	if (result == 0)
		result = end_current();
	if (result != 0)
		return result;
	current.trace = trace_new(link_part(link, worker), key, count);
	if (current.trace == NULL)
		return -ENOMEM;
	current.link = link;
	current.worker = worker;
	*id = ++current.id;
	return hand_to_worker(link, worker, current.trace);
}

static void report_packet(const struct trace_packet *packet, const struct report *report)
{
	char comment[128], name[16], digits[2 * PART_BYTES + 1];
	int used = snprintf(comment, sizeof(comment), "%s",
			    trace_verdict_text((enum trace_verdict)packet->verdict));

	if (packet->losses > 0)
		used += snprintf(comment + used, sizeof(comment) - (size_t)used,
				 "; radio losses found: %u", packet->losses);
	if (packet->vetoes > 0)
		snprintf(comment + used, sizeof(comment) - (size_t)used, "; congestion: %u",
			 packet->vetoes);
	report->number(report->ctx, "time_us", packet->time_us);
	report->number(report->ctx, "bytes", packet->frame_bytes);
	report->text(report->ctx, "to", packet->to == SNOOP_WIRED ? "wired" : "wireless");
	report->text(report->ctx, "comment", comment);
	for (unsigned int at = 0; at < packet->kept_bytes; at += PART_BYTES) {
		unsigned int bytes = RTE_MIN((unsigned int)PART_BYTES, packet->kept_bytes - at);

		for (unsigned int i = 0; i < bytes; i++)
			snprintf(&digits[2 * i], 3, "%02x", packet->bytes[at + i]);
		snprintf(name, sizeof(name), "frame%u", at / PART_BYTES);
		report->text(report->ctx, name, digits);
	}
}

int trace_session_report(uint64_t id, uint64_t position, const struct report *report)
{
	const struct trace *trace = current.trace;
	uint32_t filled, end;
	char number[12];

	if (trace == NULL || current.id != id)
		return -ENOENT;
	filled = __atomic_load_n(&trace->filled, __ATOMIC_ACQUIRE);
	position = RTE_MIN(position, (uint64_t)filled);
	end = (uint32_t)RTE_MIN(position + PAGE_PACKETS, (uint64_t)filled);
	report->number(report->ctx, "total", filled);
	report->number(report->ctx, "count", trace->count);
	report->number(report->ctx, "next", end);
	report->open(report->ctx, "packets");
	for (uint32_t i = (uint32_t)position; i < end; i++) {
		snprintf(number, sizeof(number), "%u", i - (uint32_t)position);
		report->open(report->ctx, number);
		report_packet(&trace->packets[i], report);
		report->close(report->ctx);
	}
	report->close(report->ctx);
	return 0;
}
