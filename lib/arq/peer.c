/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/minmax.h>

#include <arq/peer.h>

#define ALARM_US 10000000U
#define SILENT_HELLO_US 10000U /* an outage ends when one of these comes through */
#define SILENT_LONG_US 10000000U
#define UP_HELLO_US 1000000U
#define ANSWER_GAP_US 1000U /* answers to a flood of hellos are this far apart */
#define PROBE_GAP_US 10000U
#define PROBE_AGAIN_US 1000000U
#define PROBE_PERIOD_US 60000000U
#define BYE_GAP_US 5000U
#define BYES_MAX 20U

void arq_peer_init(struct arq_peer *peer, const struct arq_config *config,
		   struct arq_counters *counters, uint32_t epoch, uint64_t now_us)
{
	*peer = (struct arq_peer){
		.config = config,
		.counters = counters,
		.own_epoch = epoch + !epoch,
		.hello_due_us = now_us,
		.round_due_us = now_us,
		.passed = !config->probe,
	};
}

static enum arq_state state_of(const struct arq_peer *peer, uint64_t now_us)
{
	if (peer->leaving)
		return ARQ_LEAVING;
	if (now_us < peer->loop_until_us)
		return ARQ_LOOP;
	if (now_us < peer->third_until_us)
		return ARQ_THIRD;
	if (!peer->epoch)
		return peer->left ? ARQ_LEFT : ARQ_SEARCHING;
	if (!peer->proven)
		return ARQ_PROVING;
	if (peer->silence_us)
		return ARQ_SILENT;
	if (!peer->passed)
		return peer->is_short ? ARQ_SHORT : ARQ_PROBING;
	return ARQ_UP;
}

static void hear(struct arq_peer *peer, uint64_t now_us)
{
	peer->heard_us = now_us;
	peer->silence_us = 0;
}

/* How long the peer may say nothing. Once we are proven to it, it says something every alive_us,
 * however long the round trip is. The last word before it fell silent was half a round trip under
 * way, and so is the last frame that we tag. */
static uint64_t patience_us(const struct arq_peer *peer)
{
	return peer->config->dead_us + (peer->steady ? 0 : 2ULL * peer->config->hello_us);
}

static bool is_alive(const struct arq_peer *peer, uint64_t now_us)
{
	return peer->proven && now_us - peer->heard_us <= patience_us(peer);
}

static enum arq_heard meet(struct arq_peer *peer, const struct arq_control *hello, uint64_t now_us)
{
	peer->epoch = hello->from_epoch;
	peer->met_us = now_us;
	peer->proven = hello->to_epoch == peer->own_epoch;
	peer->other_epoch = 0;
	peer->steady = false;
	peer->left = false;
	peer->hello_asked = true;
	peer->counters->peers++;
	arq_peer_reprobe(peer, now_us);
	peer->passed = !peer->config->probe;
	hear(peer, now_us);
	return ARQ_HEARD_NEW;
}

/* A hello whose epoch is not the peer's. */
static enum arq_heard hear_other(struct arq_peer *peer, const struct arq_control *hello,
				 uint32_t rtt_us, uint64_t now_us)
{
	uint64_t since_us = (uint64_t)rtt_us + peer->config->dead_us;

	/* Meeting somebody clears the lanes, which takes time: a flood of hellos must not. */
	if (peer->epoch && now_us - peer->met_us < ANSWER_GAP_US)
		return ARQ_HEARD_IGNORE;
	if (!is_alive(peer, now_us))
		return meet(peer, hello, now_us);
	/* A peer that restarted is silent under its old epoch soon. */
	if (peer->other_epoch != hello->from_epoch) {
		peer->other_epoch = hello->from_epoch;
		peer->other_us = now_us;
	} else if (now_us - peer->other_us > since_us &&
		   peer->heard_us - peer->other_us > since_us && peer->heard_us > peer->other_us) {
		peer->counters->thirds += now_us >= peer->third_until_us;
		peer->third_until_us = now_us + ALARM_US;
	}
	return ARQ_HEARD_IGNORE;
}

static enum arq_heard hear_hello(struct arq_peer *peer, const struct arq_control *hello,
				 uint32_t rtt_us, uint64_t now_us)
{
	if (hello->from_epoch != peer->epoch)
		return hear_other(peer, hello, rtt_us, now_us);
	if (hello->to_epoch != peer->own_epoch) {
		peer->hello_asked = true;
		return ARQ_HEARD_IGNORE;
	}
	/* The peer waits for the same proof, so it is told at once. */
	peer->hello_asked |= !peer->proven;
	peer->proven = true;
	hear(peer, now_us);
	return ARQ_HEARD_PEER;
}

static void hear_answer(struct arq_peer *peer, uint32_t bytes)
{
	if (bytes == peer->config->frame_bytes)
		peer->answered_plain = true;
	if (bytes != peer->config->frame_bytes + ARQ_TAG_BYTES)
		return;
	peer->answered_long = true;
	peer->passed = true;
	peer->is_short = false;
	peer->tries = ARQ_PROBE_TRIES;
}

enum arq_heard arq_peer_hear(struct arq_peer *peer, const struct arq_control *control,
			     uint32_t rtt_us, uint64_t now_us)
{
	enum arq_heard heard = ARQ_HEARD_PEER;

	if (control->from_epoch == peer->own_epoch) {
		peer->counters->loops += now_us >= peer->loop_until_us;
		peer->loop_until_us = now_us + ALARM_US;
		heard = ARQ_HEARD_IGNORE;
	} else if (control->type == ARQ_HELLO) {
		heard = hear_hello(peer, control, rtt_us, now_us);
	} else if (control->from_epoch != peer->epoch || control->to_epoch != peer->own_epoch) {
		peer->counters->controls_foreign++;
		heard = ARQ_HEARD_IGNORE;
	} else {
		peer->proven = true;
		peer->steady = true;
		hear(peer, now_us);
		if (control->type == ARQ_PROBE_ANSWER)
			hear_answer(peer, control->probe_bytes);
		else if (control->type == ARQ_BYE_ANSWER)
			peer->bye_answered = true;
		else if (control->type == ARQ_BYE)
			peer->left = true;
	}
	if (peer->left && peer->epoch) {
		peer->epoch = 0;
		peer->proven = false;
	}
	peer->state = state_of(peer, now_us);
	return heard;
}

bool arq_peer_hear_tag(struct arq_peer *peer, uint8_t epoch, uint64_t now_us)
{
	if (!peer->epoch || epoch != (peer->epoch & ARQ_EPOCH_MASK))
		return false;
	if (peer->proven && !peer->silence_us)
		peer->heard_us = now_us;
	return true;
}

static bool is_probing(const struct arq_peer *peer)
{
	return peer->config->probe && peer->proven && !peer->leaving;
}

/* A round of probes ends, or a new one begins. */
static void turn_round(struct arq_peer *peer, uint64_t now_us)
{
	if (!is_probing(peer))
		return;
	if (peer->tries == ARQ_PROBE_TRIES && now_us >= peer->probe_due_us) {
		peer->probe_due_us = ARQ_NEVER;
		if (peer->answered_plain && !peer->answered_long) {
			peer->is_short = true;
			peer->passed = false;
		}
		peer->round_due_us = now_us + (peer->passed || peer->is_short ? PROBE_PERIOD_US
									      : PROBE_AGAIN_US);
	}
	if (now_us < peer->round_due_us)
		return;
	peer->round_due_us = ARQ_NEVER;
	peer->tries = 0;
	peer->answered_plain = peer->answered_long = false;
	peer->probe_due_us = now_us;
}

void arq_peer_timer(struct arq_peer *peer, uint64_t now_us)
{
	if (peer->proven && !peer->silence_us && !is_alive(peer, now_us)) {
		peer->silence_us = now_us;
		peer->counters->silences++;
		peer->hello_due_us = now_us;
	}
	turn_round(peer, now_us);
	peer->state = state_of(peer, now_us);
}

static uint64_t hello_gap_us(const struct arq_peer *peer, uint64_t now_us)
{
	if (peer->silence_us && now_us - peer->silence_us < SILENT_LONG_US)
		return SILENT_HELLO_US;
	return peer->state == ARQ_UP ? UP_HELLO_US : peer->config->hello_us;
}

static bool hello_is_due(const struct arq_peer *peer, uint64_t now_us)
{
	return now_us >= peer->hello_due_us ||
	       (peer->hello_asked && now_us - peer->hello_us >= ANSWER_GAP_US);
}

static bool probe_is_due(const struct arq_peer *peer, uint64_t now_us)
{
	return is_probing(peer) && peer->tries < ARQ_PROBE_TRIES && now_us >= peer->probe_due_us;
}

uint8_t arq_peer_due(struct arq_peer *peer, uint32_t rtt_us, uint64_t now_us, uint32_t *probe_bytes)
{
	if (peer->leaving && !arq_peer_knows_bye(peer) && now_us >= peer->bye_due_us) {
		peer->byes++;
		peer->bye_due_us = now_us + BYE_GAP_US;
		return ARQ_BYE;
	}
	if (!peer->leaving && hello_is_due(peer, now_us)) {
		peer->hello_asked = false;
		peer->hello_us = now_us;
		peer->hello_due_us = now_us + hello_gap_us(peer, now_us);
		return ARQ_HELLO;
	}
	if (!probe_is_due(peer, now_us))
		return 0;
	*probe_bytes = peer->config->frame_bytes + (peer->probe_long ? ARQ_TAG_BYTES : 0);
	if (peer->probe_long) {
		peer->tries++;
		/* The last answer has its time, too. */
		peer->probe_due_us = now_us + PROBE_GAP_US;
		if (peer->tries == ARQ_PROBE_TRIES)
			peer->probe_due_us += 2 * (uint64_t)rtt_us;
	}
	peer->probe_long = !peer->probe_long;
	return ARQ_PROBE;
}

uint64_t arq_peer_deadline_us(const struct arq_peer *peer)
{
	uint64_t due_us = peer->leaving ? ARQ_NEVER : peer->hello_due_us;

	if (peer->hello_asked && !peer->leaving)
		due_us = min_u64(due_us, peer->hello_us + ANSWER_GAP_US);
	if (peer->leaving && !arq_peer_knows_bye(peer))
		due_us = min_u64(due_us, peer->bye_due_us);
	if (is_probing(peer))
		due_us = min_u64(due_us, min_u64(peer->probe_due_us, peer->round_due_us));
	if (peer->proven && !peer->silence_us)
		due_us = min_u64(due_us, peer->heard_us + patience_us(peer) + 1);
	return due_us;
}

void arq_peer_reprobe(struct arq_peer *peer, uint64_t now_us)
{
	peer->round_due_us = now_us;
	peer->is_short = false;
}

void arq_peer_suspect(struct arq_peer *peer, uint64_t now_us)
{
	if (peer->round_due_us != ARQ_NEVER)
		arq_peer_reprobe(peer, now_us);
}

void arq_peer_leave(struct arq_peer *peer, uint64_t now_us)
{
	peer->leaving = true;
	peer->bye_due_us = now_us;
	peer->state = state_of(peer, now_us);
}

bool arq_peer_knows_bye(const struct arq_peer *peer)
{
	return !peer->proven || peer->bye_answered || peer->byes >= BYES_MAX;
}
