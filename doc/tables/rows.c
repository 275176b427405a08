/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of the sources that the documents show as tables, one a line, fields separated by tabs:
 * what tables.py reads. Not installed. */
#include <stdio.h>

#include <counters/counters.h>
#include <counters/histograms.h>
#include <counters/reasons.h>

int main(void)
{
#define COUNTER_ROW(id, type, unit, help)                                                          \
	puts("counter\t" #id "\t" #type "\t" #unit "\t" help);
	COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
#define HISTOGRAM_ROW(id, unit, help) puts("histogram\t" #id "\t" #unit "\t" help);
	HISTOGRAMS(HISTOGRAM_ROW)
#undef HISTOGRAM_ROW
#define REASON_ROW(id, token, help) puts("reason\t" #token "\t" help);
	SNOOP_REASONS(REASON_ROW)
#undef REASON_ROW
	return 0;
}
