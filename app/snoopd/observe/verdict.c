/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/verdict.h>

#include <string.h>

#include <snoopd/observe/verdict_rows.h>

#define FEW 10u	  /* fewer events than this do not come first */
#define MANY 100u /* fewer packets than this are no share of the traffic */
/* One loss in so many segments may be told where there was none. */
#define SEGMENTS_AN_ERROR 10000u
#define PER_MILLE 1u /* shares */
#define HUNDREDTH 10u
#define TENTH 100u /* in thousandths */
#define HALF 500u
#define WHOLE 1000u

/* What snoopd does for the radio. Exactly one holds at a time, so there is always one sentence. */
enum outcome {
	OUTCOME_BYPASS,
	OUTCOME_DEMOTED_SPURIOUS,
	OUTCOME_DEMOTED_USELESS,
	OUTCOME_NOTHING_RECEIVED,
	OUTCOME_NO_DATA,
	OUTCOME_NOT_UNDERSTOOD,
	OUTCOME_NO_ACK,
	OUTCOME_LOSSLESS,
	OUTCOME_SENDERS_RETRANSMIT,
	OUTCOME_HARDLY_ANY,
	OUTCOME_ONE_LOSS,
	OUTCOME_OBSERVE_LOSSES,
	OUTCOME_SPURIOUS,
	OUTCOME_UNPROVEN,
	OUTCOME_NONE_REPAIRED,
	OUTCOME_FEW_REPAIRED,
	OUTCOME_HELPS,
};

/* Of a count that may be unknown: what is known of it. */
static uint64_t known(uint64_t count)
{
	return count == VERDICT_UNKNOWN ? 0 : count;
}

/* Counters are read while they are written: a part may be ahead of its whole. */
static uint64_t less(uint64_t whole, uint64_t part)
{
	return whole > part ? whole - part : 0;
}

/* @return true if part is more than so many thousandths of whole. */
static bool above(uint64_t part, uint64_t whole, unsigned int permille)
{
	return part * WHOLE > whole * permille;
}

static enum verdict_weight leads(bool holds)
{
	return holds ? VERDICT_LEADS : VERDICT_FALSE;
}

static enum verdict_weight noted(bool holds)
{
	return holds ? VERDICT_NOTED : VERDICT_FALSE;
}

/* True where there is any, the first thing to know where it is more than that share. */
static enum verdict_weight by_share(uint64_t part, uint64_t whole, unsigned int permille)
{
	if (part == 0)
		return VERDICT_FALSE;
	return above(part, whole, permille) ? VERDICT_LEADS : VERDICT_NOTED;
}

/* The same of what a port, or snoopd itself, lost. */
static enum verdict_weight by_losses(uint64_t lost, uint64_t passed)
{
	return lost == 0    ? VERDICT_FALSE
	       : lost < FEW ? VERDICT_NOTED
			    : by_share(lost, passed, PER_MILLE);
}

/* Worth a word from a hundredth of the traffic on, and the first one where it is most of it. */
static enum verdict_weight of_traffic(uint64_t part, uint64_t received)
{
	if (!above(part, received, HUNDREDTH))
		return VERDICT_FALSE;
	return by_share(part, received, HALF);
}

/* What was found, and what may have been a loss, is no more than snoopd may err by. */
static bool hardly_any(const struct counters *sum)
{
	return (sum->radio_losses + sum->repairs_unproven) * SEGMENTS_AN_ERROR <=
	       sum->data_segments;
}

/* A single loss in fewer segments than one error is allowed for, and no proof of it. */
static bool one_loss(const struct counters *sum)
{
	return sum->radio_losses == 1 && sum->repairs_unproven == 0 &&
	       sum->repairs_confirmed == 0 && sum->data_segments < SEGMENTS_AN_ERROR;
}

/* Hardly a loss was found, but senders retransmit more than a thousandth of their data. */
static bool senders_retransmit(const struct counters *sum)
{
	uint64_t needed = less(sum->sender_retransmits, sum->sender_retransmits_needless);

	return needed >= FEW && above(needed, sum->data_segments, PER_MILLE);
}

static enum outcome outcome_without_losses(const struct counters *sum)
{
	if (senders_retransmit(sum))
		return OUTCOME_SENDERS_RETRANSMIT;
	return sum->radio_losses == 0 ? OUTCOME_LOSSLESS : OUTCOME_HARDLY_ANY;
}

static enum outcome outcome_of_repair(const struct verdict_facts *facts)
{
	const struct counters *sum = &facts->sum;

	if (sum->repairs_confirmed == 0)
		return OUTCOME_NONE_REPAIRED;
	if (facts->spurious_for_losses == 0 &&
	    above(sum->retransmits_timeout, facts->retransmits_for_losses, HALF))
		return OUTCOME_UNPROVEN;
	return above(sum->repairs_confirmed, sum->radio_losses, HALF - 1) ? OUTCOME_HELPS
									  : OUTCOME_FEW_REPAIRED;
}

static enum outcome outcome_of(const struct verdict_facts *facts)
{
	const struct counters *sum = &facts->sum;

	if (facts->level == SNOOP_LEVEL_BYPASS)
		return OUTCOME_BYPASS;
	if (facts->guard_spurious)
		return OUTCOME_DEMOTED_SPURIOUS;
	if (facts->guard_useless)
		return OUTCOME_DEMOTED_USELESS;
	if (facts->received == 0)
		return OUTCOME_NOTHING_RECEIVED;
	if (sum->data_segments == 0)
		return facts->not_understood > 0 ? OUTCOME_NOT_UNDERSTOOD : OUTCOME_NO_DATA;
	if (sum->acks_seen == 0)
		return OUTCOME_NO_ACK;
	if (facts->level != SNOOP_LEVEL_OBSERVE &&
	    above(facts->spurious_for_losses, facts->retransmits_for_losses, TENTH))
		return OUTCOME_SPURIOUS;
	if (sum->radio_losses == 0 && sum->repairs_unproven > 0)
		return OUTCOME_UNPROVEN;
	if (hardly_any(sum))
		return outcome_without_losses(sum);
	if (one_loss(sum))
		return OUTCOME_ONE_LOSS;
	return facts->level == SNOOP_LEVEL_OBSERVE ? OUTCOME_OBSERVE_LOSSES
						   : outcome_of_repair(facts);
}

static enum verdict_weight is(const struct verdict_facts *facts, enum outcome outcome)
{
	return leads(outcome_of(facts) == outcome);
}

static enum verdict_weight link_is(const struct verdict_port *port, enum verdict_link link)
{
	return leads(port->link == link && known(port->taken) == 0);
}

static enum verdict_weight mtus_differ(const struct verdict_port *one,
				       const struct verdict_port *other)
{
	return leads(known(one->mtu_bytes) != 0 && known(other->mtu_bytes) != 0 &&
		     one->mtu_bytes != other->mtu_bytes);
}

static enum verdict_weight silent(const struct counters *sum)
{
	if (sum->stations_silent == 0)
		return VERDICT_FALSE;
	return sum->stations_silent >= sum->stations_active ? VERDICT_LEADS : VERDICT_NOTED;
}

#define SUM(name)                                                                                  \
	{                                                                                          \
#name, offsetof(struct verdict_facts, sum.name)                                    \
	}
#define FACT(name)                                                                                 \
	{                                                                                          \
#name, offsetof(struct verdict_facts, name)                                        \
	}
#define PORT(side, SIDE, field)                                                                    \
	{                                                                                          \
#side "_" #field, offsetof(struct verdict_facts, port[SNOOP_##SIDE].field)         \
	}

#define WEIGH(id, weight, ...)                                                                     \
	static enum verdict_weight weigh_##id(const struct verdict_facts *f)                       \
	{                                                                                          \
		const struct counters *s = &f->sum;                                                \
                                                                                                   \
		(void)s;                                                                           \
		return weight;                                                                     \
	}
VERDICTS(WEIGH)

#define ROW(id, weight, sentence, ...) {#id, weigh_##id, sentence, {__VA_ARGS__}},
const struct verdict_row verdict_rows[] = {VERDICTS(ROW)};
const size_t verdict_row_count = sizeof(verdict_rows) / sizeof(verdict_rows[0]);

void verdict_facts_init(struct verdict_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	for (int side = 0; side < 2; side++)
		facts->port[side] = (struct verdict_port){
			.link = VERDICT_UNKNOWN,
			.taken = VERDICT_UNKNOWN,
			.missed_packets = VERDICT_UNKNOWN,
			.rx_errors = VERDICT_UNKNOWN,
			.tx_errors = VERDICT_UNKNOWN,
			.bad_offloads = VERDICT_UNKNOWN,
			.mtu_bytes = VERDICT_UNKNOWN,
		};
}

void verdict_sums(struct verdict_facts *facts)
{
	const struct counters *sum = &facts->sum;

	facts->retransmits_for_losses =
		sum->retransmits_scoreboard + sum->retransmits_dupack + sum->retransmits_timeout;
	facts->spurious_for_losses =
		less(sum->spurious_repairs, sum->spurious_probe + sum->spurious_shield);
	facts->received = sum->rx_wired_packets + sum->rx_wireless_packets;
	facts->not_understood =
		sum->pass_bad_options + sum->pass_bad_checksum + sum->pass_table_full;
#define ADD_PASS(id, token, help) facts->not_understood += sum->pass_##token;
	WIRE_REASONS(ADD_PASS)
#undef ADD_PASS
	facts->not_understood = less(facts->not_understood, sum->pass_ip_other);
	facts->port[SNOOP_WIRED].too_long = sum->rx_wired_cut + sum->tx_wired_too_long;
	facts->port[SNOOP_WIRELESS].too_long = sum->rx_wireless_cut + sum->tx_wireless_too_long;
}

size_t verdict_judge(const struct verdict_facts *facts, const struct verdict_row *rows[])
{
	size_t count = 0, leader = 0;
	bool led = false;

	for (size_t i = 0; i < verdict_row_count && !led; i++)
		if (verdict_rows[i].weigh(facts) == VERDICT_LEADS) {
			leader = i;
			led = true;
		}
	rows[count++] = &verdict_rows[leader];
	for (size_t i = 0; i < verdict_row_count && count < VERDICT_SENTENCES_MAX; i++)
		if (i != leader && verdict_rows[i].weigh(facts) != VERDICT_FALSE)
			rows[count++] = &verdict_rows[i];
	return count;
}
