/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/mailbox.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include <flow/hash.h>
#include <snoopd/datapath/worker.h>

#define RECORDS_PER_STEP 512
#define RECORDS_PER_PAGE 131072 /* a thin page of a large table must not take for ever */
#define RECORDS_PER_VOTE 32768	/* a page of REPAIRS, for which the control thread waits */

struct request *request_begin(struct worker *worker)
{
	struct request *request = &worker->request;
	enum request_state state = request_state(request);

	return state == REQUEST_IDLE || state == REQUEST_DONE ? request : NULL;
}

void request_post(struct request *request)
{
	__atomic_store_n(&request->state, REQUEST_POSTED, __ATOMIC_RELEASE);
}

enum request_state request_state(const struct request *request)
{
	return (enum request_state)__atomic_load_n(&request->state, __ATOMIC_ACQUIRE);
}

bool request_take_back(struct request *request)
{
	uint32_t posted = REQUEST_POSTED;

	return __atomic_compare_exchange_n(&request->state, &posted, REQUEST_IDLE, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

int request_wait(struct request *request, uint32_t timeout_ms)
{
	request_post(request);
	return request_await(request, timeout_ms);
}

int request_await(struct request *request, uint32_t timeout_ms)
{
	const struct timespec nap = {.tv_nsec = 200000};
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (request_state(request) == REQUEST_DONE)
			return 0;
		nanosleep(&nap, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		 (time_t)timeout_ms);
	/* Take it back, unless the worker has begun: then it finishes into a slot that nobody
	 * reads. */
	request_take_back(request);
	return -ETIMEDOUT;
}

static void copy_flow(const struct worker *worker, const struct flow_record *record,
		      struct request_flow *flow)
{
	flow->key = *flow_table_key(&worker->table, record);
	flow->idle_us = worker->now_us - record->flow.last_seen_us;
	snoop_flow_info(worker->engine, &record->flow, &flow->info);
}

static bool step_flows(struct worker *worker, struct request *request)
{
	const struct flow_table *table = &worker->table;
	uint32_t last = RTE_MIN(request->cursor + RECORDS_PER_STEP, table->capacity);

	if (request->cursor - request->position >= RECORDS_PER_PAGE) {
		request->next = request->cursor;
		return true;
	}
	for (; request->cursor < last; request->cursor++) {
		const struct flow_record *record = &table->records[request->cursor];

		if (!record->in_use)
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

/* All flows of a station have one, in every worker. */
static uint32_t station_vote(const struct worker *worker, const struct snoop_key *key)
{
	struct snoop_key station = *key;

	memset(station.wired_addr, 0, sizeof(station.wired_addr));
	station.wired_port = station.station_port = 0;
	return (uint32_t)(flow_hash(&station, worker->secret) % GUARD_STATIONS);
}

static bool step_repairs(struct worker *worker, struct request *request)
{
	const struct flow_table *table = &worker->table;
	uint32_t last = RTE_MIN(request->cursor + RECORDS_PER_STEP, table->capacity);

	for (; request->cursor < last; request->cursor++) {
		const struct flow_record *record = &table->records[request->cursor];
		const struct snoop_flow *flow = &record->flow;
		struct guard_station *station;
		const struct snoop_key *key;

		if (!record->in_use || flow->retransmits == 0)
			continue;
		key = flow_table_key(table, record);
		if (config_rule_names(worker->config, key))
			continue;
		station = &request->repairs[station_vote(worker, key)];
		station->retransmits += flow->retransmits;
		station->spurious += flow->spurious;
		station->confirmed += flow->repairs_confirmed;
	}
	if (request->cursor == table->capacity)
		return true;
	if (request->cursor - request->position < RECORDS_PER_VOTE)
		return false;
	request->next = request->cursor;
	return true;
}

/*
 * A bypass of the whole link must not wait for the walk through the flows, which takes seconds in a
 * large table. Until the walk has come by a flow, its timer forgets it instead of retransmitting
 * anything, and no ACK is withheld any more: what is withheld leaves within the withholding time.
 */
static void begin_bypass(struct worker *worker, const struct config *config)
{
	struct config share;

	config_share(config, worker->workers, &share);
	share.protocol.withhold_max_us = 0;
	share.protocol.silence_max_us = 0;
	snoop_engine_configure(worker->engine, &share.protocol);
}

static bool step_configure(struct worker *worker, struct request *request)
{
	struct flow_table *table = &worker->table;
	uint32_t last = RTE_MIN(request->cursor + RECORDS_PER_STEP, table->capacity);

	/* Nothing is held that new packets could overtake: a bypass begins now. */
	if (worker->counters.acks_withheld_now == 0)
		worker_configured(worker);
	for (; request->cursor < last; request->cursor++) {
		struct flow_record *record = &table->records[request->cursor];

		if (!record->in_use)
			continue;
		record->squeezed = false;
		snoop_flow_set_level(
			worker->engine, &record->flow,
			config_level_for(worker->config, flow_table_key(table, record)));
		flow_timer_update(&worker->timers, record, worker->now_us);
	}
	if (request->cursor < table->capacity)
		return false;
	worker_configured(worker);
	return true;
}

static bool step_flow(struct worker *worker, struct request *request)
{
	uint32_t hash = (uint32_t)flow_hash(&request->key, worker->secret);
	const struct flow_record *record = flow_table_find(&worker->table, &request->key, hash);

	if (record != NULL)
		copy_flow(worker, record, &request->flows[request->count++]);
	return true;
}

static bool step_stations(struct worker *worker, struct request *request)
{
	uint32_t end = snoop_station_count(worker->engine) + 1;
	uint32_t last = RTE_MIN(request->cursor + RECORDS_PER_STEP, end);

	for (; request->cursor < last; request->cursor++) {
		struct request_station *station = &request->stations[request->count];

		if (request->count == REQUEST_STATIONS_MAX) {
			request->next = request->cursor;
			return true;
		}
		if (!snoop_station_info(worker->engine, request->cursor, &station->info))
			continue;
		station->idle_us = worker->now_us - station->info.heard_us;
		station->position = request->cursor;
		request->count++;
	}
	return request->cursor == end;
}

static void take(struct worker *worker, struct request *request)
{
	request->cursor = 0;
	request->count = 0;
	request->next = 0;
	request->total = worker->table.count;
	switch (request->kind) {
	case REQUEST_REPAIRS:
		memset(request->repairs, 0, sizeof(request->repairs));
		/* fall through */
	case REQUEST_FLOWS:
		request->cursor = request->position =
			RTE_MIN(request->position, worker->table.capacity);
		break;
	case REQUEST_FLOW:
		break;
	case REQUEST_STATIONS:
		request->total = (uint32_t)worker->counters.stations_active;
		request->cursor = RTE_MIN(RTE_MAX(request->position, 1u),
					  snoop_station_count(worker->engine) + 1);
		break;
	case REQUEST_CAPTURE:
		worker->trace = request->trace;
		break;
	case REQUEST_CONFIGURE:
		worker_configure(worker, request->config);
		if (config_at_most(request->config, SNOOP_LEVEL_BYPASS))
			begin_bypass(worker, request->config);
		break;
	}
}

static bool step(struct worker *worker, struct request *request)
{
	switch (request->kind) {
	case REQUEST_FLOWS:
		return step_flows(worker, request);
	case REQUEST_FLOW:
		return step_flow(worker, request);
	case REQUEST_STATIONS:
		return step_stations(worker, request);
	case REQUEST_CAPTURE:
		return true;
	case REQUEST_REPAIRS:
		return step_repairs(worker, request);
	default:
		return step_configure(worker, request);
	}
}

void request_serve(struct worker *worker)
{
	struct request *request = &worker->request;
	uint32_t state = __atomic_load_n(&request->state, __ATOMIC_RELAXED);

	if (state == REQUEST_POSTED) {
		if (!__atomic_compare_exchange_n(&request->state, &state, REQUEST_TAKEN, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return;
		take(worker, request);
	} else if (state != REQUEST_TAKEN) {
		return;
	}
	if (step(worker, request))
		__atomic_store_n(&request->state, REQUEST_DONE, __ATOMIC_RELEASE);
}
