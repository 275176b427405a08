/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/act/release.h>
#include <snoop/act/reset.h>
#include <snoop/judge/answers.h>
#include <snoop/judge/window.h>
#include <snoop/store/discard.h>
#include <snoop/store/outcomes.h>

void snoop_flow_reset(struct snoop_engine *engine, struct snoop_flow *flow)
{
	release_withheld(engine, flow);
	segment_discard_all(engine, flow);
	flow->started = flow->acked = flow->catching_up = flow->recovery = flow->withhold_over =
		flow->vetoing = false;
	flow->timeout_in_doubt = false;
	outcome_settle_all(engine, flow);
	answers_end(engine, flow);
	flow->fin_wired = flow->fin_station = flow->silent = false;
	flow->timestamps = flow->echoed = false;
	flow->dup_acks = flow->stray_dup_acks = 0;
	flow->credit = 0;
	flow->dup_claimed_segments = 0;
	flow->answers_due = flow->backoff = 0;
	flow->rack_sent_us = 0;
	flow->echo_sent_us = 0;
	flow->veto_quiet_us = 0;
	flow->deadline_us = flow->reo_deadline_us = flow->tail_deadline_us = SNOOP_NEVER;
	flow->has_suspect = false;
}

void reset_bytes(struct snoop_engine *engine, struct snoop_flow *flow)
{
	bool fin_wired = flow->fin_wired, fin_station = flow->fin_station;

	snoop_flow_reset(engine, flow);
	flow->fin_wired = fin_wired;
	flow->fin_station = fin_station;
}

void reset_closed(struct snoop_engine *engine, struct snoop_flow *flow)
{
	snoop_flow_reset(engine, flow);
	flow->closed = true;
	engine->counters->flows_reset++;
}

void reset_foreign(struct snoop_engine *engine, struct snoop_flow *flow)
{
	snoop_flow_reset(engine, flow);
	engine->counters->flows_reset++;
	window_forget(flow);
}
