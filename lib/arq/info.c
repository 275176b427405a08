/* SPDX-License-Identifier: BSD-3-Clause */
/* What telemetry shows of an end. */
#include <arq/arq.h>
#include <arq/end.h>

static const char *const state_names[] = {
	[ARQ_SEARCHING] = "searching", [ARQ_PROVING] = "proving",
	[ARQ_PROBING] = "probing",     [ARQ_UP] = "up",
	[ARQ_SILENT] = "silent",       [ARQ_SHORT] = "short",
	[ARQ_LEFT] = "left",	       [ARQ_LOOP] = "loop",
	[ARQ_THIRD] = "third",	       [ARQ_LEAVING] = "leaving",
};

const char *arq_state_name(enum arq_state state)
{
	return state_names[state];
}

void arq_info(const struct arq *arq, struct arq_info *info)
{
	const struct arq_estimator *estimator = &arq->shared.estimator;

	*info = (struct arq_info){
		.state = arq->peer.state,
		.peer_epoch = arq->peer.epoch,
		.min_rtt_us = estimator->srtt_us ? arq_min_rtt_us(estimator) : 0,
		.srtt_us = estimator->srtt_us,
		.rttvar_us = estimator->rttvar_us,
		.loss_ppm = estimator->loss_ppm,
		.burst_x256 = estimator->burst_x256,
		.rate_bytes_per_s = estimator->rate_bytes_per_s,
	};
	for (uint32_t i = 0; i < ARQ_LANES; i++) {
		info->tolerance_us[i] = arq->lane[i].receiver.tolerance_us;
		info->stored_frames += arq->lane[i].sender.stored;
		info->withheld_frames += arq->lane[i].receiver.withheld;
	}
}
