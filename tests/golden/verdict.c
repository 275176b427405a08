/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What snoopd would say of counters: golden-verdict CONFIG STATS prints the ids of the sentences
 * that hold, the one that matters most first. STATS is what --stats-file wrote. Of the ports
 * nothing is known.
 */
#include <stdio.h>

#include <jansson.h>

#include <config/config.h>
#include <snoopd/observe/verdict.h>

static int read_counters(struct counters *sum, const char *path)
{
	json_error_t error;
	json_t *stats = json_load_file(path, 0, &error);

	if (stats == NULL) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		return -1;
	}
#define READ_COUNTER(id, type, unit, help)                                                         \
	sum->id = (uint64_t)json_integer_value(json_object_get(stats, #id));
	COUNTERS(READ_COUNTER)
#undef READ_COUNTER
	json_decref(stats);
	return 0;
}

static uint64_t level_of(const struct config *config)
{
	unsigned int level = SNOOP_LEVEL_BYPASS;

	while (!config_at_most(config, (enum snoop_level)level))
		level++;
	return level;
}

int main(int argc, char **argv)
{
	const struct verdict_row *rows[VERDICT_SENTENCES_MAX];
	struct verdict_facts facts;
	static struct config config;
	char error[256];
	size_t count;

	verdict_facts_init(&facts);
	if (argc != 3) {
		fputs("usage: golden-verdict CONFIG STATS\n", stderr);
		return 2;
	}
	if (config_load(&config, argv[1], error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	if (read_counters(&facts.sum, argv[2]) != 0)
		return 1;
	facts.level = level_of(&config);
	verdict_sums(&facts);
	count = verdict_judge(&facts, rows);
	for (size_t i = 0; i < count; i++)
		puts(rows[i]->id);
	return 0;
}
