/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The promises, checked from the packets alone: nothing here asks the engine what it thinks. Only
 * check_store() looks inside.
 */
#include <string.h>

#include <snoop/act/deadline.h>

#include "sim.h"

static struct sim_shadow *shadow_of(struct sim *sim, uint32_t flow)
{
	return &sim->flows[flow].shadow;
}

void check_forget(struct sim *sim, uint32_t flow)
{
	struct sim_shadow *shadow = shadow_of(sim, flow);

	if (shadow->withheld_head != shadow->withheld_tail)
		sim_fail(sim, "a reset did not release all withheld ACKs");
	for (uint32_t i = 0; i <= sim->params->grains; i++) {
		shadow->copy[i] = NULL;
		shadow->sender_retransmitted[i] = 0;
		shadow->delivered[i] = 0;
	}
	shadow->una = shadow->high = shadow->forwarded_max = shadow->right = 0;
	shadow->answers = 0;
	shadow->acked = false;
}

/* New data does not always compute the deadline again: it must be the one that it would be then. */
void check_deadline(struct sim *sim, uint32_t flow)
{
	struct snoop_flow copy = sim->flows[flow].flow;

	deadline_set(sim->engine, &copy, sim->now_us);
	/* Sooner is harmless: of an ACK that was withheld and is not any more. */
	if (sim->flows[flow].flow.deadline_us > copy.deadline_us)
		sim_fail(sim, "the deadline does not stand");
}

void check_data(struct sim *sim, struct sim_packet *packet)
{
	struct sim_shadow *shadow = shadow_of(sim, packet->flow);

	bool started = shadow->forwarded_max > 0;

	if (shadow->passed_max && packet->first > shadow->passed_max)
		sim->result->wired_gaps +=
			(packet->first - shadow->passed_max) / sim->params->grains_per_segment;
	if (packet->end > shadow->passed_max)
		shadow->passed_max = packet->end;
	if (packet->end > shadow->forwarded_max)
		shadow->forwarded_max = packet->end;
	if (started && (packet->old_news || (packet->end && packet->end <= shadow->una)))
		shadow->answers++;
	if (packet->end <= shadow->una)
		return;
	for (uint32_t i = packet->first; i < packet->end; i++) {
		if (shadow->copy[i] && shadow->copy[i]->forwarded && shadow->copy[i]->engine_refs &&
		    shadow->copy[i] != packet)
			shadow->sender_retransmitted[i] = 1;
		else
			shadow->delivered[i] = 0; /* nobody remembers that it was SACKed */
		shadow->copy[i] = packet;
	}
	packet->station_returns = shadow->returns;
}

static uint8_t ecn_of(const struct wire_view *view)
{
	return (uint8_t)(view->ecn | (view->tcp_flags & (WIRE_TCP_ECE | WIRE_TCP_CWR)));
}

/* A D-SACK that tells of a retransmit of ours. */
static bool is_our_duplicate(struct sim *sim, uint32_t flow, const struct wire_view *view)
{
	struct sim_shadow *shadow = shadow_of(sim, flow);
	uint32_t end;

	if (!view->sack_count || (!seq_leq(view->sack[0].end, view->ack) && view->sack_count < 2))
		return false;
	end = sim_grain(sim, flow, view->sack[0].end);
	for (uint32_t i = sim_grain(sim, flow, view->sack[0].start); i < end; i++)
		if (shadow->copy[i] && (shadow->copy[i]->tries || shadow->copy[i]->probes))
			return true;
	return false;
}

static const char *closed_list(struct sim *sim, uint32_t flow, const struct wire_view *view)
{
	struct sim_shadow *shadow = shadow_of(sim, flow);
	enum snoop_level level = sim->flows[flow].level;
	uint32_t ack = sim_grain(sim, flow, view->ack);

	if (level != SNOOP_LEVEL_SNOOP && level != SNOOP_LEVEL_AUTO)
		return "the level does not withhold";
	if (!(view->tcp_flags & WIRE_TCP_ACK) ||
	    (view->tcp_flags & (WIRE_TCP_SYN | WIRE_TCP_FIN | WIRE_TCP_RST | WIRE_TCP_URG)))
		return "flags";
	if (view->payload_bytes)
		return "payload";
	if (!shadow->acked || ack != shadow->una)
		return "not a duplicate";
	if (view->window != shadow->window_raw)
		return "window update";
	if (!view->window)
		return "zero window";
	if (ecn_of(view) != shadow->ecn)
		return "ECN news";
	if (view->has_other_option || view->options_malformed)
		return "options";
	if (shadow->forwarded_max <= shadow->una)
		return "nothing is outstanding";
	if (shadow->answers && !is_our_duplicate(sim, flow, view))
		return "may answer a keep-alive, a probe or old data";
	return NULL;
}

/* @return packets newly delivered. */
static uint32_t deliver(struct sim_shadow *shadow, uint32_t first, uint32_t end)
{
	const struct sim_packet *last = NULL;
	uint32_t count = 0;

	for (uint32_t i = first; i < end; i++) {
		if (shadow->delivered[i])
			continue;
		shadow->delivered[i] = 1;
		count += shadow->copy[i] && shadow->copy[i] != last;
		last = shadow->copy[i];
	}
	return count;
}

const char *check_ack(struct sim *sim, struct sim_packet *packet)
{
	struct sim_shadow *shadow = shadow_of(sim, packet->flow);
	const struct wire_view *view = &packet->view;
	const char *forbidden = closed_list(sim, packet->flow, view);
	uint32_t ack = sim_grain(sim, packet->flow, view->ack), delivered = 0, right;

	packet->first = ack;
	/* This very ACK may be the one that a silent station returns with. */
	shadow->returns =
		(uint32_t)(sim->counters.station_returns + (sim->counters.stations_silent > 0));
	if (!(view->tcp_flags & WIRE_TCP_ACK) || (view->tcp_flags & WIRE_TCP_RST))
		return forbidden;
	right = ack + ((uint32_t)view->window << 7) / sim->params->grain_bytes;
	if (right > shadow->right)
		shadow->right = right;
	/* What passes before the first data of a flow, or of one that was reset, is not remembered.
	 */
	if (ack < shadow->una || !shadow->forwarded_max)
		return forbidden;
	if (ack > shadow->una) {
		delivered = deliver(shadow, shadow->una, ack);
		shadow->una = ack;
		shadow->answers = 0;
	}
	for (uint8_t i = 0; i < view->sack_count; i++) {
		uint32_t first = sim_grain(sim, packet->flow, view->sack[i].start);
		uint32_t end = sim_grain(sim, packet->flow, view->sack[i].end);

		if (end <= shadow->una || end > shadow->forwarded_max)
			continue;
		delivered += deliver(shadow, first, end);
		shadow->high = end > shadow->high ? end : shadow->high;
	}
	if (shadow->budget > sim->params->config.allowance_segments)
		shadow->budget = sim->params->config.allowance_segments;
	shadow->budget += delivered + (!view->sack_count && ack == shadow->una);
	/* As in slow start while the segments of a time-out are being retransmitted. */
	shadow->budget += delivered && shadow->una < shadow->timeout_end;
	shadow->window_raw = view->window;
	shadow->ecn = ecn_of(view);
	shadow->acked = true;
	return forbidden;
}

/* Every hole below the highest SACK is held, young and under the limit of tries. */
static const char *holes(struct sim *sim, uint32_t flow, uint32_t *at)
{
	const struct snoop_config *config = &sim->params->config;
	struct sim_shadow *shadow = shadow_of(sim, flow);
	uint32_t end = shadow->high > shadow->una ? shadow->high : shadow->una + 1;

	for (uint32_t i = shadow->una; i < end; i++) {
		struct sim_packet *copy = shadow->copy[i];
		bool old;

		*at = i;
		if (shadow->delivered[i])
			continue;
		if (!copy || copy->dead || !copy->engine_refs)
			return "a hole is not cached";
		if (shadow->sender_retransmitted[i])
			return "the sender repairs the hole";
		/* Tries and age begin anew when a silent station returns. */
		old = copy->station_returns == shadow->returns &&
		      (copy->tries >= config->tries_max ||
		       (copy->retransmitted_us &&
			sim->now_us - copy->retransmitted_us >= config->withhold_max_us));
		if (old && i == shadow->una)
			return "the hole is over its tries or its age";
		if (old) {
			sim->result->lenient_holes++;
			return NULL;
		}
	}
	return NULL;
}

void check_verdict(struct sim *sim, struct sim_packet *packet, enum snoop_verdict verdict,
		   const char *forbidden)
{
	struct sim_shadow *shadow = shadow_of(sim, packet->flow);

	if (verdict == SNOOP_WITHHOLD) {
		uint32_t hole = 0;

		if (!forbidden)
			forbidden = holes(sim, packet->flow, &hole);
		if (forbidden)
			sim_fail(sim, "an ACK of %u was withheld: %s (%u, highest SACK %u of %u)",
				 packet->first, forbidden, hole, shadow->high,
				 shadow->forwarded_max);
		packet->withheld = true;
		packet->withheld_us = sim->now_us;
		shadow->withheld[shadow->withheld_tail++ % shadow->withheld_size] = packet;
		if (shadow->withheld_tail - shadow->withheld_head >
		    sim->params->config.withhold_acks)
			sim_fail(sim, "more withheld ACKs than allowed");
		return;
	}
	if (shadow->withheld_head != shadow->withheld_tail)
		sim_fail(sim, "an ACK overtook withheld ones");
	if (shadow->answers && packet->first == shadow->una)
		shadow->answers--;
}

void check_retransmit(struct sim *sim, struct sim_packet *packet, enum snoop_cause cause)
{
	struct sim_flow *entry = &sim->flows[packet->flow];
	struct sim_shadow *shadow = &entry->shadow;
	const struct snoop_config *config = &sim->params->config;

	sim_packet_verify(sim, packet, "retransmit");
	if (packet->dead)
		return;
	if (!packet->forwarded)
		sim_fail(sim, "a packet was retransmitted before it was forwarded");
	if (packet->generation != entry->box_generation)
		sim_fail(sim, "bytes of an old connection were retransmitted");
	if (cause == SNOOP_CAUSE_SYN) {
		if (!(packet->view.tcp_flags & WIRE_TCP_SYN) || ++packet->tries > config->syn_tries)
			sim_fail(sim, "a SYN was retransmitted too often, or is none");
		return;
	}
	if (packet->flow != sim->current)
		sim_fail(sim, "a packet of flow %u was retransmitted by flow %u", packet->flow,
			 sim->current);
	if (entry->level == SNOOP_LEVEL_OBSERVE || entry->level == SNOOP_LEVEL_BYPASS)
		sim_fail(sim, "a retransmit at a level that forbids it");
	if (packet->end <= shadow->una)
		sim_fail(sim, "a retransmit below the cumulative ACK");
	if (shadow->acked && (packet->end > shadow->right || !shadow->window_raw))
		sim_fail(sim, "a retransmit beyond the receiver's window: %u > %u, window %u",
			 packet->end, shadow->right, shadow->window_raw);
	if (packet->station_returns != shadow->returns || cause == SNOOP_CAUSE_PROBE) {
		packet->tries = 0;
		packet->shielded = 0;
	}
	packet->station_returns = shadow->returns;
	packet->probes += cause == SNOOP_CAUSE_PROBE;
	if (++packet->tries > config->tries_max)
		sim_fail(sim, "%u retransmits of one segment", packet->tries);
	/* A shield is no answer to a loss: it has no part in ages and conservation, but comes at
	 * most twice.
	 */
	if (cause == SNOOP_CAUSE_SHIELD) {
		if (packet->tries > 1 + packet->shielded || packet->shielded > 1)
			sim_fail(sim,
				 "a segment was shielded more than twice, or after a retransmit");
		packet->shielded++;
		return;
	}
	if (!packet->retransmitted_us || packet->tries == 1)
		packet->retransmitted_us = sim->now_us;
	if (sim->params->grains_per_segment > 1)
		return;
	if (!shadow->budget)
		sim_fail(sim, "more retransmits than deliveries and allowance");
	else
		shadow->budget--;
}

static void pop_withheld(struct sim *sim, struct sim_packet *packet)
{
	struct sim_shadow *shadow = shadow_of(sim, packet->flow);

	if (shadow->withheld_head == shadow->withheld_tail ||
	    shadow->withheld[shadow->withheld_head++ % shadow->withheld_size] != packet)
		sim_fail(sim, "withheld ACKs do not leave in order");
	packet->withheld = false;
	if (sim->now_us - packet->withheld_us > sim->params->config.withhold_max_us)
		sim_fail(sim, "an ACK was withheld for %lu us", sim->now_us - packet->withheld_us);
}

void check_release(struct sim *sim, struct sim_packet *packet)
{
	sim_packet_verify(sim, packet, "release");
	if (packet->dead)
		return;
	if (!packet->withheld)
		sim_fail(sim, "a release of what is not withheld");
	else
		pop_withheld(sim, packet);
}

void check_drop(struct sim *sim, struct sim_packet *packet)
{
	if (!packet->withheld)
		return;
	if (packet->first >= shadow_of(sim, packet->flow)->una)
		sim_fail(sim, "a withheld ACK was destroyed while its hole is open");
	pop_withheld(sim, packet);
}

void check_timer(struct sim *sim, uint32_t flow)
{
	struct sim_shadow *shadow = shadow_of(sim, flow);

	shadow->returns = (uint32_t)sim->counters.station_returns;
	/* Each expiry may send one segment on its own account. */
	if (!shadow->budget)
		shadow->budget = 1;
	shadow->timeout_end = shadow->forwarded_max;
}

/* The bits of the attention word that stand for a value, a count or a list. */
static const char *check_attention(const struct snoop_flow *flow)
{
	if (flow->has_left != (flow->left_count > 0) || flow->has_lost != (flow->lost.head != 0) ||
	    flow->has_withheld != (flow->withheld.head != 0) ||
	    flow->has_suspect != (flow->reo_deadline_us != SNOOP_NEVER) ||
	    flow->bypassed != (flow->level == SNOOP_LEVEL_BYPASS))
		return "a bit of attention is not what it stands for";
	if (flow->started && flow->has_sacked != seq_gt(flow->high_sack, flow->una))
		return "has_sacked is not what it stands for";
	if (flow->started && !flow->catching_up && seq_lt(flow->high_sack, flow->una))
		return "high_sack is below una";
	return NULL;
}

const char *check_store(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint32_t cached = 0, open = 0, left = 0, sender = 0, sacked = 0, gaps = 0, sending = 0,
		 prev = 0;
	uint64_t bytes = 0, last_us = 0;

	for (uint32_t i = flow->by_seq.head; i; prev = i, i = segment_at(engine, i)->seq_next) {
		const struct snoop_segment *segment = segment_at(engine, i);

		if (prev && segment->seq_prev != prev)
			return "by_seq is not linked well";
		if (!segment->packet != (flow->level == SNOOP_LEVEL_OBSERVE))
			return "packets are not held, or for nothing";
		if (prev && seq_gt(segment_at(engine, prev)->end, segment->seq))
			return "segments overlap or are out of order";
		gaps += prev && segment_at(engine, prev)->end != segment->seq;
		cached++;
		bytes += segment->frame_bytes;
		sacked += (segment->flags & SEGMENT_SACKED) != 0;
		left += (segment->flags & SEGMENT_LEFT) != 0;
		sender += (segment->flags & (SEGMENT_SENDER | SEGMENT_SACKED)) == SEGMENT_SENDER;
	}
	if (flow->by_seq.tail != prev || cached != flow->cached_count ||
	    bytes != flow->cached_bytes || sacked != flow->sacked_count ||
	    left != flow->left_count || sender != flow->sender_count || gaps != flow->gaps)
		return "the store's counts are wrong";
	if (prev && flow->uncached_end != flow->snd_max &&
	    segment_at(engine, prev)->end != flow->snd_max)
		return "the last segment is not what was forwarded last";
	prev = 0;
	for (uint32_t i = flow->open.head; i;
	     prev = i, i = segment_at(engine, i)->open_next, open++) {
		if (segment_at(engine, i)->flags & SEGMENT_SACKED)
			return "a SACKed segment is open";
		if (prev && segment_at(engine, i)->open_prev != prev)
			return "open is not linked well";
		if (prev && seq_gt(segment_at(engine, prev)->end, segment_at(engine, i)->seq))
			return "open is not in sequence order";
	}
	if (flow->open.tail != prev || open != flow->open_count || open + sacked != cached)
		return "the open list is wrong";
	for (uint32_t i = flow->in_flight.head; i;
	     i = segment_at(engine, i)->send_next, sending++) {
		if (segment_at(engine, i)->flags & (SEGMENT_SACKED | SEGMENT_LOST | SEGMENT_LEFT))
			return "in_flight holds what is not in flight";
		if (segment_at(engine, i)->sent_us < last_us)
			return "in_flight is not in order of transmission";
		last_us = segment_at(engine, i)->sent_us;
	}
	for (uint32_t i = flow->lost.head; i; i = segment_at(engine, i)->send_next, sending++)
		if (!(segment_at(engine, i)->flags & SEGMENT_LOST))
			return "lost holds what is not lost";
	if (sending + left != open)
		return "send lists and open list disagree";
	if (flow->sack_hint && (segment_at(engine, flow->sack_hint)->flags & SEGMENT_SACKED))
		return "the hint points to a SACKed segment";
	return check_attention(flow);
}

/* Records of the pool that are free hold no packet, and all others are in use. */
static const char *check_pool(const struct snoop_engine *engine, uint64_t in_use)
{
	uint64_t records = 0;

	for (uint32_t i = engine->free_records; i; i = segment_at(engine, i)->send_next, records++)
		if (segment_at(engine, i)->packet)
			return "a free record holds a packet";
	return records + in_use == engine->segment_count ? NULL : "records were lost";
}

void check_step(struct sim *sim)
{
	const struct counters *counters = &sim->counters;
	uint64_t segments = 0, withheld = 0;

	for (uint32_t i = 0; i < sim->params->flows; i++) {
		struct sim_flow *entry = &sim->flows[i];
		struct sim_shadow *shadow = &entry->shadow;
		const char *wrong;

		if (shadow->withheld_head != shadow->withheld_tail) {
			struct sim_packet *oldest =
				shadow->withheld[shadow->withheld_head % shadow->withheld_size];

			if (sim->now_us - oldest->withheld_us > sim->params->config.withhold_max_us)
				sim_fail(sim, "an ACK is withheld too long");
		}
		if (!entry->exists)
			continue;
		segments += entry->flow.cached_count;
		withheld += entry->flow.withheld_count;
		if (sim->result->steps % 16)
			continue;
		wrong = check_store(sim->engine, &entry->flow);
		if (wrong)
			sim_fail(sim, "flow %u: %s", i, wrong);
	}
	/* What a closed flow left is freed in portions, and counts until then. */
	for (uint32_t i = sim->engine->discarded; i; i = segment_at(sim->engine, i)->seq_next)
		segments++;
	if (sim->result->steps % 256 == 0) {
		const char *wrong = check_pool(sim->engine, segments + withheld);

		if (wrong)
			sim_fail(sim, "%s", wrong);
	}
	if (counters->cache_segments != segments || counters->acks_withheld_now != withheld)
		sim_fail(sim, "gauges: %lu segments for %lu, %lu ACKs for %lu",
			 counters->cache_segments, segments, counters->acks_withheld_now, withheld);
	if (counters->rx_wired_packets + counters->rx_wireless_packets !=
	    counters->forwarded_packets + counters->acks_freed + counters->acks_withheld_now)
		sim_fail(sim, "received is not forwarded + freed + withheld");
	if (counters->acks_withheld !=
	    counters->acks_released + counters->acks_freed + counters->acks_withheld_now)
		sim_fail(sim, "withheld is not released + freed + withheld");
}
