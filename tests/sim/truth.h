/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Cases in which it is known what each side lost, and what the engine has to tell of them.
 *
 * A radio loss is a transmission towards the station, of the sender's or of ours, that did not
 * arrive; an upstream loss a segment that the sender sent and the box did not receive.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include "sim.h"

/** What happens: what of a path is not as usual. */
struct truth_case {
	const char *name;
	struct sim_pipe_params to_box, to_station, from_station;
	uint32_t pace_bytes_per_ms; /* of a paced sender, 0 = as usual */
	uint32_t segments;	    /* 0 = as usual */
};

struct truth_told {
	struct sim_result result;
	uint64_t repeats, segments;
};

extern const struct truth_case truth_cases[];
extern const uint32_t truth_case_count;

enum truth_sender { TRUTH_RENO, TRUTH_PACED, TRUTH_NO_SACK, TRUTH_SENDERS };
enum truth_station { TRUTH_LINUX, TRUTH_PLAIN, TRUTH_NO_DSACK, TRUTH_STATIONS };

/** What happens, to whom, at which level. */
struct truth_row {
	const struct truth_case *entry; /* NULL before the first */
	enum truth_sender sender;
	enum truth_station station;
	enum snoop_level level;
};

#define TRUTH_NAME_BYTES 64

/** Go on to the next row, from {0} to the first. @return false after the last. */
bool truth_next(struct truth_row *row);
/** The row's name: case, sender, station, level. */
void truth_name(const struct truth_row *row, char name[TRUTH_NAME_BYTES]);
/** Run one row. */
void truth_run(const struct truth_row *row, uint64_t seed, struct truth_told *told);
/**
 * Each figure is within 5 % of what it is at least and at most. Where that is less than 5 of 50,000
 * segments, these are allowed; in a run too short for one of them none where nothing was lost.
 *
 * @return what is wrong with what was told, or NULL.
 */
const char *truth_judge(const struct truth_row *row, const struct truth_told *told);
/** The same, where less may be told than happened: nothing is invented. */
const char *truth_judge_claims(const struct truth_row *row, const struct truth_told *told);
void truth_print_head(void);
void truth_print(const struct truth_row *row, const struct truth_told *told, const char *verdict);
#endif
