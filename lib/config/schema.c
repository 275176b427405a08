/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/schema.h>

#include <inttypes.h>
#include <string.h>

#include <config/links.h>

/* Units of the rows. */
#define MS(n) ((uint64_t)(n)*CONFIG_US_PER_MS)
#define SECONDS(n) ((uint64_t)(n)*CONFIG_US_PER_S)
#define MINUTES(n) ((uint64_t)(n)*CONFIG_US_PER_MIN)
#define KIB(n) ((n)*CONFIG_KIB)
#define MIB(n) KIB((n)*CONFIG_KIB)
#define GIB(n) MIB((n)*CONFIG_KIB)
#define PERCENT(n) ((uint64_t)(n)*CONFIG_PPM_PER_PERCENT)

#define OWN_KEY(section, name, kind, field, min, max, fallback, when, help)                        \
	{#section, #name, CONFIG_##kind, offsetof(struct config, field), min, max,                 \
	 fallback, when,  help},
#define PROTOCOL_KEY(section, name, kind, field, min, max, when, help)                             \
	{#section, #name, CONFIG_##kind, offsetof(struct config, protocol.field), min, max,        \
	 NULL,	   when,  help},

const struct config_key config_keys[CONFIG_KEY_COUNT] = {
	CONFIG_KEYS(CONFIG_NOTHING, OWN_KEY, PROTOCOL_KEY)};

void config_defaults(struct config *config)
{
	memset(config, 0, sizeof(*config));
	snoop_config_defaults(&config->protocol);
	snprintf(config->link, sizeof(config->link), CONFIG_LINK_MAIN);
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (config_keys[i].fallback != NULL && config_keys[i].kind != CONFIG_PORT)
			config_key_parse(&config_keys[i], config_keys[i].fallback, config);
}

int config_key_find(const char *section, const char *name)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(config_keys[i].section, section) == 0 &&
		    strcmp(config_keys[i].name, name) == 0)
			return i;
	return -1;
}

int config_section_first(const char *section)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(config_keys[i].section, section) == 0)
			return i;
	return -1;
}

bool config_section_of_link(const char *section)
{
	int first = config_section_first(section);

	return first >= 0 && (config_keys[first].when & CONFIG_OF_PROCESS) == 0;
}

void config_key_range(const struct config_key *key, char *out, size_t out_bytes)
{
	char min[32], max[32];

	if (config_kind_words(key->kind) != NULL) {
		config_words_list(key->kind, out, out_bytes);
		return;
	}
	config_number_format(key->kind, key->min, min, sizeof(min));
	config_number_format(key->kind, key->max, max, sizeof(max));
	if (key->kind == CONFIG_WORKERS)
		snprintf(out, out_bytes, "all, or numbers and ranges as in 0,2-3, 0 to %d",
			 CONFIG_WORKERS_MAX - 1);
	else if (key->kind == CONFIG_LISTEN)
		snprintf(out, out_bytes, "off, or ADDRESS:PORT as in 127.0.0.1:9464 or [::1]:9464");
	else if (config_kind_is_text(key->kind))
		snprintf(out, out_bytes, "%s, %s to %s characters without blanks",
			 key->kind == CONFIG_PORT ? "an ethdev name or index"
						  : "auto, or a name or number",
			 min, max);
	else
		snprintf(out, out_bytes, "%s%s to %s",
			 config_kind_has_auto(key->kind) ? "auto, or " : "", min, max);
}

uint64_t config_key_value(const struct config_key *key, const struct config *config)
{
	const char *field = (const char *)config + key->offset;
	uint64_t wide;
	uint32_t narrow;

	if (config_kind_is_text(key->kind))
		return 0;
	if (key->kind == CONFIG_BYTES) {
		memcpy(&wide, field, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, field, sizeof(narrow));
	return narrow;
}

void config_key_set(const struct config_key *key, struct config *config, uint64_t value)
{
	char *field = (char *)config + key->offset;
	uint32_t narrow = (uint32_t)value;

	if (key->kind == CONFIG_BYTES)
		memcpy(field, &value, sizeof(value));
	else
		memcpy(field, &narrow, sizeof(narrow));
}

bool config_key_same(const struct config_key *key, const struct config *a, const struct config *b)
{
	if (config_kind_is_text(key->kind))
		return strcmp((const char *)a + key->offset, (const char *)b + key->offset) == 0;
	return config_key_value(key, a) == config_key_value(key, b);
}

void config_key_copy(const struct config_key *key, const struct config *from, struct config *to)
{
	if (config_kind_is_text(key->kind))
		memcpy((char *)to + key->offset, (const char *)from + key->offset, key->max + 1);
	else
		config_key_set(key, to, config_key_value(key, from));
}

void config_key_format(const struct config_key *key, const struct config *config, char *out,
		       size_t out_bytes)
{
	uint64_t value = config_key_value(key, config);

	if (config_kind_is_text(key->kind))
		snprintf(out, out_bytes, "%s", (const char *)config + key->offset);
	else if (config_kind_words(key->kind) != NULL)
		snprintf(out, out_bytes, "%s", config_kind_words(key->kind)[value]);
	else if (key->kind == CONFIG_WORKERS)
		config_workers_format(value, out, out_bytes);
	else if (config_kind_has_auto(key->kind) && value == 0)
		snprintf(out, out_bytes, "auto");
	else
		config_number_format(key->kind, value, out, out_bytes);
}

static const char *parse_text(const struct config_key *key, const char *text, char *field)
{
	struct sockaddr_storage addr;

	if (strlen(text) > key->max)
		return "is too long";
	if (strpbrk(text, " \t") != NULL)
		return "has a blank in it";
	if (*text == '#' || *text == ';')
		return "begins like a comment";
	if (key->kind == CONFIG_LISTEN && strcmp(text, "off") != 0 &&
	    config_listen_addr(text, &addr) != 0)
		return "is not an address with a port";
	memset(field, 0, key->max + 1);
	memcpy(field, text, strlen(text));
	return NULL;
}

static const char *parse_word(const struct config_key *key, const char *text, uint64_t *value)
{
	int word = config_word_parse(key->kind, text);

	if (word < 0)
		return key->kind == CONFIG_LEVEL ? "is not a level" : "is none of these words";
	*value = (uint64_t)word;
	return NULL;
}

static const char *parse_number(const struct config_key *key, const char *text, uint64_t *value)
{
	const char *what;

	*value = 0;
	if (key->kind == CONFIG_WORKERS)
		return config_workers_parse(text, value);
	if (config_kind_has_auto(key->kind) && strcmp(text, "auto") == 0)
		return NULL;
	what = config_number_parse(key->kind, text, value);
	if (what == NULL && (*value < key->min || *value > key->max))
		what = "is out of range";
	return what;
}

const char *config_key_parse(const struct config_key *key, const char *text, struct config *config)
{
	const char *what;
	uint64_t value = 0;

	if (*text == '\0')
		return "has no value";
	if (config_kind_is_text(key->kind))
		return parse_text(key, text, (char *)config + key->offset);
	what = config_kind_words(key->kind) != NULL ? parse_word(key, text, &value)
						    : parse_number(key, text, &value);
	if (what == NULL)
		config_key_set(key, config, value);
	return what;
}
