/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "../sim/sim.h"
#include "oracle.h"

#define ACK_NEWS (WIRE_TCP_SYN | WIRE_TCP_FIN | WIRE_TCP_RST | WIRE_TCP_URG)

void oracle_sealed(const struct packet *packet)
{
	FUZZ_CHECK(!memcmp(&packet->view, &packet->sealed, sizeof(packet->view)),
		   "a packet was written to");
}

void (*oracle_note)(const struct world *world, const char *what, const struct packet *packet);

static void note(const struct world *world, const char *what, const struct packet *packet)
{
	if (oracle_note)
		oracle_note(world, what, packet);
}

void oracle_trace(const struct world *world, const char *what, const struct packet *packet)
{
	static int on = -1;
	const struct wire_view *view = &packet->view;

	note(world, what, packet);
	if (on < 0)
		on = getenv("FUZZ_TRACE") != NULL;
	if (!on)
		return;
	fprintf(stderr, "%10lu %u %-8s flags %02x seq %08x+%u ack %08x window %u ts %u %u%s",
		world->now_us, packet->flow, what, view->tcp_flags, view->seq,
		wire_segment_bytes(view), view->ack, view->window, view->tsval, view->tsecr,
		view->options_malformed ? " malformed" : "");
	for (int i = 0; i < view->sack_count; i++)
		fprintf(stderr, " %08x-%08x", view->sack[i].start, view->sack[i].end);
	fprintf(stderr, "\n");
}

static void op_ref(void *owner, void *handle)
{
	struct packet *packet = handle;

	note(owner, "withhold", packet);
	packet->engine_refs++;
}

static void pop_withheld(struct world *world, struct packet *packet)
{
	struct flow *flow = &world->flows[packet->flow];

	FUZZ_CHECK(flow->withheld_head != flow->withheld_tail &&
			   flow->withheld[flow->withheld_head++ % WORLD_WITHHELD] == packet,
		   "withheld ACKs do not leave in order");
	packet->withheld = false;
}

static void op_unref(void *owner, void *handle)
{
	struct world *world = owner;
	struct packet *packet = handle;

	note(owner, "drop", packet);
	FUZZ_CHECK(packet->engine_refs > 0, "dropped too often");
	packet->engine_refs--;
	if (!packet->withheld)
		return;
	FUZZ_CHECK(world->call == CALL_ACK && packet->flow == world->current &&
			   flow_now(world)->ack != packet->view.ack,
		   "a withheld ACK was destroyed, and its hole is open");
	pop_withheld(world, packet);
}

static void syn_retransmit(const struct world *world, const struct packet *packet)
{
	FUZZ_CHECK(world->call == CALL_SYN_TIMER, "a SYN is retransmitted by call %d", world->call);
	FUZZ_CHECK(packet->view.tcp_flags & WIRE_TCP_SYN, "not a SYN");
	FUZZ_CHECK(packet->retransmits <= 10, "a SYN was retransmitted %u times",
		   packet->retransmits);
}

static void segment_retransmit(struct world *world, struct packet *packet, enum snoop_cause cause)
{
	const struct flow *flow = flow_now(world);
	const struct snoop_flow *engine = &flow->engine;
	uint32_t end = packet->view.seq + wire_segment_bytes(&packet->view);

	FUZZ_CHECK(packet->flow == world->current, "flow %u retransmits a packet of flow %u",
		   world->current, packet->flow);
	FUZZ_CHECK(engine->level > SNOOP_LEVEL_OBSERVE, "level %d retransmits", engine->level);
	FUZZ_CHECK(!(packet->view.tcp_flags & (WIRE_TCP_SYN | WIRE_TCP_RST)), "flags %02x",
		   packet->view.tcp_flags);
	FUZZ_CHECK(seq_gt(end, engine->una), "below the cumulative ACK");
	FUZZ_CHECK(!flow->heard || seq_gt(end, flow->ack), "the station has it");
	FUZZ_CHECK(!flow->heard || flow->window, "into a closed window");
	FUZZ_CHECK(engine->window_bytes == UINT32_MAX ||
			   seq_leq(end, engine->una + engine->window_bytes),
		   "beyond the window");
	if (cause == SNOOP_CAUSE_PROBE || packet->era != engine->station_era)
		packet->retransmits = cause != SNOOP_CAUSE_PROBE; /* tries begin anew */
	packet->era = engine->station_era;
	FUZZ_CHECK(packet->retransmits <= world->tries_max, "%u retransmits of one segment",
		   packet->retransmits);
	if (cause == SNOOP_CAUSE_SHIELD)
		world->shields++;
	else
		world->retransmits++;
}

static void op_retransmit(void *owner, void *handle, enum snoop_cause cause)
{
	struct world *world = owner;
	struct packet *packet = handle;

	FUZZ_CHECK(packet->engine_refs > 0, "a retransmit of what is not held");
	FUZZ_CHECK(packet->from_wired && packet->forwarded,
		   "a retransmit of what was not forwarded to the radio");
	FUZZ_CHECK(packet->generation == world->flows[packet->flow].generation,
		   "bytes of an old connection are retransmitted");
	oracle_sealed(packet);
	oracle_trace(world, "retransmit", packet);
	packet->retransmits++;
	if (cause == SNOOP_CAUSE_SYN)
		syn_retransmit(world, packet);
	else
		segment_retransmit(world, packet, cause);
}

static void op_release(void *owner, void *handle)
{
	struct world *world = owner;
	struct packet *packet = handle;

	FUZZ_CHECK(packet->engine_refs > 0 && packet->withheld,
		   "a release of what is not withheld");
	note(world, "release", packet);
	oracle_sealed(packet);
	packet->engine_refs--;
	pop_withheld(world, packet);
	packet->forwarded = true;
}

const struct snoop_ops oracle_ops = {
	.ref = op_ref,
	.unref = op_unref,
	.retransmit = op_retransmit,
	.release = op_release,
};

void oracle_step(struct world *world)
{
	uint64_t segments = 0, withheld = 0, bytes = 0;
	const struct counters *counters = &world->counters;

	for (uint32_t i = 0; i < WORLD_FLOWS; i++) {
		struct flow *flow = &world->flows[i];
		const char *wrong;

		FUZZ_CHECK(flow->exists || flow->withheld_head == flow->withheld_tail,
			   "withheld without a flow");
		if (!flow->exists)
			continue;
		wrong = check_store(world->engine, &flow->engine);
		FUZZ_CHECK(!wrong, "flow %u: %s", i, wrong);
		segments += flow->engine.cached_count;
		withheld += flow->engine.withheld_count;
		if (flow->engine.level != SNOOP_LEVEL_OBSERVE)
			bytes += flow->engine.cached_bytes;
		FUZZ_CHECK(flow->withheld_tail - flow->withheld_head == flow->engine.withheld_count,
			   "withheld ACKs");
		FUZZ_CHECK(snoop_flow_reason(&flow->engine) < SNOOP_REASON_COUNT, "no such reason");
	}
	/* What a closed flow left is freed in portions, and counts until then. */
	for (uint32_t index = world->engine->discarded; index;
	     index = segment_at(world->engine, index)->seq_next)
		segments++;
	FUZZ_CHECK(counters->cache_segments == segments && counters->acks_withheld_now == withheld,
		   "gauges: %lu segments for %lu, %lu ACKs for %lu", counters->cache_segments,
		   segments, counters->acks_withheld_now, withheld);
	FUZZ_CHECK(counters->cache_bytes >= bytes && counters->cache_bytes <= world->cache_bytes,
		   "%lu bytes cached, %lu in flows", counters->cache_bytes, bytes);
	FUZZ_CHECK(segments + withheld <= world->engine->segment_count, "more than the pool has");
	FUZZ_CHECK(counters->acks_withheld == counters->acks_released + counters->acks_freed +
						      counters->acks_withheld_now,
		   "withheld is not released + freed + withheld");
	FUZZ_CHECK(counters->stations_silent <= counters->stations_active &&
			   counters->stations_active <= world->engine->station_count,
		   "stations");
	note(world, "step", NULL);
}

void oracle_overdue(const struct world *world)
{
	for (uint32_t i = 0; i < WORLD_FLOWS; i++) {
		const struct flow *flow = &world->flows[i];

		if (flow->withheld_head != flow->withheld_tail)
			FUZZ_CHECK(flow->withheld[flow->withheld_head % WORLD_WITHHELD]
						   ->release_by_us > world->now_us,
				   "an ACK is held too long");
	}
}

/* What the station has not acknowledged and the sender did not send again is held by the engine
 * from there on. */
static bool hole_is_held(const struct world *world, uint32_t flow, uint32_t seq)
{
	for (uint32_t i = world->packet_count; i-- > 0;) {
		const struct packet *packet = world->packets[i];

		if (packet->flow == flow && packet->from_wired && packet->engine_refs &&
		    packet->forwarded && !packet->taken_up &&
		    !(packet->view.tcp_flags & WIRE_TCP_SYN) && packet->view.seq == seq)
			return true;
	}
	return false;
}

/* @return the end of what is held or SACKed from seq on, seq itself if it is neither. */
static uint32_t skip_known(const struct world *world, const struct packet *ack, uint32_t seq)
{
	for (int i = 0; i < ack->view.sack_count; i++)
		if (seq_leq(ack->view.sack[i].start, seq) && seq_gt(ack->view.sack[i].end, seq))
			return ack->view.sack[i].end;
	for (uint32_t i = 0; i < world->packet_count; i++) {
		const struct packet *packet = world->packets[i];
		uint32_t end = packet->view.seq + wire_segment_bytes(&packet->view);

		if (packet->flow == ack->flow && packet->from_wired && packet->engine_refs &&
		    seq_leq(packet->view.seq, seq) && seq_gt(end, seq))
			return end;
	}
	return seq;
}

/* Nothing up to the highest SACK was lost before it came here. */
static bool has_upstream_hole(const struct world *world, const struct packet *ack)
{
	uint32_t high = ack->view.ack, at = ack->view.ack, next;

	for (int i = 0; i < ack->view.sack_count; i++)
		if (seq_leq(ack->view.sack[i].end, world->flows[ack->flow].engine.snd_max))
			high = seq_max(high, ack->view.sack[i].end);
	for (; seq_lt(at, high); at = next) {
		next = skip_known(world, ack, at);
		if (next == at)
			return true;
	}
	return false;
}

void oracle_withheld(struct world *world, const struct packet *packet, bool described_ok,
		     bool heard_before)
{
	const struct flow *flow = flow_now(world);
	const struct wire_view *view = &packet->view;

	FUZZ_CHECK(described_ok, "bad checksum or not shareable");
	FUZZ_CHECK(flow->engine.level == SNOOP_LEVEL_SNOOP ||
			   flow->engine.level == SNOOP_LEVEL_AUTO,
		   "the level does not withhold");
	FUZZ_CHECK((view->tcp_flags & (WIRE_TCP_ACK | ACK_NEWS)) == WIRE_TCP_ACK, "flags %02x",
		   view->tcp_flags);
	FUZZ_CHECK(!view->payload_bytes && view->window, "payload, or a closed window");
	FUZZ_CHECK(!view->has_other_option && !view->options_malformed, "options");
	FUZZ_CHECK(heard_before, "it is news: acknowledgement, window or ECN bits");
	FUZZ_CHECK(!flow->answers || view->sack_count,
		   "it may answer a keep-alive, a probe or old data");
	FUZZ_CHECK(hole_is_held(world, packet->flow, view->ack), "its hole is not ours to repair");
	FUZZ_CHECK(!has_upstream_hole(world, packet), "a hole after it happened upstream");
	FUZZ_CHECK(flow->withheld_tail - flow->withheld_head < world->withhold_acks, "too many");
}
