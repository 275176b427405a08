/* SPDX-License-Identifier: BSD-3-Clause */
/* What telemetry shows of flows and stations. */
#include <string.h>

#include <base/seq.h>
#include <snoop/judge/withhold.h>
#include <snoop/store/stations.h>

bool snoop_flow_finished(const struct snoop_flow *flow)
{
	if (flow->closed || !flow->fin_wired)
		return flow->closed;
	/* Where the station's packets go another way, the sender's FIN is the last that we see. */
	return !flow->two_way ||
	       (flow->fin_station && (!flow->started || seq_geq(flow->una, flow->fin_end)));
}

enum snoop_reason snoop_flow_reason(const struct snoop_flow *flow)
{
	if (flow->repairs_confirmed)
		return SNOOP_REASON_HELPED;
	if (flow->level == SNOOP_LEVEL_BYPASS)
		return SNOOP_REASON_BYPASS;
	if (flow->level == SNOOP_LEVEL_OBSERVE)
		return SNOOP_REASON_OBSERVE;
	if (flow->bad_checksum_wired || flow->bad_checksum_station)
		return SNOOP_REASON_BAD_CHECKSUM;
	if (!flow->two_way)
		return SNOOP_REASON_ONE_WAY;
	if (flow->cache_refused)
		return SNOOP_REASON_CACHE_FULL;
	if (flow->silent)
		return SNOOP_REASON_SILENT;
	if (flow->vetoes)
		return SNOOP_REASON_CONGESTION;
	if (flow->given_up)
		return SNOOP_REASON_GIVEN_UP;
	if (flow->radio_losses || flow->retransmits > flow->spurious)
		return SNOOP_REASON_REPAIRING;
	return flow->upstream_holes ? SNOOP_REASON_UPSTREAM : SNOOP_REASON_NO_LOSS;
}

void snoop_flow_info(const struct snoop_engine *engine, const struct snoop_flow *flow,
		     struct snoop_flow_info *info)
{
	uint32_t min_rtt_us = windowed_min_get(&flow->min_rtt),
		 wired_rtt_us = windowed_min_get(&flow->wired_rtt);

	*info = (struct snoop_flow_info){
		.level = flow->level,
		.reason = snoop_flow_reason(flow),
		.withholding = withhold_applies(flow),
		.midstream = flow->midstream,
		.sack = flow->sack,
		.timestamps = flow->timestamps,
		.window_scale_known = flow->window_shift_known,
		.srtt_us = flow->srtt_us,
		.rttvar_us = flow->rttvar_us,
		.min_rtt_us = min_rtt_us == UINT32_MAX ? 0 : min_rtt_us,
		.wired_rtt_us = wired_rtt_us == UINT32_MAX ? 0 : wired_rtt_us,
		.queue_delay_us = flow->queue_delay_us,
		.cached_segments = flow->cached_count,
		.withheld_acks = flow->withheld_count,
		.cached_bytes = flow->cached_bytes,
		.data_segments = flow->data_segments,
		.data_bytes = flow->data_bytes,
		.acked_bytes = flow->acked_bytes,
		.radio_losses = flow->radio_losses,
		.upstream_holes = flow->upstream_holes,
		.retransmits = flow->retransmits,
		.repairs_confirmed = flow->repairs_confirmed,
		.spurious = flow->spurious,
		.given_up = flow->given_up,
		.vetoes = flow->vetoes,
		.sender_retransmits = flow->sender_retransmits,
		.timeouts = flow->timeouts,
		.acks_withheld = flow->acks_withheld,
		.last_seen_us = flow->last_seen_us,
	};
}

uint32_t snoop_station_count(const struct snoop_engine *engine)
{
	return engine->station_count;
}

bool snoop_station_info(const struct snoop_engine *engine, uint32_t index,
			struct snoop_station_info *info)
{
	const struct snoop_station *station = &engine->stations[index];
	uint32_t min_rtt_us = windowed_min_get(&station->min_rtt);

	if (!station->used)
		return false;
	*info = (struct snoop_station_info){
		.ip_version = station->ip_version,
		.silent = station->silent,
		.flows = station->refs,
		.srtt_us = station->srtt_us,
		.rttvar_us = station->rttvar_us,
		.min_rtt_us = min_rtt_us == UINT32_MAX ? 0 : min_rtt_us,
		.heard_us = station->heard_us,
		.totals = station->totals,
	};
	info->totals.acked_bytes += station->acked_bytes;
	info->totals.delivered_segments += station->delivered_segments;
	memcpy(info->addr, station->addr, sizeof(info->addr));
	memcpy(info->vlan, station->vlan, sizeof(info->vlan));
	return true;
}
