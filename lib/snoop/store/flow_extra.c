/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include <base/seq.h>
#include <snoop/store/answer_rings.h>
#include <snoop/store/flow_extra.h>
#include <snoop/store/outcomes.h>

#define EXTRA_SEARCH_MAX 8 /* extras, for a free one */

static uint32_t extra_next(const struct snoop_engine *engine)
{
	return engine->extra_hand < engine->extra_count ? engine->extra_hand + 1 : 1;
}

struct snoop_flow_extra *extra_get(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);

	if (extra)
		return extra;
	engine->extra_hand = extra_next(engine);
	for (int i = 1; i < EXTRA_SEARCH_MAX && engine->extras[engine->extra_hand].flow; i++)
		engine->extra_hand = extra_next(engine);
	extra = &engine->extras[engine->extra_hand];
	if (extra->flow) {
		outcome_settle_all(engine, extra->flow);
		answer_ring_put(engine, extra);
		extra->flow->extra = 0;
		extra->flow->timeout_in_doubt = false;
	}
	memset(extra, 0, offsetof(struct snoop_flow_extra, outcomes));
	extra->flow = flow;
	flow->extra = (uint16_t)engine->extra_hand;
	return extra;
}

void extra_put(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->extra) {
		answer_ring_put(engine, &engine->extras[flow->extra]);
		engine->extras[flow->extra].flow = NULL;
	}
	flow->extra = 0;
	flow->timeout_in_doubt = false;
}
