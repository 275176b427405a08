/* SPDX-License-Identifier: BSD-3-Clause */
/* Every sentence of the verdict, once true and once false, and what must never be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <snoopd/observe/verdict.h>

/* A link that helps, with ports that count and have lost nothing. */
static struct verdict_facts helping(void)
{
	struct verdict_facts facts;

	verdict_facts_init(&facts);
	for (int side = 0; side < 2; side++)
		facts.port[side] =
			(struct verdict_port){.link = VERDICT_LINK_UP, .mtu_bytes = 1500};
	facts.level = SNOOP_LEVEL_AUTO;
	facts.workers = 1;
	facts.sum = (struct counters){
		.rx_wired_packets = 100000,
		.rx_wireless_packets = 50000,
		.tx_wired_packets = 50000,
		.tx_wireless_packets = 101000,
		.tcp_wired_packets = 100000,
		.tcp_wireless_packets = 50000,
		.data_segments = 100000,
		.acks_seen = 50000,
		.radio_losses = 1000,
		.retransmits_scoreboard = 1000,
		.repairs_confirmed = 990,
		.spurious_repairs = 10,
		.stations_active = 3,
		.flows_active = 5,
	};
	return facts;
}

struct sentence {
	const char *id;
	enum verdict_weight weight;
	void (*make_true)(struct verdict_facts *facts, struct counters *sum);
	void (*make_false)(struct verdict_facts *facts, struct counters *sum);
};

/* X(id, weight, what makes it true in a link that helps, what then makes it false). f: the facts,
 * s: its counters. */
#define PORT_SENTENCES(X, side, SIDE)                                                              \
	X(side##_gone, LEADS, f->port[SNOOP_##SIDE].link = VERDICT_LINK_GONE,                      \
	  f->port[SNOOP_##SIDE].link = VERDICT_UNKNOWN)                                            \
	X(side##_down, LEADS, f->port[SNOOP_##SIDE].link = VERDICT_LINK_DOWN,                      \
	  f->port[SNOOP_##SIDE].taken = 1)                                                         \
	X(side##_taken, NOTED, f->port[SNOOP_##SIDE].taken = 1,                                    \
	  f->port[SNOOP_##SIDE].taken = VERDICT_UNKNOWN)                                           \
	X(side##_too_long, LEADS, s->rx_##side##_cut = s->tx_##side##_too_long = 80,               \
	  s->rx_##side##_cut = s->tx_##side##_too_long = 0)                                        \
	X(side##_lost, LEADS, f->port[SNOOP_##SIDE].missed_packets = 1000,                         \
	  f->port[SNOOP_##SIDE].missed_packets = VERDICT_UNKNOWN)                                  \
	X(side##_refused, LEADS, f->port[SNOOP_##SIDE].rx_errors = 1000,                           \
	  f->port[SNOOP_##SIDE].rx_errors = VERDICT_UNKNOWN)                                       \
	X(side##_unsent, LEADS, f->port[SNOOP_##SIDE].tx_errors = 1000,                            \
	  f->port[SNOOP_##SIDE].tx_errors = VERDICT_UNKNOWN)                                       \
	X(side##_drops, LEADS, s->tx_##side##_drops = 1000, s->tx_##side##_drops = 0)              \
	X(side##_offloads, LEADS, f->port[SNOOP_##SIDE].bad_offloads = 1,                          \
	  f->port[SNOOP_##SIDE].bad_offloads = VERDICT_UNKNOWN)

#define CHECKSUM_SENTENCES(X, side)                                                                \
	X(side##_unfinished, LEADS,                                                                \
	  s->checksum_##side##_invalid = s->checksum_##side##_unfinished = 50000,                  \
	  s->checksum_##side##_unfinished = 0)                                                     \
	X(side##_invalid, LEADS, s->checksum_##side##_invalid = 50000,                             \
	  s->checksum_##side##_unfinished = 50000)

#define SENTENCES(X)                                                                               \
	PORT_SENTENCES(X, wired, WIRED)                                                            \
	PORT_SENTENCES(X, wireless, WIRELESS)                                                      \
	X(stuck, LEADS, f->workers_stuck = 1, f->workers_stuck = 0)                                \
	X(mtu, LEADS, f->port[SNOOP_WIRELESS].mtu_bytes = 1400,                                    \
	  f->port[SNOOP_WIRED].mtu_bytes = VERDICT_UNKNOWN)                                        \
	X(handoff_drops, LEADS, s->handoff_drops = 1000, s->handoff_drops = 0)                     \
	CHECKSUM_SENTENCES(X, wired)                                                               \
	CHECKSUM_SENTENCES(X, wireless)                                                            \
	X(other_vlan, LEADS, s->pass_other_vlan = 10000, s->pass_other_vlan = 0)                   \
	X(pppoe, LEADS, s->pass_pppoe = 75001, s->pass_pppoe = 1500)                               \
	X(mpls, LEADS, s->pass_mpls = 75001, s->pass_mpls = 1500)                                  \
	X(tunnels, LEADS, s->pass_gre = s->pass_ip_in_ip = s->pass_udp_tunnel = 25001,             \
	  s->pass_gre = s->pass_ip_in_ip = s->pass_udp_tunnel = 500)                               \
	X(ipsec, LEADS, s->pass_ipsec = 75001, s->pass_ipsec = 1500)                               \
	X(no_room, LEADS, s->pass_table_full = 100000, s->pass_table_full = 0)                     \
	X(silent, LEADS, s->stations_silent = 3, s->stations_silent = 0)                           \
	X(bypass, LEADS, f->level = SNOOP_LEVEL_BYPASS, f->level = SNOOP_LEVEL_OBSERVE)            \
	X(demoted_spurious, LEADS, f->guard_spurious = 1, f->level = SNOOP_LEVEL_BYPASS)           \
	X(demoted_useless, LEADS, f->guard_useless = 1, f->guard_useless = 0)                      \
	X(nothing_received, LEADS, s->rx_wired_packets = s->rx_wireless_packets = 0,               \
	  s->rx_wireless_packets = 1)                                                              \
	X(no_data, LEADS, s->data_segments = 0, s->pass_bad_checksum = 1)                          \
	X(not_understood, LEADS, (s->data_segments = 0, s->pass_non_ip = 1), s->pass_non_ip = 0)   \
	X(no_ack, LEADS, s->acks_seen = 0, s->acks_seen = 1)                                       \
	X(lossless, LEADS, s->radio_losses = 0, s->acks_seen = 0)                                  \
	X(senders_retransmit, LEADS, (s->radio_losses = 0, s->sender_retransmits = 1000),          \
	  s->sender_retransmits_needless = 1000)                                                   \
	X(hardly_any, LEADS, s->radio_losses = s->repairs_confirmed = 10, s->radio_losses = 11)    \
	X(one_loss, LEADS,                                                                         \
	  (s->data_segments = 500, s->radio_losses = 1, s->repairs_confirmed = 0,                  \
	   f->level = SNOOP_LEVEL_OBSERVE),                                                        \
	  s->radio_losses = 2)                                                                     \
	X(observe_losses, LEADS, f->level = SNOOP_LEVEL_OBSERVE, f->level = SNOOP_LEVEL_REPAIR)    \
	X(spurious, LEADS, s->spurious_repairs = 101, s->spurious_shield = 1)                      \
	X(none_repaired, LEADS, s->repairs_confirmed = 0, s->repairs_confirmed = 1)                \
	X(unproven, LEADS, (s->retransmits_timeout = 1001, s->spurious_repairs = 0),               \
	  s->spurious_repairs = 1)                                                                 \
	X(helps_little, LEADS, s->repairs_confirmed = 499, s->repairs_confirmed = 500)             \
	X(helps, LEADS, s->repairs_confirmed = 500, s->spurious_repairs = 101)                     \
	X(wired_unknown, NOTED,                                                                    \
	  (f->port[SNOOP_WIRED].missed_packets = VERDICT_UNKNOWN, s->upstream_holes = 1),          \
	  f->port[SNOOP_WIRED].missed_packets = 0)                                                 \
	X(wireless_unknown, NOTED, f->port[SNOOP_WIRELESS].tx_errors = VERDICT_UNKNOWN,            \
	  f->port[SNOOP_WIRELESS].tx_errors = 0)                                                   \
	X(upstream, NOTED, s->upstream_holes = 1001, s->upstream_holes = 1000)                     \
	X(one_way, NOTED, s->flows_because_one_way = 1, s->flows_because_one_way = 0)              \
	X(not_tcp, NOTED, s->pass_ip_other = 75001, s->pass_ip_other = 75000)                      \
	X(outage, NOTED, s->pass_outage = 1, s->pass_outage = 0)                                   \
	X(partly_bypass, NOTED, s->pass_bypass = 15001, f->level = SNOOP_LEVEL_BYPASS)             \
	X(clock, NOTED, s->clock_calibrations = 1, s->clock_calibrations = 0)                      \
	X(clock_steps, NOTED, s->clock_steps = 1, s->clock_steps = 0)                              \
	X(stalls, NOTED, s->turn_stalls = 1, s->turn_stalls = 0)

#define CHANGE(name, change)                                                                       \
	static void name(struct verdict_facts *f, struct counters *s)                              \
	{                                                                                          \
		(void)f;                                                                           \
		(void)s;                                                                           \
		(void)(change);                                                                    \
	}
#define CHANGES(id, weight, make_true, make_false)                                                 \
	CHANGE(true_##id, make_true)                                                               \
	CHANGE(false_##id, make_false)
SENTENCES(CHANGES)

static const struct sentence sentences[] = {
#define SENTENCE(id, weight, ...) {#id, VERDICT_##weight, true_##id, false_##id},
	SENTENCES(SENTENCE)
#undef SENTENCE
};

#define SENTENCE_COUNT (sizeof(sentences) / sizeof(sentences[0]))

static enum verdict_weight weight_of(struct verdict_facts *facts, const char *id)
{
	verdict_sums(facts);
	for (size_t i = 0; i < verdict_row_count; i++)
		if (strcmp(verdict_rows[i].id, id) == 0)
			return verdict_rows[i].weigh(facts);
	fail_msg("no row %s", id);
	return VERDICT_FALSE;
}

static const char *first_of(struct verdict_facts *facts)
{
	const struct verdict_row *rows[VERDICT_SENTENCES_MAX];

	verdict_sums(facts);
	verdict_judge(facts, rows);
	return rows[0]->id;
}

/* A row without a sentence in this file fails, and so does one whose sentence is never said. */
static void each_is_made_true_and_false(void **state)
{
	for (size_t i = 0; i < verdict_row_count; i++) {
		const struct sentence *sentence = sentences;
		struct verdict_facts facts = helping();

		while (sentence < sentences + SENTENCE_COUNT &&
		       strcmp(sentence->id, verdict_rows[i].id) != 0)
			sentence++;
		if (sentence == sentences + SENTENCE_COUNT)
			fail_msg("%s: no test", verdict_rows[i].id);
		sentence->make_true(&facts, &facts.sum);
		if (weight_of(&facts, sentence->id) != sentence->weight)
			fail_msg("%s is not true", sentence->id);
		if (sentence->weight == VERDICT_LEADS)
			assert_string_equal(first_of(&facts), sentence->id);
		else
			assert_string_equal(first_of(&facts), "helps");
		sentence->make_false(&facts, &facts.sum);
		if (weight_of(&facts, sentence->id) != VERDICT_FALSE)
			fail_msg("%s is still true", sentence->id);
	}
	assert_int_equal(verdict_row_count, SENTENCE_COUNT);
}

static void each_has_a_text_and_evidence(void **state)
{
	for (size_t i = 0; i < verdict_row_count; i++) {
		const struct verdict_row *row = &verdict_rows[i];

		if (strlen(row->sentence) >= VERDICT_TEXT_CHARS || row->sentence[0] == '\0')
			fail_msg("%s: %zu characters", row->id, strlen(row->sentence));
		assert_non_null(row->evidence[0].name);
		for (size_t at = 0; at < VERDICT_EVIDENCE_MAX && row->evidence[at].name; at++) {
			assert_int_equal(row->evidence[at].offset % sizeof(uint64_t), 0);
			assert_in_range(row->evidence[at].offset, 0,
					sizeof(struct verdict_facts) - sizeof(uint64_t));
		}
	}
}

struct losses {
	uint64_t segments, losses, confirmed, unproven;
	const char *observe, *repair;
};

/* What snoopd may err by is never told as losses of the radio, nor few segments as a share. */
static void few_losses_are_told_as_such(void **state)
{
	static const struct losses cases[] = {
		{50000, 5, 0, 0, "hardly_any", "hardly_any"},
		{50000, 5, 5, 0, "hardly_any", "hardly_any"},
		{50000, 6, 0, 0, "observe_losses", "none_repaired"},
		{50000, 6, 6, 0, "observe_losses", "helps"},
		{50000, 4, 4, 2, "observe_losses", "helps"},
		{10000, 1, 0, 0, "hardly_any", "hardly_any"},
		{9999, 1, 0, 0, "one_loss", "one_loss"},
		{500, 1, 1, 0, "observe_losses", "helps"},
		{500, 1, 0, 1, "observe_losses", "none_repaired"},
		{12000, 2, 0, 0, "observe_losses", "none_repaired"},
		{100, 2, 0, 0, "observe_losses", "none_repaired"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint64_t level = SNOOP_LEVEL_OBSERVE; level < SNOOP_LEVEL_COUNT; level++) {
			struct verdict_facts facts = helping();

			facts.level = level;
			facts.sum.spurious_repairs = 0;
			facts.sum.data_segments = cases[i].segments;
			facts.sum.radio_losses = cases[i].losses;
			facts.sum.repairs_confirmed = cases[i].confirmed;
			facts.sum.repairs_unproven = cases[i].unproven;
			assert_string_equal(first_of(&facts), level == SNOOP_LEVEL_OBSERVE
								      ? cases[i].observe
								      : cases[i].repair);
		}
}

/* What a port lost, few as they are, is said after whether snoopd helps; many lead. */
static void few_losses_of_a_port_are_noted(void **state)
{
	struct verdict_facts facts = helping();

	facts.port[SNOOP_WIRED].missed_packets = 3;
	facts.port[SNOOP_WIRELESS].tx_errors = 3;
	facts.sum.checksum_wired_invalid = 3;
	facts.sum.stations_silent = 1;
	assert_string_equal(first_of(&facts), "helps");
	assert_int_equal(weight_of(&facts, "wired_lost"), VERDICT_NOTED);
	assert_int_equal(weight_of(&facts, "wireless_unsent"), VERDICT_NOTED);
	assert_int_equal(weight_of(&facts, "wired_invalid"), VERDICT_NOTED);
	assert_int_equal(weight_of(&facts, "silent"), VERDICT_NOTED);
	facts.port[SNOOP_WIRED].missed_packets = 1000;
	assert_string_equal(first_of(&facts), "wired_lost");
}

/* Frames that were too long are told of the port that could not take them. */
static void long_frames_are_told_of_the_port_in_their_way(void **state)
{
	struct verdict_facts facts = helping();

	facts.sum.tx_wireless_too_long = 1000;
	assert_string_equal(first_of(&facts), "wireless_too_long");
	assert_int_equal(weight_of(&facts, "wired_too_long"), VERDICT_FALSE);
	facts.sum.tx_wireless_too_long = 0;
	facts.sum.tx_wired_too_long = 1000;
	assert_string_equal(first_of(&facts), "wired_too_long");
	assert_int_equal(weight_of(&facts, "wireless_too_long"), VERDICT_FALSE);
}

/* Unknown is neither 0 nor much. */
static void unknown_is_no_number(void **state)
{
	const struct verdict_row *rows[VERDICT_SENTENCES_MAX];
	struct verdict_facts facts = helping(), unknown;

	verdict_facts_init(&unknown);
	memcpy(facts.port, unknown.port, sizeof(facts.port));
	facts.sum.radio_losses = facts.sum.repairs_confirmed = 0;
	verdict_sums(&facts);
	assert_int_equal(verdict_judge(&facts, rows), 1);
	assert_string_equal(rows[0]->id, "lossless");
	facts = helping();
	memcpy(facts.port, unknown.port, sizeof(facts.port));
	facts.sum.upstream_holes = 5;
	verdict_sums(&facts);
	assert_int_equal(verdict_judge(&facts, rows), 3);
	assert_string_equal(rows[0]->id, "helps");
	assert_string_equal(rows[1]->id, "wired_unknown");
	assert_string_equal(rows[2]->id, "wireless_unknown");
}

static uint64_t any_count(void)
{
	static const uint64_t limits[] = {1, 2, 20, 1000, 1000000};

	return (uint64_t)rand() % limits[rand() % 5];
}

static struct verdict_facts any_facts(void)
{
	struct verdict_facts facts;

	verdict_facts_init(&facts);
#define ANY_COUNTER(id, type, unit, help) facts.sum.id = any_count();
	COUNTERS(ANY_COUNTER)
#undef ANY_COUNTER
	/* What the engine and the worker keep. */
	facts.sum.spurious_repairs += facts.sum.spurious_probe + facts.sum.spurious_shield;
	facts.sum.sender_retransmits += facts.sum.sender_retransmits_needless;
	facts.level = (uint64_t)rand() % SNOOP_LEVEL_COUNT;
	if (rand() % 4 == 0)
		facts.guard_spurious = 1;
	for (int side = 0; side < 2; side++)
		if (rand() % 2)
			facts.port[side].missed_packets = any_count();
	verdict_sums(&facts);
	return facts;
}

static bool says(const struct verdict_facts *facts, const char *id)
{
	struct verdict_facts copy = *facts;

	return weight_of(&copy, id) != VERDICT_FALSE;
}

/* Whatever was counted: one outcome, and none that the counters contradict. */
static void no_counters_make_it_lie(void **state)
{
	static const char *const outcomes[] = {"bypass",
					       "demoted_spurious",
					       "demoted_useless",
					       "nothing_received",
					       "no_data",
					       "not_understood",
					       "no_ack",
					       "lossless",
					       "senders_retransmit",
					       "hardly_any",
					       "one_loss",
					       "observe_losses",
					       "spurious",
					       "none_repaired",
					       "unproven",
					       "helps_little",
					       "helps"};

	srand(1);
	for (int i = 0; i < 20000; i++) {
		struct verdict_facts facts = any_facts();
		const struct counters *sum = &facts.sum;
		int said = 0;

		for (size_t at = 0; at < sizeof(outcomes) / sizeof(outcomes[0]); at++)
			said += says(&facts, outcomes[at]);
		assert_int_equal(said, 1);
		if (says(&facts, "lossless")) {
			assert_int_equal(sum->radio_losses, 0);
			assert_true(sum->acks_seen > 0);
		}
		if (says(&facts, "observe_losses") || says(&facts, "none_repaired"))
			assert_true(10000 * (sum->radio_losses + sum->repairs_unproven) >
				    sum->data_segments);
		if (says(&facts, "no_data")) {
			assert_int_equal(sum->data_segments, 0);
			assert_int_equal(sum->pass_bad_checksum + sum->pass_non_ip, 0);
			assert_int_equal(sum->pass_table_full + sum->pass_fragment, 0);
		}
		if (says(&facts, "helps")) {
			assert_true(2 * sum->repairs_confirmed >= sum->radio_losses);
			assert_true(10 * facts.spurious_for_losses <= facts.retransmits_for_losses);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_made_true_and_false),
		cmocka_unit_test(each_has_a_text_and_evidence),
		cmocka_unit_test(few_losses_are_told_as_such),
		cmocka_unit_test(few_losses_of_a_port_are_noted),
		cmocka_unit_test(long_frames_are_told_of_the_port_in_their_way),
		cmocka_unit_test(unknown_is_no_number),
		cmocka_unit_test(no_counters_make_it_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
