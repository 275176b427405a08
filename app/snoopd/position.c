/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/position.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

int position_parse(const char *text, uint64_t *position)
{
	uint64_t value;
	char *end;

	*position = 0;
	if (text == NULL || *text == '\0')
		return 0;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0)
		return -EINVAL;
	*position = value;
	return 0;
}
