/* SPDX-License-Identifier: BSD-3-Clause */
/* The INI reader: either one line that says what is wrong, or links whose configurations print to
 * themselves. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <config/links.h>
#include <config/schema.h>

#include "bytes.h"

/* A file without a file system. */
struct file {
	int fd;
	char path[32];
};

static struct file file_open(void)
{
	struct file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};

	if (file.fd < 0)
		abort();
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

static int load(struct config_links *links, const struct file *file)
{
	char error[512] = "";
	int result = config_links_load(links, file->path, error, sizeof(error));

	if (result == 0) {
		FUZZ_CHECK(error[0] == '\0', "no failure, and yet: %s", error);
		FUZZ_CHECK(links->count >= 1 && links->count <= CONFIG_LINKS_MAX, "%u links",
			   links->count);
		return 0;
	}
	FUZZ_CHECK(links->count == 0, "%u links of a bad file", links->count);
	FUZZ_CHECK(result == -1 && strchr(error, '\n') == NULL, "not one line: %s", error);
	FUZZ_CHECK(strncmp(error, file->path, strlen(file->path)) == 0 &&
			   (strstr(error, "allowed:") != NULL || strstr(error, "must not") != NULL),
		   "where, or what is allowed? %s", error);
	return -1;
}

static void check_ranges(const struct config *config)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = &config_keys[i];
		uint64_t value = config_key_value(key, config);

		if (config_kind_is_text(key->kind)) {
			const char *name = (const char *)config + key->offset;

			FUZZ_CHECK(strnlen(name, 64) >= 1 && strnlen(name, 64) < 64, "[%s] %s",
				   key->section, key->name);
		} else if (value != 0 || !config_kind_has_auto(key->kind)) {
			FUZZ_CHECK(value >= key->min && value <= key->max, "[%s] %s = %lu",
				   key->section, key->name, value);
		}
	}
	FUZZ_CHECK(config->rule_count <= CONFIG_RULES_MAX, "%u rules", config->rule_count);
}

/* All of it, but where in the file it stood. */
static void check_same(const struct config *config, struct config *again)
{
	memcpy(again->file, config->file, sizeof(again->file));
	again->link_line = config->link_line;
	again->wired_line = config->wired_line;
	again->wireless_line = config->wireless_line;
	again->workers_line = config->workers_line;
	FUZZ_CHECK(memcmp(config, again, sizeof(*config)) == 0, "printed is another configuration");
	FUZZ_CHECK(config_same(config, again), "the same, but not found to be");
}

static void check_printed(const struct config_links *links)
{
	struct file out = file_open();
	FILE *stream = fdopen(dup(out.fd), "w");
	struct config_links again;
	char names[256];

	if (stream == NULL)
		abort();
	FUZZ_CHECK(config_links_print(links, stream) == 0 && fclose(stream) == 0, "not printed");
	FUZZ_CHECK(load(&again, &out) == 0, "what was printed is not read");
	FUZZ_CHECK(again.count == links->count, "%u links", again.count);
	FUZZ_CHECK(config_links_start_changes(links, &again, names, sizeof(names)) == 0,
		   "changes: %s", names);
	for (uint32_t i = 0; i < links->count; i++)
		check_same(links->link[i], again.link[i]);
	config_links_free(&again);
	close(out.fd);
}

/* What a link must have beside values in range, and what two may not share. */
static void check_link(const struct config_links *links, uint32_t index)
{
	const struct config *config = links->link[index];

	check_ranges(config);
	FUZZ_CHECK(config_links_find(links, config->link) == (int)index, "two links called %s",
		   config->link);
	for (uint32_t i = 0; i < config->rule_count; i++)
		FUZZ_CHECK(config->rules[i].link[0] == '\0' ||
				   strcmp(config->rules[i].link, config->link) == 0,
			   "[rule %s] in %s", config->rules[i].name, config->link);
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		FUZZ_CHECK((config_keys[i].when & CONFIG_OF_PROCESS) == 0 ||
				   config_key_same(&config_keys[i], config, links->link[0]),
			   "[%s] %s differs", config_keys[i].section, config_keys[i].name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_links links;
	struct file in = file_open();

	if (write(in.fd, data, size) != (ssize_t)size)
		abort();
	if (load(&links, &in) == 0) {
		for (uint32_t i = 0; i < links.count; i++)
			check_link(&links, i);
		check_printed(&links);
		config_links_free(&links);
	}
	close(in.fd);
	return 0;
}
