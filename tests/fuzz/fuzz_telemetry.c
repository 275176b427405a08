/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameter of a telemetry command: a number is read as itself, the key of a flow as what is
 * printed of it, and everything else is refused. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <snoopd/observe/flow_name.h>
#include <snoopd/observe/page_cursor.h>

#include "bytes.h"

static void check_key(const char *text)
{
	struct snoop_key key, again;
	char printed[FLOW_NAME_CHARS], twice[FLOW_NAME_CHARS];
	int result = flow_name_parse(text, &key);

	FUZZ_CHECK(result == 0 || result == -1, "result %d", result);
	if (result != 0)
		return;
	FUZZ_CHECK(key.ip_version == 4 || key.ip_version == 6, "version %d", key.ip_version);
	flow_name_format(printed, &key);
	FUZZ_CHECK(flow_name_parse(printed, &again) == 0, "%s was read from %s, and is refused",
		   printed, text);
	FUZZ_CHECK(memcmp(&key, &again, sizeof(key)) == 0, "%s means another flow than %s", printed,
		   text);
	flow_name_format(twice, &again);
	FUZZ_CHECK(strcmp(printed, twice) == 0, "%s is printed as %s", printed, twice);
}

static void check_position(const char *text)
{
	char number[24];
	const char *digits;
	uint64_t position = 1;
	int result;

	result = page_cursor_parse(text, &position);
	FUZZ_CHECK(result == 0 || (result == -EINVAL && position == 0), "result %d", result);
	digits = text + strspn(text, "0");
	snprintf(number, sizeof(number), "%" PRIu64, position);
	if (result == 0)
		FUZZ_CHECK(strcmp(position ? number : "", digits) == 0, "%s was read from %s",
			   number, text);
	else
		FUZZ_CHECK(text[strspn(text, "0123456789")] != '\0' || strlen(digits) >= 20,
			   "%s was refused", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check_position(text);
	check_key(text);
	free(text);
	return 0;
}
