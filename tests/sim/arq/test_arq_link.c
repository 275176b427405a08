/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Promise J-1 over random links, dozens of seeds of each kind. For thousands:
 *
 *     build/tests/sim/arq/test_arq_link [KIND FIRST COUNT]
 *
 * KIND is 0 (radio), 1 (restarts) or 2 (attacks).
 */
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

#define SEEDS 25U

static const char *const names[] = {"radio", "restart", "attack"};

static int run(enum random_kind kind, uint64_t first, uint64_t count)
{
	struct random_result sum = {.why = ""};
	int broken = 0;

	for (uint64_t seed = first; seed < first + count; seed++) {
		struct random_result result;

		if (!random_run(seed, kind, &result)) {
			printf("%s, seed %lu: %s\n", names[kind], (unsigned long)seed, result.why);
			broken++;
		}
		sum.sent += result.sent;
		sum.delivered += result.delivered;
		sum.tagged += result.tagged;
		sum.lost_on_radio += result.lost_on_radio;
		sum.given_up += result.given_up;
		sum.retransmits += result.retransmits;
		sum.withheld += result.withheld;
		sum.late_originals += result.late_originals;
		sum.duplicates += result.duplicates;
		sum.wrong += result.wrong;
	}
	printf("%s: %lu seeds, %d broken; frames sent %lu, tagged %lu, lost on the radio %lu, "
	       "retransmitted %lu, given up %lu, withheld %lu, late originals %lu, duplicates %lu, "
	       "wrong frames on a LAN %lu, delivered %lu\n",
	       names[kind], (unsigned long)count, broken, (unsigned long)sum.sent,
	       (unsigned long)sum.tagged, (unsigned long)sum.lost_on_radio,
	       (unsigned long)sum.retransmits, (unsigned long)sum.given_up,
	       (unsigned long)sum.withheld, (unsigned long)sum.late_originals,
	       (unsigned long)sum.duplicates, (unsigned long)sum.wrong,
	       (unsigned long)sum.delivered);
	return broken;
}

int main(int argc, char **argv)
{
	int broken = 0;

	if (argc == 4)
		return run((enum random_kind)(strtoul(argv[1], NULL, 0) % RANDOM_KINDS),
			   strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0)) != 0;
	for (enum random_kind kind = RANDOM_RADIO; kind < RANDOM_KINDS; kind++)
		broken += run(kind, 1, SEEDS);
	return broken != 0;
}
