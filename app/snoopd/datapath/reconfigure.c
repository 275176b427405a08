/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/reconfigure.h>

#include <snoopd/datapath/worker.h>

static void use_budgets(struct worker_link *link, const struct config *share)
{
	link->cache_segments = share->protocol.cache_segments;
	link->cache_bytes = share->protocol.cache_bytes;
}

static bool bypasses_link(const struct worker_link *link)
{
	return config_at_most(link->config, SNOOP_LEVEL_BYPASS);
}

/* No ACK is withheld that packets could overtake when they skip the flow table. */
static void use_bypass(struct worker_link *link)
{
	link->bypass = bypasses_link(link);
	if (link->bypass)
		snoop_syn_forget_all(link->engine); /* what comes now passes unseen */
}

void reconfigure_start(struct worker_link *link, const struct config *config)
{
	struct config share;

	config_share(config, link->workers, &share);
	link->config = config;
	use_budgets(link, &share);
	use_bypass(link);
}

void reconfigure_begin(struct worker_link *link, const struct config *config)
{
	struct config share;

	config_share(config, link->workers, &share);
	link->config = config;
	link->bypass = false;
	use_budgets(link, &share);
	snoop_engine_configure(link->engine, &share.protocol);
	/* They may belong to flows that have another level now. */
	snoop_syn_drop_all(link->engine);
	link->level_next = 0;
	link->reconfigure = bypasses_link(link) ? RECONFIGURE_DRAINING : RECONFIGURE_LEVELLING;
	snoop_engine_drain(link->engine, bypasses_link(link));
}

/* @return true at the end of the table. */
static bool set_levels(struct worker_link *link)
{
	struct flow_table *table = &link->worker->table;
	uint32_t end = RTE_MIN(link->level_next + WORKER_RECORDS_PER_STEP, table->capacity);

	for (; link->level_next < end; link->level_next++) {
		struct flow_record *record = &table->records[link->level_next];

		if (record->in_use && record->link == link->number)
			flows_set_level(link, record);
	}
	return link->level_next == table->capacity;
}

bool reconfigure_step(struct worker_link *link)
{
	bool levelled = set_levels(link);

	if (link->reconfigure == RECONFIGURE_DRAINING &&
	    (levelled || snoop_engine_withheld(link->engine) == 0)) {
		use_bypass(link);
		link->reconfigure = RECONFIGURE_LEVELLING;
	}
	if (!levelled)
		return false;
	snoop_engine_drain(link->engine, false);
	link->reconfigure = RECONFIGURE_CONFIGURED;
	return true;
}
