/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * snoopd-bench: the packet path of snoopd, measured. See doc/performance.md; tests/bench/run runs
 * the whole matrix.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "packet.h"
#include "run.h"

#define WINDOW_MAX 63u
#define GBPS 100u /* the virtual wire */

#define fail(format, ...) fprintf(stderr, "snoopd-bench: " format "\n", ##__VA_ARGS__)

struct arguments {
	struct run_setup run;
	const char *memory_mib;
	const char *lcore;
	bool huge;
};

static const char usage[] =
	"usage: snoopd-bench [OPTION]...\n"
	"  --mode MODE       wire, bypass, observe, repair (default), snoop, auto\n"
	"  --flows N         connections; default 10000\n"
	"  --window N        segments per connection, 1 to 63; default by the number of flows\n"
	"  --frame BYTES     data frames without FCS, 64 to 2000; default 1514\n"
	"  --loss PERCENT    on the radio; default 0.1\n"
	"  --rtt US          of the radio; default 4000\n"
	"  --udp             nothing but UDP: pass-through\n"
	"  --nic-checksum    received packets carry the NIC's verdict on their checksums\n"
	"  --links N         1 to 64, which share the connections and take turns; default 1\n"
	"  --workers N       1 to 8: RSS has divided the connections; on so many lcores at once "
	"where -l\n"
	"                    gives them, else one after the other. Default 1\n"
	"  --handoff         the workers hand each other's packets over by rings instead\n"
	"  --packets N       measured in each round; default 2000000\n"
	"  --rounds N        1 to 32; the median is printed; default 5\n"
	"  --latency         time from RX to TX at 50 % and 90 % load\n"
	"  --mpps N          with --latency: offered load instead of 50 %; once more for that of "
	"90 %\n"
	"  --corner NAME     an expensive corner, 'list' names them\n"
	"  --timers          the timers of 10,000 and a million flows: on the wheel, and as "
	"rte_timers\n"
	"  --small           the corner with a fortieth of its flows and segments; a tenth of the "
	"timers\n"
	"  --all-turns       keep turns that the scheduler interrupted (for callgrind)\n"
	"  --json            one object per line\n"
	"  --huge            hugepages; default: none\n"
	"  -m MIB            memory; default 1024\n"
	"  -l LCORES         default 1\n"
	"  --help            this\n";

static int parse_number(const char *name, const char *text, double min, double max, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (*text != '\0' && *end == '\0' && *value >= min && *value <= max)
		return 0;
	fail("%s %s: want a number from %.15g to %.15g", name, text, min, max);
	return -1;
}

static int parse(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{"mode", required_argument, NULL, 'M'},
		{"flows", required_argument, NULL, 'f'},
		{"window", required_argument, NULL, 'w'},
		{"frame", required_argument, NULL, 'b'},
		{"loss", required_argument, NULL, 'p'},
		{"rtt", required_argument, NULL, 't'},
		{"udp", no_argument, NULL, 'u'},
		{"nic-checksum", no_argument, NULL, 'c'},
		{"packets", required_argument, NULL, 'n'},
		{"rounds", required_argument, NULL, 'r'},
		{"latency", no_argument, NULL, 'y'},
		{"mpps", required_argument, NULL, 's'},
		{"corner", required_argument, NULL, 'C'},
		{"json", no_argument, NULL, 'j'},
		{"huge", no_argument, NULL, 'H'},
		{"all-turns", no_argument, NULL, 'A'},
		{"small", no_argument, NULL, 'S'},
		{"handoff", no_argument, NULL, 'O'},
		{"links", required_argument, NULL, 'L'},
		{"workers", required_argument, NULL, 'W'},
		{"timers", no_argument, NULL, 'T'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct run_setup *run = &arguments->run;
	double value = 0;
	int option, mode;

	while ((option = getopt_long(argc, argv, "m:l:", options, NULL)) != -1) {
		int failed = 0;

		switch (option) {
		case 'M':
			mode = box_mode_parse(optarg);
			if (mode < 0) {
				fail("--mode %s: want wire, bypass, observe, repair, snoop or auto",
				     optarg);
				return -1;
			}
			run->mode = (enum box_mode)mode;
			break;
		case 'f':
			failed = parse_number("--flows", optarg, 1, 10e6, &value);
			run->traffic.flows = (uint32_t)value;
			break;
		case 'w':
			failed = parse_number("--window", optarg, 1, WINDOW_MAX, &value);
			run->traffic.window = (uint32_t)value;
			break;
		case 'b':
			failed = parse_number("--frame", optarg, 64, 2000, &value);
			run->traffic.frame_bytes = (uint32_t)value;
			break;
		case 'p':
			failed = parse_number("--loss", optarg, 0, 50, &value);
			run->traffic.loss_ppm = (uint32_t)(value * 1e4);
			break;
		case 't':
			failed = parse_number("--rtt", optarg, 1, 1e6, &value);
			run->traffic.radio_rtt_us = (uint32_t)value;
			break;
		case 'u':
			run->udp = true;
			break;
		case 'c':
			run->nic_checksum = true;
			break;
		case 'n':
			failed = parse_number("--packets", optarg, 1, 1e12, &value);
			run->packets = (uint64_t)value;
			break;
		case 'r':
			failed = parse_number("--rounds", optarg, 1, RUN_ROUNDS_MAX, &value);
			run->rounds = (uint32_t)value;
			break;
		case 'y':
			run->latency = true;
			break;
		case 's':
			failed = parse_number("--mpps", optarg, 0.001, 1000,
					      &run->mpps[run->mpps[0] > 0]);
			break;
		case 'C':
			run->corner = optarg;
			break;
		case 'O':
			run->handoff = true;
			break;
		case 'W':
			failed = parse_number("--workers", optarg, 1, RUN_WORKERS_MAX, &value);
			run->workers = (uint32_t)value;
			break;
		case 'L':
			failed = parse_number("--links", optarg, 1, WORKER_LINKS_MAX, &value);
			run->links = (uint32_t)value;
			break;
		case 'S':
			run->small = true;
			break;
		case 'T':
			run->timers = true;
			break;
		case 'j':
			run->json = true;
			break;
		case 'A':
			run->all_turns = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'H':
			arguments->huge = true;
			break;
		case 'm':
			arguments->memory_mib = optarg;
			break;
		case 'l':
			arguments->lcore = optarg;
			break;
		default:
			fputs(usage, stderr);
			return -1;
		}
		if (failed)
			return -1;
	}
	return 0;
}

/* Large enough to keep the wire busy, small enough for the memory of one machine. */
static uint32_t default_window(uint32_t flows)
{
	return flows <= 1000 ? 32 : flows <= 10000 ? 8 : flows <= 100000 ? 4 : 2;
}

static void complete(struct traffic_setup *traffic)
{
	if (traffic->window == 0)
		traffic->window = default_window(traffic->flows);
	/* Up to ten connections per station. */
	traffic->stations = (traffic->flows + 9) / 10 < 16 ? 16 : (traffic->flows + 9) / 10;
	/* Preamble, FCS and gap take 24 bytes of the wire. */
	traffic->packet_ns = (traffic->frame_bytes + 24) * 8 / GBPS + 1;
}

static int init_eal(const struct arguments *arguments)
{
	char *eal[16] = {"snoopd-bench", "--no-pci", "--no-telemetry", "--log-level=error"};
	int count = 4;

	eal[count++] = "-l";
	eal[count++] = (char *)(uintptr_t)arguments->lcore;
	eal[count++] = "-m";
	eal[count++] = (char *)(uintptr_t)arguments->memory_mib;
	/* Either way no file is left behind. */
	if (arguments->huge) {
		eal[count++] = "--in-memory";
	} else {
		eal[count++] = "--no-huge";
		eal[count++] = "--no-shconf";
	}
	if (rte_eal_init(count, eal) >= 0)
		return 0;
	fail("rte_eal_init: %s", rte_strerror(rte_errno));
	return -1;
}

int main(int argc, char **argv)
{
	static struct arguments arguments = {
		.run = {.mode = BOX_REPAIR,
			.traffic = {.flows = 10000,
				    .frame_bytes = 1514,
				    .loss_ppm = 1000,
				    .radio_rtt_us = 4000,
				    .seed = 1},
			.links = 1,
			.workers = 1,
			.packets = 2000000,
			.rounds = 5},
		.memory_mib = "1024",
		.lcore = "1",
	};
	struct machine machine;
	int failed;

	if (parse(&arguments, argc, argv) != 0)
		return 2;
	if (arguments.run.corner != NULL && strcmp(arguments.run.corner, "list") == 0) {
		run_list_corners(stdout);
		return 0;
	}
	if (arguments.run.workers > 1 &&
	    (arguments.run.mode == BOX_WIRE || arguments.run.latency)) {
		fail("--workers is neither for --mode wire nor for --latency");
		return 2;
	}
	if (arguments.run.links > 1 &&
	    (arguments.run.workers > 1 || arguments.run.latency || arguments.run.corner != NULL)) {
		fail("--links is neither for --workers nor for --latency nor for --corner");
		return 2;
	}
	if (arguments.run.handoff && arguments.run.workers == 1) {
		fail("--handoff: want --workers 2 or more");
		return 2;
	}
	complete(&arguments.run.traffic);
	if (init_eal(&arguments) != 0)
		return 1;
	machine_init(&machine);
	if (arguments.run.timers)
		failed = run_timers(&arguments.run);
	else if (arguments.run.corner != NULL)
		failed = run_corner(&arguments.run, &machine);
	else if (arguments.run.latency)
		failed = run_latency(&arguments.run, &machine);
	else
		failed = run_steady(&arguments.run, &machine);
	rte_eal_cleanup();
	return failed != 0;
}
