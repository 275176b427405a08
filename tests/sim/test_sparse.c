/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sparse segments to stations that delay their ACKs in all the ways that are allowed, or nearly:
 * for hundreds of seeds, nothing is retransmitted for long that was not lost, and no loss is
 * claimed that was none. The same where the radio's RTT steps up and down, as it does each time
 * that a station is handed over from one satellite to the next. A seed chooses the station and the
 * sender; time is simulated.
 *
 * SPARSE_SEEDS=N  how many seeds; SPARSE_FIRST=N the first; SPARSE_VERBOSE=1 one line a seed
 */
#include "../unit/snoop/snoop_fixture.h"
#include "sim.h"

#define SEEDS 400
#define SEGMENTS 400U
#define SEGMENTS_MAX 1500U /* of a path that steps */
#define STEP_NEEDLESS 4U   /* retransmits that a step may cost */
#define STEP_EVERY_US (15 * USEC_PER_SEC)
#define LEARNT 100U /* segments after which a station's habits must be known */
#define RARE 1U	    /* a habit that shows but rarely may be learnt later */
#define LAST 8U	    /* segments that nothing follows: a new situation */
#define PENDING_MAX 256
#define FULL_BYTES 1448U
#define WARM_UP 2U /* segments that have been delivered before */

/* One sender, one station. */
struct sparse {
	/* The station. */
	uint32_t delay_us;  /* of its ACK timer */
	bool ticks;	    /* which runs all the time: a delay is anything up to delay_us */
	uint32_t ack_bytes; /* unacknowledged bytes that it answers at once, or */
	uint32_t ack_every; /* so many segments; 0 = bytes count */
	bool sack, dsack;
	/* The path and the sender. */
	uint32_t rtt_us, jitter_us, gap_us, gap_more_us, bytes, loss_ppm;
	uint32_t step_rtt_us; /* not 0: the RTT of every other span between two steps */
	uint64_t step_us;     /* the first one */
	enum snoop_level level;
	/* The run. */
	struct sim_rng rng;
	struct fixture *f;
	uint32_t segments, steps;
	uint32_t have[SEGMENTS_MAX + WARM_UP], next, held, held_bytes, sent, lost;
	uint64_t ack_due_us, last_up_us, last_down_us;
	struct {
		uint64_t at_us;
		uint32_t n;   /* segment, or what an ACK acknowledges */
		int32_t sack; /* segment that the ACK reports, -1 = none */
		bool up, dsack;
	} pending[PENDING_MAX];
	uint32_t pending_count, retransmits_seen, retransmits_late, needless;
};

static uint32_t seq_of(const struct sparse *s, uint32_t n)
{
	const struct fixture *f = s->f;

	return n <= WARM_UP ? SEG(n) : SEG(WARM_UP) + (n - WARM_UP) * s->bytes;
}

static uint32_t rtt_of(struct sparse *s)
{
	if (!s->step_rtt_us || s->f->now_us < s->step_us)
		return s->rtt_us;
	s->steps = 1 + (uint32_t)((s->f->now_us - s->step_us) / STEP_EVERY_US);
	return s->steps % 2 ? s->step_rtt_us : s->rtt_us;
}

static void on_its_way(struct sparse *s, bool up, uint32_t n, int32_t sack, bool dsack)
{
	uint64_t at_us = s->f->now_us + rtt_of(s) / 2 + sim_between(&s->rng, 0, s->jitter_us);
	uint64_t *last_us = up ? &s->last_up_us : &s->last_down_us;

	assert_true(s->pending_count < PENDING_MAX);
	if (at_us <= *last_us)
		at_us = *last_us + 1; /* in order */
	*last_us = at_us;
	s->pending[s->pending_count].at_us = at_us;
	s->pending[s->pending_count].n = n;
	s->pending[s->pending_count].sack = sack;
	s->pending[s->pending_count].up = up;
	s->pending[s->pending_count++].dsack = dsack;
}

static void trace(const struct sparse *s, const char *what, uint32_t n)
{
	if (getenv("SPARSE_TRACE"))
		print_message("%8.3f %s %u; in flight %u, allowance %u, held %u\n",
			      (double)(s->f->now_us - 10000000) / 1000, what, n,
			      s->f->flow.open_bytes, s->f->engine->stations[1].ack_wait_us,
			      s->f->engine->stations[1].ack_hold_bytes);
}

static void over_the_radio(struct sparse *s, uint32_t n)
{
	if (sim_chance(&s->rng, s->loss_ppm))
		s->lost++;
	else
		on_its_way(s, false, n, -1, false);
}

/* What the engine has retransmitted since this was called last. */
static void take_retransmits(struct sparse *s)
{
	for (; s->retransmits_seen < s->f->retransmit_count; s->retransmits_seen++) {
		uint32_t seq = s->f->retransmits[s->retransmits_seen].seq, n = WARM_UP;

		while (seq_of(s, n) != seq)
			n++;
		trace(s, "retransmit", n);
		if (n >= WARM_UP + LEARNT && n < WARM_UP + s->segments - LAST)
			s->retransmits_late++;
		s->needless += s->have[n];
		over_the_radio(s, n);
	}
}

static void send_ack(struct sparse *s, int32_t sack, bool dsack)
{
	on_its_way(s, true, s->next, sack, dsack);
	s->held = s->held_bytes = 0;
	s->ack_due_us = SNOOP_NEVER;
}

static void station_takes(struct sparse *s, uint32_t n)
{
	if (s->have[n]) {
		send_ack(s, s->sack && s->dsack ? (int32_t)n : -1, s->dsack);
		return;
	}
	s->have[n] = 1;
	if (n != s->next) { /* out of order */
		send_ack(s, s->sack ? (int32_t)n : -1, false);
		return;
	}
	while (s->next < s->sent && s->have[s->next])
		s->next++;
	s->held++;
	s->held_bytes += s->bytes;
	if (s->next > n + 1 ||
	    (s->ack_every ? s->held >= s->ack_every : s->held_bytes >= s->ack_bytes)) {
		send_ack(s, -1, false);
		return;
	}
	if (s->ack_due_us == SNOOP_NEVER)
		s->ack_due_us = s->f->now_us +
				(s->ticks ? sim_between(&s->rng, 0, s->delay_us) : s->delay_us);
}

static void arrive(struct sparse *s, uint32_t at)
{
	uint32_t n = s->pending[at].n;
	int32_t sack = s->pending[at].sack;
	bool up = s->pending[at].up;
	struct wire_view view;

	s->pending[at] = s->pending[--s->pending_count];
	if (!up) {
		station_takes(s, n);
		return;
	}
	view = fixture_ack_view(s->f, seq_of(s, n));
	if (sack >= 0)
		fixture_add_sack(&view, seq_of(s, (uint32_t)sack), seq_of(s, (uint32_t)sack + 1));
	fixture_receive_view(s->f, &view);
	trace(s, "ACK", n);
}

static void send_next(struct sparse *s)
{
	struct wire_view view = fixture_data_view(s->f, seq_of(s, s->sent), s->bytes);

	over_the_radio(s, s->sent++);
	fixture_send_view(s->f, &view);
	trace(s, "data", s->sent - 1);
}

static void run(struct sparse *s)
{
	struct snoop_flow *flow = &s->f->flow;
	uint64_t send_us = s->f->now_us, end_us = 0;

	s->ack_due_us = SNOOP_NEVER;
	s->sent = s->next = WARM_UP;
	while (s->sent < s->segments + WARM_UP || s->f->now_us < end_us) {
		uint64_t due_us = min_u64(min_u64(send_us, s->ack_due_us), flow->deadline_us);
		uint32_t first = 0;

		for (uint32_t i = 1; i < s->pending_count; i++)
			if (s->pending[i].at_us < s->pending[first].at_us)
				first = i;
		if (s->pending_count)
			due_us = min_u64(due_us, s->pending[first].at_us);
		if (due_us == SNOOP_NEVER)
			return;
		s->f->now_us = max_u64(s->f->now_us, due_us);
		if (s->pending_count && s->pending[first].at_us <= due_us) {
			arrive(s, first);
		} else if (s->ack_due_us <= due_us) {
			send_ack(s, -1, false);
		} else if (send_us <= due_us) {
			send_next(s);
			send_us += s->gap_us + sim_between(&s->rng, 0, s->gap_more_us);
			if (s->sent == s->segments + WARM_UP) {
				end_us = s->f->now_us + 3 * USEC_PER_SEC;
				send_us = SNOOP_NEVER;
			}
		} else {
			snoop_flow_timer(s->f->engine, flow, s->f->now_us);
		}
		take_retransmits(s);
	}
}

#define PICK(s, ...)                                                                               \
	((const uint32_t[]){                                                                       \
		__VA_ARGS__})[sim_random(&(s)->rng) %                                              \
			      (sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))]

static void draw(struct sparse *s, uint64_t seed)
{
	*s = (struct sparse){.rng.state = seed ^ 0x5a5aULL, .segments = SEGMENTS};
	s->delay_us = PICK(s, 40, 100, 150, 200, 250, 500) * 1000;
	s->ticks = sim_chance(&s->rng, 250000);
	s->ack_every = PICK(s, 0, 0, 2, 2, 2, 4, 8);
	s->ack_bytes = PICK(s, 2, 2, 4, 8) * FULL_BYTES;
	s->sack = sim_chance(&s->rng, 600000);
	s->dsack = s->sack && sim_chance(&s->rng, 300000);
	s->rtt_us = PICK(s, 2, 4, 10, 30, 60) * 1000;
	s->jitter_us = PICK(s, 0, 0, 500, 2000);
	s->gap_us = PICK(s, 20, 25, 30, 40, 60, 100, 600) * 1000;
	s->gap_more_us = PICK(s, 0, 0, 10000, 40000);
	s->bytes = PICK(s, FULL_BYTES, FULL_BYTES, FULL_BYTES, 100, 600);
	s->level = PICK(s, SNOOP_LEVEL_REPAIR, SNOOP_LEVEL_AUTO, SNOOP_LEVEL_SNOOP);
}

static void draw_steps(struct sparse *s, uint64_t seed)
{
	*s = (struct sparse){.rng.state = seed ^ 0x57e9ULL, .segments = SEGMENTS_MAX};
	s->delay_us = PICK(s, 0, 0, 10, 25, 40) * 1000;
	s->ack_every = 2;
	s->sack = sim_chance(&s->rng, 700000);
	s->dsack = s->sack && sim_chance(&s->rng, 700000);
	s->rtt_us = 4000;
	s->step_rtt_us = PICK(s, 15, 30, 45, 60) * 1000;
	s->jitter_us = PICK(s, 0, 500, 2000);
	s->gap_us = PICK(s, 20, 30, 40, 60, 80, 100) * 1000;
	s->gap_more_us = PICK(s, 0, 0, 10000);
	s->bytes = FULL_BYTES;
	s->level = PICK(s, SNOOP_LEVEL_REPAIR, SNOOP_LEVEL_AUTO, SNOOP_LEVEL_SNOOP);
}

static void start(struct sparse *s)
{
	struct snoop_config config;

	snoop_config_defaults(&config);
	config.cache_segments = 512;
	config.stations = 4;
	config.syn_entries = 4;
	s->f = fixture_engine(&config);
	s->f->base = 0xfffff000U;
	fixture_syn(s->f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	s->f->now_us += s->rtt_us;
	fixture_syn(s->f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 10);
	s->f->now_us += 40000;
	snoop_flow_init(s->f->engine, &s->f->flow, &s->f->key, s->level, s->f->now_us);
	fixture_send(s->f, 0, WARM_UP, 0);
	s->f->now_us += s->rtt_us;
	fixture_ack(s->f, WARM_UP, 0, 0);
	s->f->flow.sack = s->sack;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void tell(const struct sparse *s, uint64_t seed)
{
	print_message(
		"seed %lu: delay %u us%s, ACK each %u segments or %u bytes, SACK %d, D-SACK %d, "
		"RTT %u + %u us, gap %u + %u us, %u bytes: %u retransmits, %u late, %u "
		"needless, %u lost, claimed %lu, confirmed %lu\n",
		seed, s->delay_us, s->ticks ? " or less" : "", s->ack_every, s->ack_bytes, s->sack,
		s->dsack, s->rtt_us, s->jitter_us, s->gap_us, s->gap_more_us, s->bytes,
		s->f->retransmit_count, s->retransmits_late, s->needless, s->lost,
		s->f->counters.radio_losses, s->f->counters.repairs_confirmed);
}

static void test_nothing_is_lost(void **state)
{
	uint64_t first = from_environment("SPARSE_FIRST", 1),
		 seeds = from_environment("SPARSE_SEEDS", SEEDS);
	bool verbose = from_environment("SPARSE_VERBOSE", 0);
	uint32_t failures = 0, needless = 0, late = 0;

	for (uint64_t seed = first; seed < first + seeds; seed++) {
		struct sparse s;
		bool wrong;

		draw(&s, seed);
		start(&s);
		run(&s);
		wrong = s.f->retransmit_count > SEGMENTS * 3 / 100 ||
			s.retransmits_late > (s.ticks ? 2 : RARE) || s.f->counters.radio_losses ||
			s.f->counters.repairs_confirmed || s.next != s.segments + WARM_UP;
		if (wrong || verbose)
			tell(&s, seed);
		failures += wrong;
		needless += s.f->retransmit_count;
		late += s.retransmits_late;
		fixture_close(s.f);
	}
	print_message("%lu seeds of %u segments: %u needless retransmits, %u after the first %u\n",
		      seeds, SEGMENTS, needless, late, LEARNT);
	assert_int_equal(failures, 0);
}

static void test_the_path_steps(void **state)
{
	uint64_t first = from_environment("SPARSE_FIRST", 1),
		 seeds = from_environment("SPARSE_SEEDS", SEEDS) / 4;
	bool verbose = from_environment("SPARSE_VERBOSE", 0);
	uint32_t failures = 0, needless = 0, steps = 0;

	for (uint64_t seed = first; seed < first + seeds; seed++) {
		struct sparse s;
		bool wrong;

		draw_steps(&s, seed);
		start(&s);
		s.step_us = s.f->now_us + sim_between(&s.rng, 2000000, 5000000);
		run(&s);
		wrong = s.f->retransmit_count > s.steps * STEP_NEEDLESS ||
			s.f->counters.radio_losses || s.f->counters.repairs_confirmed ||
			s.next != s.segments + WARM_UP;
		if (wrong || verbose) {
			print_message("%u steps to %u us: ", s.steps, s.step_rtt_us);
			tell(&s, seed);
		}
		failures += wrong;
		needless += s.f->retransmit_count;
		steps += s.steps;
		fixture_close(s.f);
	}
	print_message("%lu seeds, %u steps: %u needless retransmits\n", seeds, steps, needless);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_the_path_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
