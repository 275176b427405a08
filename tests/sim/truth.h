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

struct truth_case {
	const char *name;
	void (*change)(struct sim_params *params);
	/* Holds with a paced sender in auto too: no shields, whose copies hide losses. */
	bool paced;
	bool delays; /* so few segments are in flight that their ACKs are delayed */
};

struct truth_told {
	struct sim_result result;
	uint64_t repeats, segments;
};

extern const struct truth_case truth_cases[];
extern const uint32_t truth_case_count;

enum truth_sender { TRUTH_RENO, TRUTH_PACED, TRUTH_NO_SACK, TRUTH_SENDERS };
enum truth_station { TRUTH_LINUX, TRUTH_PLAIN, TRUTH_NO_DSACK, TRUTH_STATIONS };

const char *truth_sender_name(enum truth_sender sender);
const char *truth_station_name(enum truth_station station);
/** Run one case. @return false if the simulation broke off: told->result.why says why. */
bool truth_run(const struct truth_case *entry, enum truth_sender sender, enum truth_station station,
	       enum snoop_level level, uint64_t seed, struct truth_told *told);
/** @return true if the figure is within 5 % of the truth, or off by 8 where that is few, by 1 where
 * nothing was lost. */
bool truth_is_near(uint64_t told, uint64_t truth);
void truth_print_head(void);
void truth_print(const struct truth_case *entry, enum truth_sender sender,
		 enum truth_station station, enum snoop_level level, const struct truth_told *told,
		 const char *verdict);
#endif
