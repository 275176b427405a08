/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables of what hosts get over a lossy radio: doc/two-ended-simulation.md. No test.
 *
 *     build/tests/sim/arq/arq_sweep TABLE [SEEDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define SEEDS_MAX 32U

static uint32_t seeds = 5;

static const char *const mode_names[] = {"plain wire", "repaired, no order", "repaired, ordered"};
static const char *const cc_names[] = {"NewReno", "CUBIC"};
static const uint32_t losses_ppm[] = {0, 10000, 50000, 100000};

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values)
{
	qsort(values, seeds, sizeof(*values), compare);
	return values[seeds / 2];
}

struct medians {
	double down, up, down_least, thin_p50, thin_p99, thin_max, udp_p99, udp_lost, after, before;
	double useless, control, reductions, spurious, bucket_empty, queue_p99, thin_lost;
};

static void run(struct scenario *scenario, struct medians *medians)
{
	double values[17][SEEDS_MAX];
	double *at = (double *)medians;

	for (uint32_t i = 0; i < seeds; i++) {
		struct scenario_result r;

		scenario->seed = i + 1;
		if (!scenario_run(scenario, &r)) {
			printf("seed %u: %s\n", i + 1, r.why);
			exit(1);
		}
		values[0][i] = r.share_down;
		values[1][i] = r.share_up;
		values[2][i] = r.share_down;
		values[3][i] = r.thin_p50_us / 1000.0;
		values[4][i] = r.thin_p99_us / 1000.0;
		values[5][i] = r.thin_max_us / 1000.0;
		values[6][i] = r.udp_p99_us / 1000.0;
		values[7][i] = (double)r.udp_lost / (double)(r.udp_sent + !r.udp_sent);
		values[8][i] = r.loss_after;
		values[9][i] = r.loss_before;
		values[10][i] = (double)r.duplicates / (double)(r.retransmits + !r.retransmits);
		values[11][i] = r.control_share;
		values[12][i] = (double)r.quic_reductions;
		values[13][i] = (double)r.quic_spurious;
		values[14][i] = (double)r.bucket_empty;
		values[15][i] = r.queue_p99_us / 1000.0;
		values[16][i] = (double)r.thin_lost / (double)(r.thin_sent + !r.thin_sent);
	}
	for (uint32_t i = 0; i < 17; i++)
		at[i] = median(values[i]);
	medians->down_least = values[2][0];
}

/* The kill criterion: QUIC-like senders, D 5 ms, both ways lossy. */
static void goodput(uint32_t wired_rtt_us, uint32_t ups)
{
	printf("| wired %u ms%s | loss | ", wired_rtt_us / 1000, ups ? ", up and down" : "");
	printf("share down (least) | up | share / (1 - p) | reductions | spurious | useless | "
	       "loss after | control |\n");
	for (int cc = QUIC_NEWRENO; cc <= QUIC_CUBIC; cc++)
		for (int mode = SCENARIO_PLAIN; mode <= SCENARIO_ORDERED; mode++)
			for (uint32_t i = 0; i < 4; i++) {
				struct scenario scenario;
				struct medians m;

				scenario_defaults(&scenario);
				scenario.mode = (enum scenario_mode)mode;
				scenario.cc = (enum quic_cc)cc;
				scenario.ups = ups;
				scenario.wired_rtt_us = wired_rtt_us;
				scenario.queue_us = wired_rtt_us + scenario.rtt_us;
				scenario.loss_ppm = losses_ppm[i];
				run(&scenario, &m);
				printf("| %s, %s | %u %% | %.3f (%.3f) | %.3f | %.3f | %.0f | "
				       "%.0f | %.4f | %.1e | %.4f |\n",
				       cc_names[cc], mode_names[mode], losses_ppm[i] / 10000,
				       m.down, m.down_least, m.up,
				       m.down / (1 - losses_ppm[i] / 1e6), m.reductions, m.spurious,
				       m.useless, m.after, m.control);
				fflush(stdout);
			}
}

int main(int argc, char **argv)
{
	const char *table = argc > 1 ? argv[1] : "";

	if (argc > 2)
		seeds = (uint32_t)strtoul(argv[2], NULL, 0);
	if (!seeds || seeds > SEEDS_MAX) {
		fprintf(stderr, "arq_sweep: SEEDS is %u, must be from 1 to %u\n", seeds, SEEDS_MAX);
		return 2;
	}
	if (!strcmp(table, "goodput"))
		goodput(20000, 0);
	else if (!strcmp(table, "goodput60"))
		goodput(60000, 0);
	else if (!strcmp(table, "both"))
		goodput(20000, 1);
	else {
		fprintf(stderr, "usage: arq_sweep goodput|goodput60|both [SEEDS]\n");
		return 2;
	}
	return 0;
}
