/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What snoopd says about itself in plain sentences, as a table of evidence: each row is a sentence,
 * the condition under which it is true, and the facts it stands on. Pure: facts go in, rows come
 * out; it includes nothing of DPDK and calls nothing. Any thread, with facts of its own.
 *
 * A fact that nobody can know, say the losses of a port whose driver counts none, is
 * VERDICT_UNKNOWN: no sentence takes it for 0.
 */
#ifndef SNOOPD_VERDICT_H
#define SNOOPD_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <counters/counters.h>
#include <snoop/snoop.h>

#define VERDICT_UNKNOWN UINT64_MAX
#define VERDICT_TEXT_CHARS 128	/* a sentence with its end: what telemetry takes as a string */
#define VERDICT_EVIDENCE_MAX 8	/* facts of a row */
#define VERDICT_SENTENCES_MAX 8 /* that are said at once: one, and what is also true */

enum verdict_link { VERDICT_LINK_DOWN, VERDICT_LINK_UP, VERDICT_LINK_GONE };

/** What is known of a port; each VERDICT_UNKNOWN where neither driver nor kernel tells. */
struct verdict_port {
	uint64_t link;		 /* enum verdict_link */
	uint64_t taken;		 /* snoopd took the link down itself */
	uint64_t missed_packets; /* lost before snoopd saw them: ring full, no buffer */
	uint64_t rx_errors;	 /* refused as damaged or too long */
	uint64_t tx_errors;	 /* taken from snoopd, and not sent */
	uint64_t bad_offloads; /* offloads of the kernel's interface that cut frames or lose tags */
	uint64_t mtu_bytes;    /* now */
	uint64_t too_long;     /* of verdict_sums(): came in cut, or are above its MTU: dropped */
};

struct verdict_facts {
	struct counters sum;
	struct verdict_port port[2]; /* by enum snoop_side */
	uint64_t level;		     /* enum snoop_level: the highest of the link and its rules */
	uint64_t guard_spurious, guard_useless; /* 1: demoted for that */
	uint64_t workers, workers_stuck;
	/* Sums that verdict_sums() fills in. */
	uint64_t retransmits_for_losses, spurious_for_losses;
	uint64_t received, not_understood;
};

/** One fact by name. */
struct verdict_evidence {
	const char *name;
	size_t offset; /* of its uint64_t in struct verdict_facts */
};

/** Whether a sentence holds, and whether it matters more than those after it. */
enum verdict_weight {
	VERDICT_FALSE,
	VERDICT_NOTED, /* true, for who reads on */
	VERDICT_LEADS, /* true, and the first thing to know unless a row above leads as well */
};

struct verdict_row {
	const char *id;
	enum verdict_weight (*weigh)(const struct verdict_facts *facts);
	const char *sentence;
	struct verdict_evidence evidence[VERDICT_EVIDENCE_MAX]; /* ends with name NULL, or full */
};

/** All rows, the gravest first. */
extern const struct verdict_row verdict_rows[];
extern const size_t verdict_row_count;

/** All that is unknown as VERDICT_UNKNOWN, all counters 0. */
void verdict_facts_init(struct verdict_facts *facts);

/** Fill in the sums that rows stand on, from the counters. */
void verdict_sums(struct verdict_facts *facts);

/**
 * What is true, the one that matters most first: at least one row, as one of the outcomes always
 * holds.
 *
 * @param rows  room for VERDICT_SENTENCES_MAX
 * @return how many there are
 */
size_t verdict_judge(const struct verdict_facts *facts, const struct verdict_row *rows[]);

static inline uint64_t verdict_value(const struct verdict_facts *facts,
				     const struct verdict_evidence *evidence)
{
	return *(const uint64_t *)((const char *)facts + evidence->offset);
}

#endif
