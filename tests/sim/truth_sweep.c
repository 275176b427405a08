/* SPDX-License-Identifier: BSD-3-Clause */
/* All cases, as a table: truth_sweep [TEXT [SEED]]; TEXT chooses lines that contain it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

static const enum snoop_level levels[] = {SNOOP_LEVEL_OBSERVE, SNOOP_LEVEL_AUTO};

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	truth_print_head();
	for (uint32_t i = 0; i < truth_case_count; i++)
		for (uint32_t run = 0; run < TRUTH_SENDERS * TRUTH_STATIONS * 2; run++) {
			enum truth_sender sender = run / (TRUTH_STATIONS * 2);
			enum truth_station station = run / 2 % TRUTH_STATIONS;
			struct truth_told told;
			char line[128];

			if (sender == TRUTH_NO_SACK && station != TRUTH_PLAIN)
				continue;
			snprintf(line, sizeof(line), "%s %s %s %s", truth_cases[i].name,
				 truth_sender_name(sender), truth_station_name(station),
				 snoop_level_name(levels[run % 2]));
			if (argc > 1 && !strstr(line, argv[1]))
				continue;
			truth_run(&truth_cases[i], sender, station, levels[run % 2], seed, &told);
			truth_print(&truth_cases[i], sender, station, levels[run % 2], &told,
				    truth_is_near(told.result.counters.radio_losses,
						  told.result.radio_lost)
					    ? ""
					    : "RADIO ");
			fflush(stdout);
		}
	return 0;
}
