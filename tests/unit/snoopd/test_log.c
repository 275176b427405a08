/* SPDX-License-Identifier: BSD-3-Clause */
/* Levels, the journal's prefix, and the limit. Each case runs in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <snoopd/base/log.h>

static char text[65536];

/* @return what the case wrote to stderr. */
static const char *written(void (*logs)(void))
{
	size_t used = 0;
	ssize_t bytes;
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		logs();
		_exit(0);
	}
	close(ends[1]);
	while ((bytes = read(ends[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)bytes;
	text[used] = '\0';
	close(ends[0]);
	wait(&status);
	assert_int_equal(status, 0);
	return text;
}

static void log_each(void)
{
	log_error("a=%d", 1);
	log_warning("b");
	log_line("c");
	log_info("d");
	log_debug("e");
	log_set_level(LOG_DEBUG);
	log_debug("f");
	log_set_level(LOG_ERR);
	log_warning("g");
	log_error("h");
}

static void on_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(written(log_each), "snoopd: error: a=1\nsnoopd: warning: b\n"
					       "snoopd: c\nsnoopd: d\nsnoopd: debug: f\n"
					       "snoopd: error: h\n");
}

static void log_to_journal(void)
{
	struct stat status;
	char stream[64];

	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_each();
}

static void in_the_journal(void **state)
{
	(void)state;
	assert_string_equal(written(log_to_journal), "<3>a=1\n<4>b\n<5>c\n<6>d\n<7>f\n<3>h\n");
}

/* The C library's stand-ins: what syslog would get. */
void openlog(const char *ident, int option, int facility)
{
	dprintf(STDERR_FILENO, "%s %d\n", ident, facility == LOG_DAEMON);
}

#undef syslog /* a macro where clang fortifies it */
void syslog(int level, const char *format, ...)
{
	va_list args;

	dprintf(STDERR_FILENO, "%d ", level);
	va_start(args, format);
	vdprintf(STDERR_FILENO, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "\n");
}

#ifdef __USE_FORTIFY_LEVEL
void __syslog_chk(int level, int flag, const char *format, ...);
void __syslog_chk(int level, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	dprintf(STDERR_FILENO, "%d ", level);
	va_start(args, format);
	vdprintf(STDERR_FILENO, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "\n");
}
#endif

static void log_by_syslog(void)
{
	log_to_syslog();
	log_each();
}

static void by_syslog(void **state)
{
	(void)state;
	assert_string_equal(written(log_by_syslog), "snoopd 1\n3 a=1\n4 b\n5 c\n6 d\n7 f\n3 h\n");
}

static void log_much(void)
{
	for (int i = 0; i < 4 * LOG_BURST; i++)
		log_line("x");
	log_error("last");
}

static void log_much_of_two_links(void)
{
	log_line("first");
	log_set_links(2);
	log_much();
}

static size_t count_lines(const char *at)
{
	size_t lines = 0;

	while ((at = strchr(at, '\n')) != NULL) {
		lines++;
		at++;
	}
	return lines;
}

static void is_limited(void **state)
{
	const char *all = written(log_much);

	(void)state;
	assert_in_range(count_lines(all), LOG_BURST + 1, 2 * LOG_BURST);
	assert_non_null(strstr(all, "snoopd: error: last suppressed="));
}

static void each_link_has_a_burst(void **state)
{
	const char *all = written(log_much_of_two_links);

	(void)state;
	assert_in_range(count_lines(all), 2 * LOG_BURST + 1, 3 * LOG_BURST);
	assert_non_null(strstr(all, "snoopd: error: last suppressed="));
}

static void names_are_read_back(void **state)
{
	(void)state;
	for (int level = LOG_ERR; level <= LOG_DEBUG; level++)
		assert_int_equal(log_level_parse(log_level_name(level)), level);
	assert_int_equal(log_level_parse("loud"), -1);
	assert_int_equal(log_level_parse(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_terminal),
		cmocka_unit_test(in_the_journal),
		cmocka_unit_test(by_syslog),
		cmocka_unit_test(is_limited),
		cmocka_unit_test(each_link_has_a_burst),
		cmocka_unit_test(names_are_read_back),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
