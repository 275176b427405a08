/* SPDX-License-Identifier: BSD-3-Clause */
/* Histories of flows. Where all are in use the oldest goes, which costs its flow some feedback and nothing else. */
#include <string.h>

#include <snoop/engine.h>

#define LOOK_AT 8 /* histories, for a free one */

static uint32_t next(const struct snoop_engine *engine)
{
	return engine->history_hand % SNOOP_HISTORIES + 1;
}

struct snoop_history *history_get(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_history *history = history_of(engine, flow);

	if (history)
		return history;
	engine->history_hand = next(engine);
	for (int i = 1; i < LOOK_AT && engine->histories[engine->history_hand].flow; i++)
		engine->history_hand = next(engine);
	history = &engine->histories[engine->history_hand];
	if (history->flow) {
		history->flow->history = 0;
		history->flow->doubted = false;
	}
	memset(history, 0, sizeof(*history));
	history->flow = flow;
	flow->history = (uint16_t)engine->history_hand;
	return history;
}

void history_put(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->history)
		engine->histories[flow->history].flow = NULL;
	flow->history = 0;
	flow->doubted = false;
}
