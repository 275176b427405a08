/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a fuzz target over files and folders, without libFuzzer: usage: TARGET PATH... */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"

#define INPUT_BYTES_MAX 65536

static unsigned int files;

static int run_file(const char *path)
{
	static uint8_t data[INPUT_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	uint8_t *exact;
	size_t bytes;

	if (!file) {
		perror(path);
		return -1;
	}
	bytes = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* Of just that size, so that AddressSanitizer sees a read past it. */
	exact = malloc(bytes ? bytes : 1);
	if (!exact)
		abort();
	memcpy(exact, data, bytes);
	LLVMFuzzerTestOneInput(exact, bytes);
	free(exact);
	files++;
	return 0;
}

static int run_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort), failed = 0;

	if (count < 0)
		return run_file(path);
	for (int i = 0; i < count; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			failed |= run_file(name);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_folder(argv[i]);
	printf("%u inputs\n", files);
	return failed || !files;
}
