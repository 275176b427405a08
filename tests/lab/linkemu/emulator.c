/* SPDX-License-Identifier: BSD-3-Clause */
#include "emulator.h"

#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define RETRANSMITS_ENTRIES_LOG2 21
#define COMMAND_WORDS 5

uint64_t emulator_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static struct link *find_link(struct emulator *emu, const char *name)
{
	for (unsigned int i = 0; i < emu->links_count; i++)
		if (strcmp(emu->links[i].name, name) == 0)
			return &emu->links[i];
	return NULL;
}

/* "fwd", "rev" or "both" as a bit mask of directions, 0 for anything else */
static unsigned int parse_dirs(const char *word)
{
	if (strcmp(word, "fwd") == 0)
		return 1u << DIR_FWD;
	if (strcmp(word, "rev") == 0)
		return 1u << DIR_REV;
	return strcmp(word, "both") == 0 ? 1u << DIR_FWD | 1u << DIR_REV : 0;
}

int emulator_add_link(struct emulator *emu, const char *spec)
{
	char name[LINK_NAME_BYTES], netns[DIRS][64], tap[DIRS][32];
	struct link *link = &emu->links[emu->links_count];
	bool offloads[DIRS];
	int fds[DIRS], ret;

	if (emu->links_count == LINKS_MAX ||
	    sscanf(spec, "%31[^,],a=%63[^:]:%31[^,],b=%63[^:]:%31s", name, netns[0], tap[0],
		   netns[1], tap[1]) != 5) {
		fprintf(stderr,
			"linkemu: --link %s: want NAME,a=NETNS:TAP,b=NETNS:TAP, at most %d\n", spec,
			LINKS_MAX);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < DIRS; i++) {
		char *options = strchr(tap[i], '/');

		offloads[i] = options != NULL && strcmp(options, "/offloads") == 0;
		if (offloads[i])
			*options = '\0';
		fds[i] = tap_open(netns[i], tap[i], offloads[i]);
		if (fds[i] < 0) {
			fprintf(stderr, "linkemu: tap %s in netns %s: %s\n", tap[i], netns[i],
				strerror(-fds[i]));
			return fds[i];
		}
	}
	strcpy(link->name, name);
	for (unsigned int i = 0; i < DIRS; i++) {
		ret = direction_init(&link->dirs[i], &emu->pool, fds[i], fds[1 - i]);
		if (ret < 0)
			return ret;
		link->dirs[i].rx_offloads = offloads[i];
		link->dirs[i].tx_offloads = offloads[1 - i];
	}
	emu->links_count++;
	return 0;
}

int emulator_track(struct emulator *emu, const char *link_name)
{
	struct link *link = find_link(emu, link_name);
	int ret;

	if (link == NULL || link->retransmits.entries != NULL) {
		fprintf(stderr, "linkemu: --track %s: want the name of a link, once\n", link_name);
		return -EINVAL;
	}
	ret = retransmits_init(&link->retransmits, RETRANSMITS_ENTRIES_LOG2);
	if (ret == 0)
		link->dirs[DIR_FWD].retransmits = &link->retransmits;
	return ret;
}

static int set_key(struct emulator *emu, const char *link_name, const char *dirs_word,
		   const char *key, const char *value)
{
	struct link *link = find_link(emu, link_name);
	unsigned int dirs = parse_dirs(dirs_word);
	int ret = 0;

	if (link == NULL || dirs == 0)
		return -ENODEV;
	for (unsigned int i = 0; i < DIRS && ret == 0; i++)
		if (dirs & 1u << i)
			ret = direction_set(&link->dirs[i], key, value);
	return ret;
}

int emulator_set(struct emulator *emu, const char *spec)
{
	char *copy = strdup(spec), *rest = copy, *name, *dirs, *pair;
	int ret = copy != NULL ? 0 : -ENOMEM;

	name = strsep(&rest, ":");
	dirs = strsep(&rest, ":");
	if (ret == 0 && rest == NULL)
		ret = -EINVAL;
	while (ret == 0 && (pair = strsep(&rest, ",")) != NULL) {
		char *key = strsep(&pair, "=");

		ret = pair != NULL ? set_key(emu, name, dirs, key, pair) : -EINVAL;
	}
	if (ret < 0)
		fprintf(stderr, "linkemu: --dir %s: %s (want LINK:fwd|rev|both:key=value,...)\n",
			spec, strerror(-ret));
	free(copy);
	return ret;
}

static void print_stats(struct emulator *emu, FILE *out)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	fprintf(out,
		"{\"now_ns\":%" PRIu64 ",\"uptime_s\":%.6f,\"cpu_s\":%.6f,\"wakeups\":%" PRIu64
		",\"realtime\":%s,\"links\":{",
		emulator_now_ns(), (double)(emulator_now_ns() - emu->started_ns) / 1e9,
		(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
		emu->wakeups, emu->realtime ? "true" : "false");
	for (unsigned int i = 0; i < emu->links_count; i++) {
		fprintf(out, "%s\"%s\":{\"fwd\":", i > 0 ? "," : "", emu->links[i].name);
		direction_print_json(&emu->links[i].dirs[DIR_FWD], out);
		fputs(",\"rev\":", out);
		direction_print_json(&emu->links[i].dirs[DIR_REV], out);
		fputc('}', out);
	}
	fputs("}}", out);
}

/* @param begin  direction_down() or direction_stall() */
static int interrupt(struct emulator *emu, char **words, const char *after,
		     void (*begin)(struct direction *, uint64_t, double, double))
{
	struct link *link = find_link(emu, words[1]);
	unsigned int dirs = parse_dirs(words[2]);
	uint64_t now_ns = emulator_now_ns();
	double length_s = atof(words[3]), after_s = after != NULL ? atof(after) : 0;

	if (link == NULL || dirs == 0)
		return -ENODEV;
	if (length_s < 0 || after_s < 0)
		return -EINVAL;
	for (unsigned int i = 0; i < DIRS; i++)
		if (dirs & 1u << i)
			begin(&link->dirs[i], now_ns, after_s, length_s);
	return 0;
}

void emulator_command(struct emulator *emu, char *line, FILE *out)
{
	char *words[COMMAND_WORDS] = {0}, *rest = line;
	unsigned int count = 0;
	int ret = -EINVAL;

	while (count < COMMAND_WORDS && (words[count] = strsep(&rest, " \n")) != NULL)
		count += words[count][0] != '\0';

	if (count == 1 && strcmp(words[0], "stats") == 0) {
		print_stats(emu, out);
		return;
	}
	if (count == 1 && strcmp(words[0], "reset") == 0) {
		for (unsigned int i = 0; i < emu->links_count; i++)
			for (unsigned int j = 0; j < DIRS; j++)
				direction_reset(&emu->links[i].dirs[j]);
		ret = 0;
	} else if (count == 5 && strcmp(words[0], "set") == 0) {
		ret = set_key(emu, words[1], words[2], words[3], words[4]);
	} else if (count >= 4 && strcmp(words[0], "down") == 0) {
		ret = interrupt(emu, words, count == 5 ? words[4] : NULL, direction_down);
	} else if (count >= 4 && strcmp(words[0], "stall") == 0) {
		ret = interrupt(emu, words, count == 5 ? words[4] : NULL, direction_stall);
	}
	if (ret == 0)
		fprintf(out, "{\"ok\":true,\"now_ns\":%" PRIu64 "}", emulator_now_ns());
	else
		fprintf(out, "{\"error\":\"%s\"}", strerror(-ret));
}
