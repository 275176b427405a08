/* SPDX-License-Identifier: BSD-3-Clause */
/* A small TCP sender: slow start and AIMD, RFC 6675/8985 recovery with SACK, NewReno without, RTO.
 */
#include "sim.h"

#define SACKED 1
#define LOST 2
#define FLIGHT 4
#define AGAIN 8

#define RTO_MIN_US 200000
#define RTO_MAX_US 1000000
#define SYN_RTO_US 1000000

uint32_t sim_seq(const struct sim *sim, uint32_t flow, uint32_t grain)
{
	const struct sim_params *params = sim->params;
	uint32_t data = grain < params->grains ? grain : params->grains;

	return sim->flows[flow].sender.base + data * params->grain_bytes + (grain > params->grains);
}

uint32_t sim_grain(const struct sim *sim, uint32_t flow, uint32_t seq)
{
	const struct sim_params *params = sim->params;
	uint32_t offset = seq - sim->flows[flow].sender.base;

	if (offset > 1U << 31)
		return 0;
	return offset > params->grains * params->grain_bytes ? params->grains + 1
							     : offset / params->grain_bytes;
}

static struct sim_packet *new_packet(struct sim *sim, uint32_t flow, uint8_t flags)
{
	struct sim_flow *entry = &sim->flows[flow];
	struct wire_view view = {
		.kind = WIRE_TCP,
		.tcp_flags = flags,
		.seq = sim_seq(sim, flow, entry->sender.next),
		.ack = entry->sender.peer_seq,
		.window = 1000,
		.ecn = WIRE_ECN_ECT0,
		.has_timestamp = sim->params->timestamps,
	};

	if (view.has_timestamp) {
		view.tsval = (uint32_t)(sim->now_us / 1000) + 77;
		view.tsecr = entry->sender.echo;
	}
	return sim_packet_new(sim, flow, true, &view);
}

static void send_control(struct sim *sim, uint32_t flow, uint8_t flags)
{
	struct sim_packet *packet = new_packet(sim, flow, flags);

	if (flags & WIRE_TCP_SYN) {
		packet->view.seq = sim->flows[flow].sender.base - 1;
		packet->view.has_mss = true;
		packet->view.mss = 1460;
		packet->view.has_window_scale = true;
		packet->view.window_scale = 7;
		packet->view.sack_permitted = sim->params->sack;
	}
	sim_packet_seal(sim, packet);
	sim_pipe_send(sim, SIM_BOX_WIRED, packet);
}

static uint64_t rto_us(const struct sim *sim, const struct sim_sender *sender)
{
	uint64_t rto = 1000000;

	if (sender->srtt_us && sim->params->linux_rto)
		rto = sender->srtt_us + max_u64(4 * sender->var_us, RTO_MIN_US);
	else if (sender->srtt_us)
		rto = max_u64(sender->srtt_us + 4 * sender->var_us, RTO_MIN_US);
	return min_u64(rto << sender->backoff, RTO_MAX_US);
}

static void send_range(struct sim *sim, uint32_t flow, uint32_t first, uint32_t end)
{
	struct sim_sender *sender = &sim->flows[flow].sender;
	struct sim_packet *packet;
	uint8_t flags = WIRE_TCP_ACK | (end == sender->end ? WIRE_TCP_FIN : 0);

	for (uint32_t i = first; i < end; i++) {
		if (i < sender->high)
			sender->state[i] |= AGAIN;
		if (!(sender->state[i] & (FLIGHT | SACKED)))
			sender->pipe++;
		if (!(sender->state[i] & SACKED))
			sender->state[i] = (uint8_t)((sender->state[i] & ~LOST) | FLIGHT);
		sender->sent_us[i] = sim->now_us;
	}
	if (first < sender->high)
		sim->result->sender_retransmits++;
	if (end > sender->high)
		sender->high = end;
	packet = new_packet(sim, flow, flags);
	packet->first = first;
	packet->end = end;
	packet->view.seq = sim_seq(sim, flow, first);
	packet->view.payload_bytes =
		sim_seq(sim, flow, end) - packet->view.seq - (end == sender->end);
	packet->good = !sim_chance(&sim->rng, sim->params->corrupt_ppm);
	if (sim->params->odd_acks && sim_chance(&sim->rng, 20000))
		packet->view.ecn = WIRE_ECN_CE;
	sim_packet_seal(sim, packet);
	sim_pipe_send(sim, SIM_BOX_WIRED, packet);
	if (sender->timer_us == SNOOP_NEVER)
		sender->timer_us = sim->now_us + rto_us(sim, sender);
}

/* One segment, first what is lost. @return false if there is nothing to send. */
static bool send_one(struct sim *sim, uint32_t flow)
{
	struct sim_sender *sender = &sim->flows[flow].sender;
	uint32_t most = sim->params->grains_per_segment, first, end, limit;

	if (sender->lost_hint < sender->una)
		sender->lost_hint = sender->una;
	for (first = sender->lost_hint; first < sender->next && !(sender->state[first] & LOST);
	     first++)
		;
	sender->lost_hint = first;
	if (first < sender->next) {
		if (sim->params->resegment)
			most = sim_between(&sim->rng, 1, most);
		for (end = first;
		     end < sender->next && end - first < most && (sender->state[end] & LOST); end++)
			;
		if (sim->params->resegment && end < sender->next && end - first < most)
			end++;
		send_range(sim, flow, first, end);
		return true;
	}
	first = sender->next;
	limit = sender->written;
	if (limit == sender->end - 1)
		limit = sender->end;
	if (sender->right < limit)
		limit = (uint32_t)sender->right;
	if (first >= limit)
		return false;
	end = limit - first > most ? first + most : limit;
	sender->next = end;
	send_range(sim, flow, first, end);
	return true;
}

/* Something to send, and none of it allowed: the window has to be probed. */
static bool is_shut(const struct sim_sender *sender)
{
	return sender->una == sender->next && sender->next < sender->end &&
	       (sender->next < sender->written || sender->written == sender->end - 1);
}

static void transmit(struct sim *sim, uint32_t flow)
{
	struct sim_sender *sender = &sim->flows[flow].sender;
	const struct sim_params *params = sim->params;
	uint32_t burst = 0;

	sender->pace_us = SNOOP_NEVER;
	while (sender->pipe < sender->cwnd && burst++ < 64 && send_one(sim, flow)) {
		if (!params->pace_bytes_per_ms)
			continue;
		sender->pace_us = sim->now_us + params->grains_per_segment * params->grain_bytes *
							1000ULL / params->pace_bytes_per_ms;
		break;
	}
	/* The persist timer where the window is closed. */
	if (is_shut(sender) && sender->timer_us == SNOOP_NEVER)
		sender->timer_us = sim->now_us + rto_us(sim, sender);
}

static void mark_lost(struct sim_sender *sender, uint32_t grain)
{
	if (!(sender->state[grain] & FLIGHT) || (sender->state[grain] & (SACKED | LOST)))
		return;
	sender->state[grain] = (uint8_t)((sender->state[grain] & ~FLIGHT) | LOST);
	sender->pipe--;
	if (grain < sender->lost_hint)
		sender->lost_hint = grain;
}

static void cut(struct sim *sim, struct sim_sender *sender)
{
	uint32_t floor = 2 * sim->params->grains_per_segment;

	if (sender->recovery)
		return;
	sender->recovery = true;
	sender->recover = sender->next;
	if (sim->params->pace_bytes_per_ms)
		return;
	sender->ssthresh = sender->cwnd / 2 > floor ? sender->cwnd / 2 : floor;
	sender->cwnd = sender->ssthresh;
}

/* @return true if it was newly delivered. */
static bool delivered(struct sim_sender *sender, uint32_t grain, uint64_t *newest_us,
		      uint64_t *sample_us)
{
	if (sender->state[grain] & SACKED)
		return false;
	if (sender->state[grain] & FLIGHT)
		sender->pipe--;
	if (!(sender->state[grain] & AGAIN)) {
		*newest_us =
			sender->sent_us[grain] > *newest_us ? sender->sent_us[grain] : *newest_us;
		*sample_us = *newest_us;
	}
	sender->state[grain] = (uint8_t)((sender->state[grain] & ~(FLIGHT | LOST)) | SACKED);
	return true;
}

static void detect(struct sim *sim, struct sim_sender *sender, uint32_t highest, uint64_t newest_us)
{
	uint32_t above = 0, before = sender->pipe;
	uint64_t window_us = sender->srtt_us / 4;

	for (uint32_t i = highest; i-- > sender->una;) {
		if (sender->state[i] & SACKED)
			above++;
		else if (sender->state[i] & AGAIN
				 ? sender->sent_us[i] + 2 * sender->srtt_us < newest_us
				 : above >= 3 * sim->params->grains_per_segment ||
					   sender->sent_us[i] + window_us < newest_us)
			mark_lost(sender, i);
	}
	if (sender->pipe != before)
		cut(sim, sender);
}

static void grow(struct sim_sender *sender, uint32_t grains, uint32_t most,
		 uint32_t pace_window_grains)
{
	if (sender->recovery || sender->cwnd > SIM_GRAINS_MAX || pace_window_grains)
		return;
	if (sender->cwnd < sender->ssthresh) {
		sender->cwnd += grains < 2 * most ? grains : 2 * most;
		return;
	}
	sender->cwnd_count += grains;
	if (sender->cwnd_count >= sender->cwnd) {
		sender->cwnd_count = 0;
		sender->cwnd += most;
	}
}

/* What duplicate ACKs have added to the window goes again: RFC 6582 section 3.2, step 3. */
static void deflate(struct sim *sim, struct sim_sender *sender, uint32_t acked)
{
	uint32_t most = sim->params->grains_per_segment;

	if (sim->params->pace_bytes_per_ms || sender->cwnd <= sender->ssthresh)
		return;
	if (!sender->recovery || sender->cwnd - sender->ssthresh < acked)
		sender->cwnd = sender->ssthresh;
	else
		sender->cwnd -= acked;
	if (sender->recovery)
		sender->cwnd += most;
}

static void reno(struct sim *sim, struct sim_sender *sender, uint32_t acked, bool recovery,
		 bool duplicate)
{
	uint32_t most = sim->params->grains_per_segment;
	bool lost = false;

	if (acked) {
		sender->dup_acks = 0;
		lost = sender->recovery;
		if (recovery)
			deflate(sim, sender, acked);
	} else if (duplicate) {
		sender->dup_acks++;
		if (sender->pipe > most && sender->dup_acks > 3)
			sender->cwnd += sender->recovery ? 1 : 0;
		lost = sender->dup_acks == 3 && !sender->after_timeout;
	}
	if (!lost)
		return;
	cut(sim, sender);
	for (uint32_t i = 0; i < most && sender->una + i < sender->next; i++)
		mark_lost(sender, sender->una + i);
}

static void take_rtt(struct sim_sender *sender, uint64_t sample_us)
{
	uint64_t error;

	if (!sender->srtt_us) {
		sender->srtt_us = sample_us + 1;
		sender->var_us = sample_us / 2;
		return;
	}
	error = sender->srtt_us > sample_us ? sender->srtt_us - sample_us
					    : sample_us - sender->srtt_us;
	sender->var_us = (3 * sender->var_us + error) / 4;
	sender->srtt_us = (7 * sender->srtt_us + sample_us) / 8;
}

static void take_ack(struct sim *sim, uint32_t flow, const struct wire_view *view)
{
	struct sim_sender *sender = &sim->flows[flow].sender;
	uint32_t ack = sim_grain(sim, flow, view->ack), old = sender->una, highest = sender->una,
		 fresh = 0;
	uint64_t newest_us = 0, sample_us = 0;
	uint32_t edge_bytes = (uint32_t)view->window << 7;
	uint64_t right = ack + edge_bytes / sim->params->grain_bytes;
	bool window_moved = right != sender->right, recovery = sender->recovery;

	if (ack > sender->next)
		sim_fail(sim, "the receiver acknowledged grain %u of %u", ack, sender->next);
	if (right > sender->right)
		sender->right = right;
	for (uint32_t i = old; i < ack; i++)
		fresh += delivered(sender, i, &newest_us, &sample_us);
	if (ack > old) {
		sender->una = ack;
		sender->backoff = 0;
		sender->timer_us =
			ack < sender->next ? sim->now_us + rto_us(sim, sender) : SNOOP_NEVER;
		if (ack >= sender->recover)
			sender->recovery = sender->after_timeout = false;
	}
	for (uint32_t b = 0; b < view->sack_count; b++) {
		uint32_t first = sim_grain(sim, flow, view->sack[b].start);
		uint32_t end = sim_grain(sim, flow, view->sack[b].end);

		if (end > sender->next)
			sim_fail(sim, "the receiver SACKed grain %u of %u", end, sender->next);
		for (uint32_t i = first > sender->una ? first : sender->una; i < end; i++)
			fresh += delivered(sender, i, &newest_us, &sample_us);
		highest = end > highest ? end : highest;
	}
	if (sample_us)
		take_rtt(sender, sim->now_us - sample_us);
	if (view->sack_count && newest_us)
		detect(sim, sender, highest, newest_us);
	if (!sim->params->sack)
		reno(sim, sender, ack - old, recovery,
		     ack == old && !window_moved && sender->next > ack && !view->payload_bytes);
	grow(sender, fresh, sim->params->grains_per_segment, sim->params->pace_window_grains);
	if (sender->una == sender->end && !sender->complete) {
		sender->complete = true;
		sender->timer_us = SNOOP_NEVER;
		sim->flows[flow].done = true;
		sim->result->done_us = sim->now_us;
		sim->result->bytes += (uint64_t)sim->params->grains * sim->params->grain_bytes;
	}
}

void sim_sender_input(struct sim *sim, uint32_t flow, struct sim_packet *packet)
{
	struct sim_flow *entry = &sim->flows[flow];
	struct sim_sender *sender = &entry->sender;
	const struct wire_view *view = &packet->view;

	if (packet->generation != entry->generation || (view->tcp_flags & WIRE_TCP_RST) ||
	    entry->born_us != SNOOP_NEVER)
		return;
	/* The newest, RFC 7323 section 4.3. */
	if (view->has_timestamp && (!sender->established || seq_geq(view->tsval, sender->echo)))
		sender->echo = view->tsval;
	if (view->tcp_flags & WIRE_TCP_SYN) {
		sender->peer_seq = view->seq + 1;
		sender->established = true;
		if (sim->params->handshake == SIM_STATION_CLIENT) {
			sender->connect_us = sim->now_us + SYN_RTO_US;
			send_control(sim, flow, WIRE_TCP_SYN | WIRE_TCP_ACK);
			return;
		}
		send_control(sim, flow, WIRE_TCP_ACK);
	}
	if (!sender->established)
		return;
	sender->connect_us = SNOOP_NEVER;
	if (view->tcp_flags & WIRE_TCP_FIN) {
		sender->peer_seq = view->seq + 1;
		send_control(sim, flow, WIRE_TCP_ACK);
	}
	take_ack(sim, flow, view);
	if (sender->pace_us == SNOOP_NEVER || sim->now_us >= sender->pace_us)
		transmit(sim, flow);
}

static void expired(struct sim *sim, uint32_t flow)
{
	struct sim_sender *sender = &sim->flows[flow].sender;

	sender->timer_us = SNOOP_NEVER;
	if (sender->backoff < 8)
		sender->backoff++;
	if (sender->una == sender->next) {
		/* A window probe as Linux sends it: an old sequence number, no data. */
		struct sim_packet *packet = new_packet(sim, flow, WIRE_TCP_ACK);

		if (is_shut(sender)) {
			packet->view.seq = sim_seq(sim, flow, sender->una) - 1;
			packet->old_news = true;
			sim_packet_seal(sim, packet);
			sim_pipe_send(sim, SIM_BOX_WIRED, packet);
			sender->timer_us = sim->now_us + rto_us(sim, sender);
		} else {
			sim_packet_seal(sim, packet);
			sim_packet_unref(sim, packet);
		}
		return;
	}
	sim->result->sender_timeouts++;
	sender->timeouts++;
	sender->recovery = false;
	cut(sim, sender);
	sender->after_timeout = true;
	if (!sim->params->pace_bytes_per_ms)
		sender->cwnd = sim->params->grains_per_segment;
	sender->dup_acks = 0;
	for (uint32_t i = sender->una; i < sender->next; i++)
		mark_lost(sender, i);
	send_one(sim, flow);
}

uint64_t sim_sender_due_us(const struct sim *sim, uint32_t flow)
{
	const struct sim_sender *sender = &sim->flows[flow].sender;

	return min_u64(min_u64(sender->timer_us, sender->pause_us),
		       min_u64(sender->connect_us, sender->pace_us));
}

void sim_sender_timer(struct sim *sim, uint32_t flow)
{
	struct sim_flow *entry = &sim->flows[flow];
	struct sim_sender *sender = &entry->sender;

	if (sim->now_us >= sender->connect_us) {
		sender->connect_us = sim->now_us + SYN_RTO_US;
		if (sim->params->handshake == SIM_WIRED_CLIENT) {
			send_control(sim, flow, WIRE_TCP_SYN);
		} else if (sim->params->handshake == SIM_STATION_CLIENT) {
			send_control(sim, flow, WIRE_TCP_SYN | WIRE_TCP_ACK);
		} else {
			sender->established = true;
			sender->connect_us = SNOOP_NEVER;
			transmit(sim, flow);
		}
	}
	if (sim->now_us >= sender->pause_us) {
		uint32_t left = sim->params->grains - sender->written;

		sender->pause_us = SNOOP_NEVER;
		if (sim->params->sparse_us && left) {
			uint32_t most = sim->params->grains_per_segment;

			sender->written += left < most ? left : most;
			sender->pause_us =
				sim->now_us + sim_between(&sim->rng, 1, sim->params->sparse_us);
		} else if (sender->pauses && left) {
			sender->pauses--;
			sender->written += sim_between(&sim->rng, 1, left);
			sender->pause_us = sim->now_us + sim_between(&sim->rng, 500, 300000);
		} else {
			sender->written = sim->params->grains;
		}
		if (sender->established)
			transmit(sim, flow);
	}
	if (sim->now_us >= sender->pace_us)
		transmit(sim, flow);
	if (sim->now_us >= sender->timer_us)
		expired(sim, flow);
}

void sim_sender_reset(struct sim *sim, uint32_t flow)
{
	send_control(sim, flow, WIRE_TCP_RST | WIRE_TCP_ACK);
}

void sim_sender_start(struct sim *sim, uint32_t flow)
{
	const struct sim_params *params = sim->params;
	struct sim_sender *sender = &sim->flows[flow].sender;

	for (uint32_t i = 0; i <= params->grains; i++)
		sender->state[i] = 0;
	*sender = (struct sim_sender){
		.base = params->near_wrap ? 0U - sim_between(&sim->rng, 0,
							     params->grains * params->grain_bytes)
					  : sim_random(&sim->rng),
		.end = params->grains + 1,
		.cwnd = params->pace_bytes_per_ms ? params->pace_window_grains
						  : 10 * params->grains_per_segment,
		.ssthresh = SIM_GRAINS_MAX,
		.right = params->receiver_bytes / params->grain_bytes,
		.timer_us = SNOOP_NEVER,
		.pause_us = sim->now_us,
		.pace_us = SNOOP_NEVER,
		.pauses = params->pauses,
		.connect_us = sim->now_us,
		.sent_us = sender->sent_us,
		.state = sender->state,
	};
	if (params->handshake == SIM_STATION_CLIENT)
		sender->connect_us = SNOOP_NEVER;
}
