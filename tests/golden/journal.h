/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The harness's journal: what became of every packet, one line each, for the replay oracle
 * (tests/oracle/README.md). Packets are numbered from 0 in the order in which they were received.
 *
 *	in NUMBER SIDE TIME_US
 *	missed NUMBER                  no packet buffer: never received
 *	out NUMBER SIDE TIME_US        sent to that side; a number that comes again is a retransmit
 *	withheld NUMBER REASON         an ACK was withheld, and why (see journal_withheld())
 *	count NAME DIFFERENCE          after what one event brought: counters of verdicts that
 *changed
 */
#ifndef GOLDEN_JOURNAL_H
#define GOLDEN_JOURNAL_H

#include <stdint.h>
#include <stdio.h>

#include <snoopd/datapath/worker.h>

struct journal {
	FILE *file; /* NULL: no journal is kept, all functions do nothing */
	uint64_t next;
	struct counters counters; /* as they were after the last event */
};

/** @return 0, or -1 after a line on stderr. */
int journal_open(struct journal *journal, const char *path);
int journal_close(struct journal *journal);

/** The next packet of the input; NULL where there was no buffer for it. */
void journal_in(struct journal *journal, struct rte_mbuf *packet, enum snoop_side from,
		uint64_t now_us);
void journal_out(struct journal *journal, struct rte_mbuf *packet, enum snoop_side to,
		 uint64_t now_us);
/** The packet's frame, kept by the caller: the mbuf may be gone. Call before the next event. */
void journal_withheld(struct journal *journal, const struct worker *worker, const uint8_t *frame,
		      uint32_t bytes);
/** The event is over: write which counters of verdicts have changed. */
void journal_count(struct journal *journal, const struct counters *counters);

#endif
