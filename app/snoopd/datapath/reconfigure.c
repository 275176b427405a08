/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/reconfigure.h>

#include <snoopd/datapath/worker.h>

static void use_budgets(struct worker *worker, const struct config *share)
{
	worker->cache_segments = share->protocol.cache_segments;
	worker->cache_bytes = share->protocol.cache_bytes;
}

static bool bypasses_link(const struct worker *worker)
{
	return config_at_most(worker->config, SNOOP_LEVEL_BYPASS);
}

/* No ACK is withheld that packets could overtake when they skip the flow table. */
static void use_bypass(struct worker *worker)
{
	worker->bypass = bypasses_link(worker);
	if (worker->bypass)
		snoop_syn_forget_all(worker->engine); /* what comes now passes unseen */
}

void reconfigure_start(struct worker *worker, const struct config *config)
{
	struct config share;

	config_share(config, worker->workers, &share);
	worker->config = config;
	use_budgets(worker, &share);
	use_bypass(worker);
}

void reconfigure_begin(struct worker *worker, const struct config *config)
{
	struct config share;

	config_share(config, worker->workers, &share);
	worker->config = config;
	worker->bypass = false;
	use_budgets(worker, &share);
	snoop_engine_configure(worker->engine, &share.protocol);
	/* They may belong to flows that have another level now. */
	snoop_syn_drop_all(worker->engine);
	worker->level_next = 0;
	worker->reconfigure = bypasses_link(worker) ? RECONFIGURE_DRAINING : RECONFIGURE_LEVELLING;
	snoop_engine_drain(worker->engine, bypasses_link(worker));
}

/* @return true at the end of the table. */
static bool set_levels(struct worker *worker)
{
	struct flow_table *table = &worker->table;
	uint32_t end = RTE_MIN(worker->level_next + WORKER_RECORDS_PER_STEP, table->capacity);

	for (; worker->level_next < end; worker->level_next++) {
		struct flow_record *record = &table->records[worker->level_next];

		if (record->in_use)
			flows_set_level(worker, record);
	}
	return worker->level_next == table->capacity;
}

bool reconfigure_step(struct worker *worker)
{
	bool levelled = set_levels(worker);

	if (worker->reconfigure == RECONFIGURE_DRAINING &&
	    (levelled || snoop_engine_withheld(worker->engine) == 0)) {
		use_bypass(worker);
		worker->reconfigure = RECONFIGURE_LEVELLING;
	}
	if (!levelled)
		return false;
	snoop_engine_drain(worker->engine, false);
	worker->reconfigure = RECONFIGURE_CONFIGURED;
	return true;
}
