/* SPDX-License-Identifier: BSD-3-Clause */
/* The INI reader: either one line that says what is wrong, or a configuration that prints to
 * itself. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static int load(struct config *config, const struct file *file)
{
	char error[512] = "";
	int result = config_load(config, file->path, error, sizeof(error));

	if (result == 0) {
		FUZZ_CHECK(error[0] == '\0', "no failure, and yet: %s", error);
		return 0;
	}
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config, again;
	struct file in = file_open(), out;
	FILE *stream;

	if (write(in.fd, data, size) != (ssize_t)size)
		abort();
	if (load(&config, &in) == 0) {
		check_ranges(&config);
		out = file_open();
		stream = fdopen(dup(out.fd), "w");
		if (stream == NULL)
			abort();
		FUZZ_CHECK(config_print(&config, stream) == 0 && fclose(stream) == 0,
			   "not printed");
		FUZZ_CHECK(load(&again, &out) == 0, "what was printed is not read");
		memcpy(again.file, config.file, sizeof(again.file));
		again.wired_line = config.wired_line;
		again.wireless_line = config.wireless_line;
		FUZZ_CHECK(memcmp(&config, &again, sizeof(config)) == 0,
			   "printed is another configuration");
		close(out.fd);
	}
	close(in.fd);
	return 0;
}
