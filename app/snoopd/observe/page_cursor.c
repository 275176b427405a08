/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/page_cursor.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int page_cursor_number(const char **text, uint64_t *number)
{
	uint64_t value;
	char *end;

	if (*text == NULL || !isdigit((unsigned char)**text))
		return -EINVAL;
	errno = 0;
	value = strtoull(*text, &end, 10);
	if ((*end != '\0' && *end != ' ') || errno != 0)
		return -EINVAL;
	*number = value;
	*text = *end == ' ' ? end + 1 : end;
	return 0;
}

int page_cursor_parse(const char *text, uint64_t *position)
{
	uint64_t value;

	*position = 0;
	if (text == NULL || *text == '\0')
		return 0;
	if (strchr(text, ' ') != NULL || page_cursor_number(&text, &value) != 0)
		return -EINVAL;
	*position = value;
	return 0;
}
