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

struct flow_record *flows_create(struct worker_link *link, const struct snoop_key *key,
				 uint32_t hash)
{
	enum snoop_level level = config_level_for(link->config, key);
	struct worker *worker = link->worker;
	struct flow_record *record = NULL;

	if (link->flows < link->flows_max)
		record = flow_table_add(&worker->table, key, hash);
	if (record == NULL) {
		link->counters.pass_table_full++;
		return NULL;
	}
	record->squeezed = link->pressed && level != SNOOP_LEVEL_BYPASS;
	if (unlikely(record->squeezed)) {
		level = SNOOP_LEVEL_BYPASS;
		link->counters.flows_squeezed++;
	}
	snoop_flow_init(link->engine, &record->flow, key, level, worker->now_us);
	if (!record->flow.two_way)
		flow_other_vlan_note(&worker->other_vlan, &worker->table, record, worker->secret);
	link->flows++;
	link->counters.flows_active = link->flows;
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
	struct worker_link *link = worker_link_of(worker, record);

	snoop_flow_close(link->engine, &record->flow);
	flow_timer_cancel(&worker->timers, record);
	flow_table_remove(&worker->table, record);
	link->flows--;
	link->counters.flows_active = link->flows;
}

void flows_remove_all(struct worker *worker)
{
	uint32_t budget = worker->table.capacity;
	struct flow_record *record;

	worker->table.hand = 0;
	while ((record = flow_table_walk(&worker->table, &budget)) != NULL)
		flows_remove(worker, record);
}

void flows_set_level(struct worker_link *link, struct flow_record *record)
{
	struct worker *worker = link->worker;
	const struct snoop_key *key = flow_table_key(&worker->table, record);

	record->squeezed = false;
	snoop_flow_set_level(link->engine, &record->flow, config_level_for(link->config, key));
	flow_timer_update(&worker->timers, record, worker->now_us);
}

void flows_serve_due(struct worker *worker)
{
	struct flow_record *record;

	for (uint32_t i = 0; i < DUE_PER_TURN; i++) {
		record = flow_timers_pop(&worker->timers);
		if (record == NULL)
			return;
		snoop_flow_timer(worker_link_of(worker, record)->engine, &record->flow,
				 worker->now_us);
		flow_timer_update(&worker->timers, record, worker->now_us);
	}
}

static void publish_gauges(struct worker_link *link)
{
	struct flow_gauges *gauges = &link->gauges;
	struct counters *counters = &link->counters;

#define PUBLISH_REASON(id, token, help)                                                            \
	counters->flows_because_##token = gauges->flows[SNOOP_REASON_##id];
	SNOOP_REASONS_BECAUSE(PUBLISH_REASON)
#undef PUBLISH_REASON
	memset(gauges, 0, sizeof(*gauges));
}

static bool is_idle(const struct worker_link *link, const struct flow_record *record)
{
	uint64_t limit_us = snoop_flow_finished(&record->flow) ? link->config->flow_closed_us
							       : link->config->flow_idle_us;

	return link->worker->now_us - record->flow.last_seen_us >= limit_us;
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
	struct worker_link *link;

	/* Never past the end, where the gauges are complete. */
	budget = RTE_MIN(budget, worker->table.capacity - worker->table.hand);
	worker->ageing_left -= budget;
	while ((record = flow_table_walk(&worker->table, &budget)) != NULL) {
		link = worker_link_of(worker, record);
		if (is_idle(link, record)) {
			flows_remove(worker, record);
			link->counters.flows_expired++;
			continue;
		}
		if (unlikely(record->squeezed) && !link->pressed)
			flows_set_level(link, record);
		if (!record->flow.two_way)
			flow_other_vlan_note(&worker->other_vlan, &worker->table, record,
					     worker->secret);
		link->gauges.flows[flows_reason(record)]++;
	}
	if (worker->table.hand != 0)
		return;
	WORKER_FOR_EACH_LINK (worker, link)
		publish_gauges(link);
}

void flows_look_at_pressure(struct worker_link *link)
{
	struct snoop_cache_use use = snoop_engine_cache_use(link->engine);
	uint32_t limit_ppm = link->config->guard_memory_ppm;
	uint64_t records = (uint64_t)use.segments + use.withheld_acks;
	bool pressed = link->pressed;

	pressed = pressure_holds(pressed, records, link->cache_segments, limit_ppm) ||
		  pressure_holds(pressed, use.bytes, link->cache_bytes, limit_ppm);
	__atomic_store_n(&link->pressed, pressed, __ATOMIC_RELAXED);
}

static bool is_open(const struct worker_link *link, enum snoop_side side)
{
	return __atomic_load_n(&link->gate[side], __ATOMIC_RELAXED) == GATE_OPEN;
}

/* @return true at the end of the table. */
static bool forget_some(struct worker_link *link)
{
	struct flow_table *table = &link->worker->table;
	uint32_t end = RTE_MIN(link->outage_next + WORKER_RECORDS_PER_STEP, table->capacity);

	for (; link->outage_next < end; link->outage_next++) {
		struct flow_record *record = &table->records[link->outage_next];

		if (!record->in_use || record->link != link->number)
			continue;
		snoop_flow_reset(link->engine, &record->flow);
		flow_timer_update(&link->worker->timers, record, link->worker->now_us);
	}
	return link->outage_next == table->capacity;
}

void flows_look_at_outage(struct worker_link *link)
{
	bool open = is_open(link, SNOOP_WIRED) && is_open(link, SNOOP_WIRELESS);

	if (likely(open && !link->outage))
		return;
	if (!link->outage) {
		link->outage = true;
		link->outage_next = 0;
		snoop_syn_forget_all(link->engine);
		snoop_syn_drop_all(link->engine);
	}
	/* Nothing was examined since the walk began, so one walk is enough. */
	if (forget_some(link) && open)
		link->outage = false;
}
