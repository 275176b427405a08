/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of many links share. Included once per program. */
#ifndef TEST_CONFIG_LINKS_H
#define TEST_CONFIG_LINKS_H

#include "test_config.h"

#define A "[link a]\nwired = 0\nwireless = 1\n"
#define B "[link b]\nwired = 2\nwireless = 3\n"

static inline void load_or_fail(struct config_links *links, const char *text)
{
	char error[512];

	if (load_links(links, text, error) != 0)
		fail_msg("%s", error);
	assert_string_equal(error, "");
}

static inline const struct config *link_called(const struct config_links *links, const char *name)
{
	int at = config_links_find(links, name);

	if (at < 0)
		fail_msg("no link called %s", name);
	return links->link[at];
}

/* Another value than the default, as text. */
static inline void other_value(const struct config_key *key, char *out, size_t out_bytes)
{
	struct config config;
	uint64_t value;

	config_defaults(&config);
	value = config_key_value(key, &config);
	if (key->kind == CONFIG_PORT)
		snprintf(out, out_bytes, "other");
	else if (key->kind == CONFIG_LISTEN)
		snprintf(out, out_bytes, "off");
	else if (config_kind_is_text(key->kind))
		snprintf(out, out_bytes, "root");
	else {
		/* One step, which keeps pairs in order. */
		if (key->kind == CONFIG_WORKERS)
			value = 2;
		else if (config_kind_has_auto(key->kind))
			value = key->min + 1;
		else
			value = value > key->min ? value - 1 : value + 1;
		config_key_set(key, &config, value);
		config_key_format(key, &config, out, out_bytes);
	}
}

#endif
