/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameter of a telemetry command: a number means itself, everything else is refused. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <snoopd/position.h>

#include "bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), number[24];
	const char *digits;
	uint64_t position = 1;
	int result;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	result = position_parse(text, &position);
	FUZZ_CHECK(result == 0 || (result == -EINVAL && position == 0), "result %d", result);
	digits = text + strspn(text, "0");
	snprintf(number, sizeof(number), "%" PRIu64, position);
	if (result == 0)
		FUZZ_CHECK(strcmp(position ? number : "", digits) == 0, "%s was read from %s",
			   number, text);
	else
		FUZZ_CHECK(text[strspn(text, "0123456789")] != '\0' || strlen(digits) >= 20,
			   "%s was refused", text);
	free(text);
	return 0;
}
