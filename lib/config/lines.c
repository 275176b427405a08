/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libinih splits the lines. Some mistakes it accepts silently, so that they are refused here first:
 * overlong lines (libinih cuts them), continuation lines, ':' for '='.
 */
#include <config/reader.h>

#include <errno.h>
#include <string.h>

/* One line without its end and its comment. Returns false at the end of the file or on an error. */
static bool read_line(struct reader *reader, char line[READER_LINE_CHARS_MAX + 1])
{
	size_t chars = 0;
	bool comment = false, any = false;
	int c;

	reader->line++;
	while ((c = getc(reader->stream)) != EOF) {
		any = true;
		if (c == '\n')
			break;
		if (c == '\r' || c == '\t')
			c = ' ';
		if (c < ' ' || c == 0x7f)
			return reader_fail(reader, reader->line,
					   "control character 0x%02x, allowed: plain text",
					   (unsigned int)c);
		if (chars == READER_LINE_CHARS_MAX)
			return reader_fail(reader, reader->line,
					   "line too long, allowed: %d characters",
					   READER_LINE_CHARS_MAX);
		if ((c == '#' || c == ';') && !comment && (chars == 0 || line[chars - 1] == ' '))
			comment = true;
		line[chars++] = (char)(comment ? ' ' : c);
		if (reader->line == 1 && chars == 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
			chars = 0; /* a byte order mark */
	}
	if (ferror(reader->stream))
		return reader_fail(reader, reader->line,
				   "cannot be read: %s, allowed: a readable file", strerror(errno));
	while (chars > 0 && line[chars - 1] == ' ')
		chars--;
	line[chars] = '\0';
	if (!any)
		reader->line--;
	return any;
}

static bool check_section_line(struct reader *reader, char *text)
{
	char *end = strchr(text, ']');

	if (end == NULL || end[1] != '\0')
		return reader_fail(reader, reader->line,
				   "bad section line '%s', allowed: [section] and nothing "
				   "after it",
				   text);
	*end = '\0';
	if (!reader_enter_section(reader, text + 1))
		return false;
	*end = ']';
	return true;
}

char *reader_next_line(char *out, int out_bytes, void *user)
{
	struct reader *reader = user;
	char line[READER_LINE_CHARS_MAX + 1];
	char *text;

	if (reader->failed || !read_line(reader, line))
		return NULL;
	text = line + strspn(line, " ");
	if (text[0] == '[') {
		if (!check_section_line(reader, text))
			return NULL;
	} else if (text[0] != '\0' && text[strcspn(text, "=:")] != '=') {
		reader_fail(reader, reader->line,
			    "no '=' in '%s', allowed: key = value, [section], # comment", text);
		return NULL;
	}
	if (snprintf(out, (size_t)out_bytes, "%s\n", text) >= out_bytes) {
		reader_fail(reader, reader->line, "line too long, allowed: %d characters",
			    out_bytes - 2);
		return NULL;
	}
	return out;
}
