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
/* Independent losses, runs of four frames at full rate, and what a radio shows. */
static const uint32_t fades_us[] = {0, 500, 3000};

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
	double useless_per_frame;
};

static void run(struct scenario *scenario, struct medians *medians)
{
	double values[18][SEEDS_MAX];
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
		values[17][i] = r.useless_per_frame;
		values[16][i] = (double)r.thin_lost / (double)(r.thin_sent + !r.thin_sent);
	}
	for (uint32_t i = 0; i < 18; i++)
		at[i] = median(values[i]);
	medians->down_least = values[2][0];
}

/* The kill criterion: QUIC-like senders, D 5 ms, both ways lossy. */
static void goodput(uint32_t wired_rtt_us, uint32_t ups, uint32_t seconds)
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
				scenario.seconds = seconds;
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

static void thin_row(struct scenario *scenario, const char *name)
{
	struct medians m;

	run(scenario, &m);
	printf("| %s | %u %% | %.3f | %.2f / %.2f / %.2f | %.1e | %.2f | %.1e | %.1f | %.4f |\n",
	       name, scenario->loss_ppm / 10000, m.down, m.thin_p50, m.thin_p99, m.thin_max,
	       m.thin_lost, m.udp_p99, m.udp_lost, m.queue_p99, m.useless);
	fflush(stdout);
}

static void thin_head(void)
{
	printf("| | loss | bulk share | thin: added ms p50 / p99 / max | thin lost | UDP: added ms "
	       "p99 | UDP lost | box queue ms p99 | useless |\n");
}

static void thin_defaults(struct scenario *scenario)
{
	scenario_defaults(scenario);
	scenario->cc = QUIC_CUBIC;
	scenario->thins = 8;
	scenario->udp_bps = 2000000;
}

/* Thin flows and a paced stream beside a bulk transfer. */
static void thin(void)
{
	struct scenario scenario;

	thin_head();
	for (int mode = SCENARIO_PLAIN; mode <= SCENARIO_ORDERED; mode++)
		for (uint32_t i = 0; i < 4; i++) {
			thin_defaults(&scenario);
			scenario.mode = (enum scenario_mode)mode;
			scenario.loss_ppm = losses_ppm[i];
			thin_row(&scenario, mode_names[mode]);
		}
}

/* What a radio does beside losing frames. */
static void jitter(void)
{
	static const struct {
		const char *name;
		uint32_t jitter_us, fade_us;
		bool reorders;
	} kinds[] = {
		{"fades of 0.5 ms", 0, 500, false},
		{"fades of 3 ms", 0, 3000, false},
		{"jitter 5 ms, in order", 5000, 0, false},
		{"jitter 0.5 ms, reorders", 500, 0, true},
		{"jitter 5 ms, reorders", 5000, 0, true},
	};
	struct scenario scenario;

	thin_head();
	for (uint32_t kind = 0; kind < 5; kind++)
		for (uint32_t i = kind < 2; i < 4; i++) {
			thin_defaults(&scenario);
			scenario.loss_ppm = losses_ppm[i];
			scenario.jitter_us = kinds[kind].jitter_us;
			scenario.jitter_reorders = kinds[kind].reorders;
			scenario.fade_us = kinds[kind].fade_us;
			thin_row(&scenario, kinds[kind].name);
		}
}

static void no_twins(struct arq_config *config)
{
	config->twin_us = 0;
}

static void twins(void)
{
	struct scenario scenario;

	thin_head();
	for (uint32_t without = 0; without < 2; without++)
		for (uint32_t fade = 0; fade < 3; fade++)
			for (uint32_t i = 1; i < 4; i++) {
				char name[64];

				thin_defaults(&scenario);
				scenario.loss_ppm = losses_ppm[i];
				scenario.fade_us = fades_us[fade];
				scenario.change = without ? no_twins : NULL;
				snprintf(name, sizeof(name), "%s, fades of %u us",
					 without ? "no second copies" : "second copies",
					 fades_us[fade]);
				thin_row(&scenario, name);
			}
}

/* Who owns the queue at the bottleneck? */
static void queue(void)
{
	struct scenario scenario;

	thin_head();
	for (uint32_t kind = 0; kind < 4; kind++)
		for (int mode = SCENARIO_PLAIN; mode <= SCENARIO_ORDERED; mode += 2)
			for (uint32_t i = 0; i < 3; i++) {
				char name[64];

				thin_defaults(&scenario);
				scenario.mode = (enum scenario_mode)mode;
				scenario.loss_ppm = losses_ppm[i];
				scenario.downs = 2;
				scenario.radio_queue = kind < 2;
				scenario.queue_us = kind == 1 ? 200000 : 25000;
				scenario.codel_target_us = kind == 3 ? 5000 : 0;
				snprintf(name, sizeof(name), "%s's, %s, %s",
					 kind < 2 ? "radio" : "box",
					 kind == 1   ? "200 ms"
					 : kind == 3 ? "CoDel"
						     : "25 ms",
					 mode_names[mode]);
				thin_row(&scenario, name);
			}
}

/* A radio that prefers a stream: in the bulk transfer's sequence space, or in one of its own. */
static void lanes(void)
{
	struct scenario scenario;
	struct medians m;

	printf("| stream in | loss | bulk share | useless retransmits, of frames | thin: added ms "
	       "p99 | UDP: added ms p99 | UDP lost |\n");
	for (uint32_t lane = 0; lane < 2; lane++)
		for (uint32_t i = 0; i < 3; i++) {
			thin_defaults(&scenario);
			scenario.radio_queue = true;
			scenario.prefer_udp = true;
			scenario.udp_lane = lane;
			scenario.loss_ppm = losses_ppm[i];
			run(&scenario, &m);
			printf("| %s | %u %% | %.3f | %.4f | %.2f | %.2f | %.1e |\n",
			       lane ? "a lane of its own" : "the same lane", losses_ppm[i] / 10000,
			       m.down, m.useless_per_frame, m.thin_p99, m.udp_p99, m.udp_lost);
			fflush(stdout);
		}
}

static void geo(void)
{
	struct scenario scenario;

	thin_head();
	for (int mode = SCENARIO_PLAIN; mode <= SCENARIO_ORDERED; mode += 2)
		for (uint32_t i = 0; i < 2; i++) {
			thin_defaults(&scenario);
			scenario.rate_bps = 20000000;
			scenario.rtt_us = 550000;
			scenario.queue_us = 550000;
			scenario.seconds = 120;
			scenario.skip_seconds = 30;
			scenario.udp_bps = 0;
			scenario.mode = (enum scenario_mode)mode;
			scenario.loss_ppm = losses_ppm[i];
			thin_row(&scenario, mode_names[mode]);
		}
}

/* Loss after repair, of a stream at four fifths of the rate. */
static void loss(void)
{
	printf("| losses | loss | frames | before | after | added ms p50 | p99 | useless | "
	       "silent |\n");
	for (uint32_t fade = 0; fade < 3; fade++)
		for (uint32_t i = 1; i < 4; i++) {
			double frames = 0, before = 0, lost = 0, p50 = 0, p99 = 0, useless = 0;
			uint64_t silences = 0;

			for (uint32_t seed = 1; seed <= seeds; seed++) {
				struct scenario scenario;
				struct scenario_result r;

				scenario_defaults(&scenario);
				scenario.seed = seed;
				scenario.downs = 0;
				scenario.udp_bps = 80000000;
				scenario.seconds = 250;
				scenario.skip_seconds = 1;
				scenario.loss_ppm = losses_ppm[i];
				scenario.fade_us = fades_us[fade];
				if (!scenario_run(&scenario, &r)) {
					printf("seed %u: %s\n", seed, r.why);
					exit(1);
				}
				frames += (double)r.tagged;
				before += r.loss_before / seeds;
				lost += r.loss_after * (double)r.tagged;
				p50 += r.udp_p50_us / 1000.0 / seeds;
				p99 += r.udp_p99_us / 1000.0 / seeds;
				useless += (double)r.duplicates / (double)r.retransmits / seeds;
				silences += r.silences;
			}
			printf("| fades of %u us | %u %% | %.2e | %.4f | %.1e (%.0f) | %.2f | "
			       "%.2f | %.4f | %lu |\n",
			       fades_us[fade], losses_ppm[i] / 10000, frames, before, lost / frames,
			       lost, p50, p99, useless, (unsigned long)silences);
			fflush(stdout);
		}
}

#define TICK_NS NS_PER_MS

static void tick(void *context, void *argument)
{
	struct link *link = context;

	for (uint8_t side = 0; side < 2; side++)
		link_send(link, link_frame(link, side, 0, ARQ_ORDERED, 1000));
	if (!link->closing)
		world_at(&link->world, link->world.now_ns + TICK_NS, tick, link, NULL);
}

static void run_link(struct link *link, uint64_t ns)
{
	uint64_t end_ns = link->world.now_ns + ns;

	while (world_step(&link->world, end_ns))
		;
	/* Nothing happened: time passes all the same. */
	link->world.now_ns = end_ns;
	if (link->why[0]) {
		printf("%s\n", link->why);
		exit(1);
	}
}

struct fallback {
	double plain_ms, up_ms, silences_per_min;
	uint64_t wrong;
};

/* A box is bypassed while both sides send; then it comes back. */
static void fall_back(uint64_t seed, uint32_t rtt_us, uint32_t loss_ppm, struct fallback *fallback)
{
	struct link *link = malloc(sizeof(*link));
	struct link_params params = {.seed = seed, .mode = BOX_END};
	uint64_t at_ns;

	if (!link)
		abort();
	arq_config_defaults(&params.config);
	for (int i = 0; i < 2; i++)
		params.channel[i] = (struct channel_params){.rate_bps = 100000000,
							    .delay_us = rtt_us / 2,
							    .queue_bytes = 1000000,
							    .loss_ppm = loss_ppm,
							    .burst_mean = 1};
	link_init(link, &params, NULL, NULL);
	tick(link, NULL);
	run_link(link, 60 * NS_PER_S + seed * 1234567);
	fallback->silences_per_min =
		(double)(link->box[0].counters.silences + link->box[1].counters.silences);
	link->wrong = 0;
	link_restart(link, 1, BOX_WIRE);
	at_ns = link->world.now_ns;
	run_link(link, NS_PER_S);
	fallback->wrong = link->wrong;
	fallback->plain_ms = link->wrong ? (double)(link->wrong_ns - at_ns) / NS_PER_MS : 0;
	link_restart(link, 1, BOX_END);
	at_ns = link->world.now_ns;
	while (!link_is_up(link) && link->world.now_ns - at_ns < 10 * NS_PER_S)
		run_link(link, NS_PER_MS);
	fallback->up_ms = (double)(link->world.now_ns - at_ns) / NS_PER_MS;
	link_free(link);
	free(link);
}

static void peer(void)
{
	static const uint32_t rtts_us[] = {1000, 5000, 60000};

	printf("| D ms | loss | plain after ms, least / most | tagged frames on the LAN | up again "
	       "ms, most | silent by mistake, times a minute |\n");
	for (uint32_t rtt = 0; rtt < 3; rtt++)
		for (uint32_t i = 0; i < 4; i++) {
			double least = 1e9, most = 0, up = 0, silences = 0;
			uint64_t wrong = 0;

			for (uint32_t seed = 1; seed <= seeds; seed++) {
				struct fallback fallback;

				fall_back(seed, rtts_us[rtt], losses_ppm[i], &fallback);
				least = fallback.plain_ms < least ? fallback.plain_ms : least;
				most = fallback.plain_ms > most ? fallback.plain_ms : most;
				up = fallback.up_ms > up ? fallback.up_ms : up;
				wrong += fallback.wrong;
				silences += fallback.silences_per_min / seeds;
			}
			printf("| %u | %u %% | %.1f / %.1f | %.1f | %.1f | %.2f |\n",
			       rtts_us[rtt] / 1000, losses_ppm[i] / 10000, least, most,
			       (double)wrong / seeds, up, silences);
			fflush(stdout);
		}
}

static void goodput_near(void)
{
	goodput(20000, 0, 20);
}

static void goodput_far(void)
{
	goodput(60000, 0, 20);
}

static void goodput_both(void)
{
	/* Their queues make the round trip long, and growth slow. */
	goodput(20000, 1, 100);
}

static const struct {
	const char *name;
	void (*print)(void);
} tables[] = {
	{"goodput", goodput_near},
	{"goodput60", goodput_far},
	{"both", goodput_both},
	{"thin", thin},
	{"jitter", jitter},
	{"twins", twins},
	{"queue", queue},
	{"geo", geo},
	{"loss", loss},
	{"peer", peer},
	{"lanes", lanes},
};

int main(int argc, char **argv)
{
	const char *table = argc > 1 ? argv[1] : "";

	if (argc > 2)
		seeds = (uint32_t)strtoul(argv[2], NULL, 0);
	if (!seeds || seeds > SEEDS_MAX) {
		fprintf(stderr, "arq_sweep: SEEDS is %u, must be from 1 to %u\n", seeds, SEEDS_MAX);
		return 2;
	}
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(table, tables[i].name)) {
			tables[i].print();
			return 0;
		}
	fprintf(stderr, "arq_sweep: no table '%s'; there are:", table);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		fprintf(stderr, " %s", tables[i].name);
	fprintf(stderr, "\n");
	return 2;
}
