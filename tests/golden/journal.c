/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

#include <flow/hash.h>
#include <snoop/engine.h>
#include <snoop/store/records.h>

/* The packet's number travels in the mbuf: rte_pktmbuf_copy() copies it as well. */
static size_t number_offset;

static uint64_t *number_of(struct rte_mbuf *packet)
{
	return RTE_MBUF_DYNFIELD(packet, number_offset, uint64_t *);
}

int journal_open(struct journal *journal, const char *path)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "golden_number",
		.size = sizeof(uint64_t),
		.align = _Alignof(uint64_t),
	};

	int offset = rte_mbuf_dynfield_register(&field);

	if (offset < 0) {
		fprintf(stderr, "golden-harness: rte_mbuf_dynfield_register: %s\n",
			rte_strerror(rte_errno));
		return -1;
	}
	number_offset = (size_t)offset;
	journal->file = fopen(path, "w");
	if (journal->file != NULL)
		return 0;
	fprintf(stderr, "golden-harness: %s: %s\n", path, strerror(errno));
	return -1;
}

int journal_close(struct journal *journal)
{
	return journal->file == NULL ? 0 : fclose(journal->file);
}

void journal_in(struct journal *journal, struct rte_mbuf *packet, enum snoop_side from,
		uint64_t now_us)
{
	uint64_t number = journal->next++;

	if (journal->file == NULL)
		return;
	if (packet == NULL) {
		fprintf(journal->file, "missed %" PRIu64 "\n", number);
		return;
	}
	*number_of(packet) = number;
	fprintf(journal->file, "in %" PRIu64 " %d %" PRIu64 "\n", number, from, now_us);
}

void journal_out(struct journal *journal, struct rte_mbuf *packet, enum snoop_side to,
		 uint64_t now_us)
{
	if (journal->file != NULL)
		fprintf(journal->file, "out %" PRIu64 " %d %" PRIu64 "\n", *number_of(packet), to,
			now_us);
}

void journal_withheld(struct journal *journal, const struct worker *worker, const uint8_t *frame,
		      uint32_t bytes)
{
	const struct flow_record *record;
	const struct snoop_segment *hole;
	const struct snoop_flow *flow;
	struct wire_view view;
	struct snoop_key key;

	if (journal->file == NULL ||
	    worker->link[0]->counters.acks_withheld == journal->counters.acks_withheld)
		return;
	wire_parse(frame, bytes, bytes, &view);
	snoop_key_of(&key, &view, SNOOP_WIRELESS, 0);
	record = flow_table_find(&worker->table, &key, (uint32_t)flow_hash(&key, worker->secret));
	if (record == NULL)
		return; /* the oracle finds a withheld ACK without a reason */
	flow = &record->flow;
	hole = segment_at(worker->link[0]->engine, flow->by_seq.head);
	fprintf(journal->file,
		"withheld %" PRIu64
		" duplicate ACK %u of the cached segment %u to %u, retransmitted %u "
		"times, held until %" PRIu64 "\n",
		journal->next - 1, view.ack, hole->seq, hole->end, hole->tries,
		segment_at(worker->link[0]->engine, flow->withheld.tail)->sent_us);
}

void journal_count(struct journal *journal, const struct counters *counters)
{
#define COUNT(name)                                                                                \
	if (counters->name != journal->counters.name)                                              \
		fprintf(journal->file, "count %s %" PRIu64 "\n", #name,                            \
			counters->name - journal->counters.name);

	if (journal->file == NULL)
		return;
	COUNT(acks_withheld)
	COUNT(acks_released)
	COUNT(acks_freed)
	COUNT(retransmits_scoreboard)
	COUNT(retransmits_dupack)
	COUNT(retransmits_timeout)
	COUNT(retransmits_probe)
	COUNT(retransmits_shield)
	COUNT(retransmits_syn)
	COUNT(tx_wired_drops)
	COUNT(tx_wireless_drops)
	COUNT(tx_retransmit_drops)
#undef COUNT
	journal->counters = *counters;
}
