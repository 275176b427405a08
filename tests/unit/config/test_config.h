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
	char bytes[32768];
	size_t used;
};

static inline void add_value(void *ctx, const char *section, const char *key, const char *value)
{
	struct text *text = ctx;

	text->used += (size_t)snprintf(text->bytes + text->used, sizeof(text->bytes) - text->used,
				       "%s.%s=%s\n", section, key, value);
	assert_true(text->used < sizeof(text->bytes));
}

static inline void round_trip(const struct config *config)
{
	static struct text before, after;
	struct config again;
	char error[512];
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	assert_int_equal(config_print(config, out), 0);
	fclose(out);
	if (config_load(&again, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	before.used = after.used = 0;
	config_each(config, add_value, &before);
	config_each(&again, add_value, &after);
	assert_string_equal(before.bytes, after.bytes);
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		assert_int_equal(config_key_value(&config_keys[i], config),
				 config_key_value(&config_keys[i], &again));
	assert_int_equal(config->rule_count, again.rule_count);
	assert_memory_equal(config->rules, again.rules, sizeof(again.rules));
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
