/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/request.h>

#include <string.h>

#include <flow/hash.h>
#include <snoopd/datapath/reconfigure.h>
#include <snoopd/datapath/worker.h>

#define RECORDS_PER_PAGE 131072 /* bounds the time for a thin page of a large table */
#define RECORDS_PER_VOTE 32768	/* a page of REPAIRS, for which the control thread waits */

static struct worker_link *link_of(const struct worker *worker, const struct request *request)
{
	return worker->link[request->link];
}

static struct request *request_of(struct mail *mail)
{
	return container_of(mail, struct request, mail);
}

/* Of the records from cursor on, up to end: how many one step looks at. */
static uint32_t step_end(const struct request *request, uint32_t end)
{
	return RTE_MIN(request->cursor + WORKER_RECORDS_PER_STEP, end);
}

static void copy_flow(const struct worker *worker, const struct flow_record *record,
		      struct request_flow *flow)
{
	flow->key = *flow_table_key(&worker->table, record);
	flow->idle_us = worker->now_us - record->flow.last_seen_us;
	snoop_flow_info(worker_link_of(worker, record)->engine, &record->flow, &flow->info);
	flow->info.reason = flows_reason(record);
}

static void begin_flows(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);

	request->count = request->next = 0;
	request->position = RTE_MIN(request->position, worker->table.capacity);
	request->cursor = request->position;
}

static bool step_flows(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);
	const struct flow_table *table = &worker->table;
	uint32_t end = step_end(request, table->capacity);

	if (request->cursor - request->position >= RECORDS_PER_PAGE) {
		request->next = request->cursor;
		return true;
	}
	for (; request->cursor < end; request->cursor++) {
		const struct flow_record *record = &table->records[request->cursor];

		if (!record->in_use || record->link != request->link)
			continue;
		if (request->count == REQUEST_FLOWS_MAX) {
			request->next = request->cursor;
			return true;
		}
		request->flows[request->count].position = request->cursor;
		copy_flow(worker, record, &request->flows[request->count++]);
	}
	return request->cursor == table->capacity || table->count == 0;
}

static void begin_lookup(struct worker *worker, struct mail *mail)
{
	request_of(mail)->count = request_of(mail)->next = 0;
}

static bool step_lookup(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);
	uint32_t hash = (uint32_t)flow_hash(&request->key, worker->secret);
	const struct flow_record *record = flow_table_find(&worker->table, &request->key, hash);

	if (record != NULL)
		copy_flow(worker, record, &request->flows[request->count++]);
	return true;
}

static void begin_stations(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);

	request->count = request->next = 0;
	request->cursor = RTE_MIN(RTE_MAX(request->position, 1u),
				  snoop_station_count(link_of(worker, request)->engine) + 1);
}

static bool step_stations(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);
	uint32_t past_last = snoop_station_count(link_of(worker, request)->engine) + 1;
	uint32_t end = step_end(request, past_last);

	for (; request->cursor < end; request->cursor++) {
		struct request_station *station = &request->stations[request->count];

		if (request->count == REQUEST_STATIONS_MAX) {
			request->next = request->cursor;
			return true;
		}
		if (!snoop_station_info(link_of(worker, request)->engine, request->cursor,
					&station->info))
			continue;
		station->idle_us = worker->now_us - station->info.heard_us;
		station->position = request->cursor;
		request->count++;
	}
	return request->cursor == past_last;
}

/* All flows of a station have the same vote, in every worker. */
static uint32_t station_vote(const struct worker *worker, const struct snoop_key *key)
{
	struct snoop_key station = *key;

	memset(station.wired_addr, 0, sizeof(station.wired_addr));
	station.wired_port = station.station_port = 0;
	return (uint32_t)(flow_hash(&station, worker->secret) % GUARD_STATIONS);
}

static void begin_repairs(struct worker *worker, struct mail *mail)
{
	memset(request_of(mail)->repairs, 0, sizeof(request_of(mail)->repairs));
	begin_flows(worker, mail);
}

static void add_repairs(const struct worker *worker, const struct flow_record *record,
			struct request *request)
{
	const struct snoop_key *key = flow_table_key(&worker->table, record);
	const struct snoop_flow *flow = &record->flow;
	struct guard_station *station;

	/* The link's level, which the guard decides on, is not theirs. */
	if (config_rule_names(link_of(worker, request)->config, key))
		return;
	station = &request->repairs[station_vote(worker, key)];
	station->retransmits += flow->retransmits;
	station->spurious += flow->spurious;
	station->confirmed += flow->repairs_confirmed;
}

static bool step_repairs(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);
	const struct flow_table *table = &worker->table;
	uint32_t end = step_end(request, table->capacity);

	for (; request->cursor < end; request->cursor++) {
		const struct flow_record *record = &table->records[request->cursor];

		if (record->in_use && record->link == request->link && record->flow.retransmits > 0)
			add_repairs(worker, record, request);
	}
	if (request->cursor == table->capacity)
		return true;
	if (request->cursor - request->position < RECORDS_PER_VOTE)
		return false;
	request->next = request->cursor;
	return true;
}

static void begin_trace(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);

	link_of(worker, request)->trace = request->trace;
}

static bool step_trace(struct worker *worker, struct mail *mail)
{
	return true;
}

static void begin_configure(struct worker *worker, struct mail *mail)
{
	struct request *request = request_of(mail);

	reconfigure_begin(link_of(worker, request), request->config);
}

static bool step_configure(struct worker *worker, struct mail *mail)
{
	return reconfigure_step(link_of(worker, request_of(mail)));
}

struct request *request_begin(struct worker *worker, uint32_t link)
{
	if (!mailbox_is_free(&worker->request.mail))
		return NULL;
	worker->request.link = link;
	return &worker->request;
}

void request_post(struct request *request)
{
	static const struct mail_work works[REQUEST_KINDS] = {
		[REQUEST_FLOWS] = {begin_flows, step_flows},
		[REQUEST_FLOW] = {begin_lookup, step_lookup},
		[REQUEST_STATIONS] = {begin_stations, step_stations},
		[REQUEST_CAPTURE] = {begin_trace, step_trace},
		[REQUEST_REPAIRS] = {begin_repairs, step_repairs},
		[REQUEST_CONFIGURE] = {begin_configure, step_configure},
	};

	mailbox_post(&request->mail, &works[request->kind]);
}

int request_await(struct request *request, uint32_t timeout_ms)
{
	return mailbox_wait(&request->mail, timeout_ms);
}

int request_wait(struct request *request, uint32_t timeout_ms)
{
	request_post(request);
	return request_await(request, timeout_ms);
}
