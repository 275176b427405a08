/* SPDX-License-Identifier: BSD-3-Clause */
/* All rows, as a table: truth_sweep [TEXT [SEED]]; TEXT chooses rows whose name contains it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	struct truth_row row = {0};

	truth_print_head();
	while (truth_next(&row)) {
		struct truth_told told;
		char name[TRUTH_NAME_BYTES];
		const char *wrong;

		truth_name(&row, name);
		if (argc > 1 && !strstr(name, argv[1]))
			continue;
		truth_run(&row, seed, &told);
		wrong = truth_judge(&row, &told);
		truth_print(&row, &told, wrong ? wrong : "");
		fflush(stdout);
	}
	return 0;
}
