/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/flows.h>

#include <string.h>

#include <snoopd/datapath/worker.h>

#define DUE_PER_TURN 64 /* flows whose time-out is served in one turn */
/* Ageing looks at every record once a second, in small tables at a record every 16 us, unless turns
 * are so rare that the limit of each comes first. */
#define AGEING_ROUND_US 1000000u
#define AGEING_RECORD_US 16u
#define AGED_PER_TURN 64u

struct flow_record *flows_create(struct worker *worker, const struct snoop_key *key, uint32_t hash)
{
	struct flow_record *record = flow_table_add(&worker->table, key, hash);
	enum snoop_level level = config_level_for(worker->config, key);

	if (record == NULL) {
		worker->counters.pass_table_full++;
		return NULL;
	}
	record->squeezed = worker->pressed && level != SNOOP_LEVEL_BYPASS;
	if (unlikely(record->squeezed)) {
		level = SNOOP_LEVEL_BYPASS;
		worker->counters.flows_squeezed++;
	}
	snoop_flow_init(worker->engine, &record->flow, key, level, worker->now_us);
	if (!record->flow.two_way)
		flow_other_vlan_note(&worker->other_vlan, &worker->table, record, worker->secret);
	worker->counters.flows_active = worker->table.count;
	return record;
}

enum snoop_reason flows_reason(const struct flow_record *record)
{
	enum snoop_reason reason = snoop_flow_reason(&record->flow);

	return reason == SNOOP_REASON_ONE_WAY && record->other_vlan ? SNOOP_REASON_OTHER_VLAN
								    : reason;
}

void flows_remove(struct worker *worker, struct flow_record *record)
{
	snoop_flow_close(worker->engine, &record->flow);
	flow_timer_cancel(&worker->timers, record);
	flow_table_remove(&worker->table, record);
	worker->counters.flows_active = worker->table.count;
}

void flows_remove_all(struct worker *worker)
{
	uint32_t budget = worker->table.capacity;
	struct flow_record *record;

	worker->table.hand = 0;
	while ((record = flow_table_walk(&worker->table, &budget)) != NULL)
		flows_remove(worker, record);
}

void flows_set_level(struct worker *worker, struct flow_record *record)
{
	const struct snoop_key *key = flow_table_key(&worker->table, record);

	record->squeezed = false;
	snoop_flow_set_level(worker->engine, &record->flow, config_level_for(worker->config, key));
	flow_timer_update(&worker->timers, record, worker->now_us);
}

void flows_serve_due(struct worker *worker)
{
	struct flow_record *record;

	for (uint32_t i = 0; i < DUE_PER_TURN; i++) {
		record = flow_timers_pop(&worker->timers);
		if (record == NULL)
			return;
		snoop_flow_timer(worker->engine, &record->flow, worker->now_us);
		flow_timer_update(&worker->timers, record, worker->now_us);
	}
}

static void publish_gauges(struct flow_gauges *gauges, struct counters *counters)
{
#define PUBLISH_REASON(id, token, help)                                                            \
	counters->flows_because_##token = gauges->flows[SNOOP_REASON_##id];
	SNOOP_REASONS_BECAUSE(PUBLISH_REASON)
#undef PUBLISH_REASON
	memset(gauges, 0, sizeof(*gauges));
}

static bool is_idle(const struct worker *worker, const struct flow_record *record)
{
	uint64_t limit_us = snoop_flow_finished(&record->flow) ? worker->config->flow_closed_us
							       : worker->config->flow_idle_us;

	return worker->now_us - record->flow.last_seen_us >= limit_us;
}

void flows_begin_ageing(struct worker *worker)
{
	uint64_t capacity = worker->table.capacity;
	uint64_t round_us = RTE_MIN(AGEING_ROUND_US, capacity * AGEING_RECORD_US);
	uint64_t elapsed_us = RTE_MIN(worker->now_us - worker->aged_us, round_us);
	uint32_t records = (uint32_t)(elapsed_us * capacity / round_us);

	if (records == 0)
		return;
	worker->aged_us = worker->now_us;
	worker->ageing_left = RTE_MIN(worker->ageing_left + records, worker->table.capacity);
}

void flows_age(struct worker *worker)
{
	uint32_t budget = RTE_MIN(worker->ageing_left, AGED_PER_TURN);
	struct flow_record *record;

	/* Never past the end, where the gauges are complete. */
	budget = RTE_MIN(budget, worker->table.capacity - worker->table.hand);
	worker->ageing_left -= budget;
	while ((record = flow_table_walk(&worker->table, &budget)) != NULL) {
		if (is_idle(worker, record)) {
			flows_remove(worker, record);
			worker->counters.flows_expired++;
			continue;
		}
		if (unlikely(record->squeezed) && !worker->pressed)
			flows_set_level(worker, record);
		if (!record->flow.two_way)
			flow_other_vlan_note(&worker->other_vlan, &worker->table, record,
					     worker->secret);
		worker->gauges.flows[flows_reason(record)]++;
	}
	if (worker->table.hand == 0)
		publish_gauges(&worker->gauges, &worker->counters);
}

void flows_look_at_pressure(struct worker *worker)
{
	struct snoop_cache_use use = snoop_engine_cache_use(worker->engine);
	uint32_t limit_ppm = worker->config->guard_memory_ppm;
	uint64_t records = (uint64_t)use.segments + use.withheld_acks;
	bool pressed = worker->pressed;

	pressed = pressure_holds(pressed, records, worker->cache_segments, limit_ppm) ||
		  pressure_holds(pressed, use.bytes, worker->cache_bytes, limit_ppm);
	__atomic_store_n(&worker->pressed, pressed, __ATOMIC_RELAXED);
}

static bool is_open(const struct worker *worker, enum snoop_side side)
{
	return __atomic_load_n(&worker->gate[side], __ATOMIC_RELAXED) == GATE_OPEN;
}

/* @return true at the end of the table. */
static bool forget_some(struct worker *worker)
{
	struct flow_table *table = &worker->table;
	uint32_t end = RTE_MIN(worker->outage_next + WORKER_RECORDS_PER_STEP, table->capacity);

	for (; worker->outage_next < end; worker->outage_next++) {
		struct flow_record *record = &table->records[worker->outage_next];

		if (!record->in_use)
			continue;
		snoop_flow_reset(worker->engine, &record->flow);
		flow_timer_update(&worker->timers, record, worker->now_us);
	}
	return worker->outage_next == table->capacity;
}

void flows_look_at_outage(struct worker *worker)
{
	bool open = is_open(worker, SNOOP_WIRED) && is_open(worker, SNOOP_WIRELESS);

	if (likely(open && !worker->outage))
		return;
	if (!worker->outage) {
		worker->outage = true;
		worker->outage_next = 0;
		snoop_syn_forget_all(worker->engine);
		snoop_syn_drop_all(worker->engine);
	}
	/* Nothing was examined since the walk began, so one walk is enough. */
	if (forget_some(worker) && open)
		worker->outage = false;
}
