/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the configuration share. Included once per program. */
#ifndef TEST_CONFIG_H
#define TEST_CONFIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <config/links.h>
#include <config/rules.h>
#include <config/schema.h>

#define LINK "[link]\nwired = 0\nwireless = 1\n"

static char path[] = "/tmp/test_config.XXXXXX";

static inline int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	return close(fd);
}

static inline int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static inline int load_bytes(struct config *config, const void *text, size_t bytes, char error[512])
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
	error[0] = '\0';
	return config_load(config, path, error, 512);
}

static inline int load(struct config *config, const char *text, char error[512])
{
	return load_bytes(config, text, strlen(text), error);
}

struct text {
	char bytes[1 << 20];
	size_t used;
};

static inline void add_value(void *ctx, const char *section, const char *key, const char *value)
{
	struct text *text = ctx;

	text->used += (size_t)snprintf(text->bytes + text->used, sizeof(text->bytes) - text->used,
				       "%s.%s=%s\n", section, key, value);
	assert_true(text->used < sizeof(text->bytes));
}

static inline int load_links(struct config_links *links, const char *text, char error[512])
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	error[0] = '\0';
	return config_links_load(links, path, error, 512);
}

static inline void round_trip_links(const struct config_links *links)
{
	static struct text before, after;
	struct config_links again;
	char error[512];
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	assert_int_equal(config_links_print(links, out), 0);
	fclose(out);
	if (config_links_load(&again, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	before.used = after.used = 0;
	config_links_each(links, add_value, &before);
	config_links_each(&again, add_value, &after);
	assert_string_equal(before.bytes, after.bytes);
	assert_int_equal(links->count, again.count);
	for (uint32_t i = 0; i < links->count; i++) {
		const struct config *config = links->link[i];

		assert_true(config_same(config, again.link[i]));
		for (int k = 0; k < CONFIG_KEY_COUNT; k++)
			assert_int_equal(config_key_value(&config_keys[k], config),
					 config_key_value(&config_keys[k], again.link[i]));
		assert_int_equal(config->rule_count, again.link[i]->rule_count);
		assert_memory_equal(config->rules, again.link[i]->rules, sizeof(config->rules));
	}
	config_links_free(&again);
}

/* As one link, as config_print() prints it. */
static inline void round_trip(struct config *config)
{
	const struct config_links links = {1, {config}};

	round_trip_links(&links);
}

static uint64_t random_state = 1;

static inline uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 16) % limit;
}

static inline char *read_reference(void)
{
	static char text[32768];
	FILE *file = fopen(CONFIG_REFERENCE, "re");
	size_t bytes;

	assert_non_null(file);
	bytes = fread(text, 1, sizeof(text) - 1, file);
	text[bytes] = '\0';
	fclose(file);
	return text;
}

#endif
