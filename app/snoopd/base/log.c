/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/base/log.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll
#define LINE_CHARS 1024

static struct {
	pthread_mutex_t lock;
	int level;
	bool started;	 /* the fields below are set */
	bool to_journal; /* stderr is the journal's stream */
	bool to_syslog;
	int64_t links;
	int64_t tokens_ns;
	int64_t filled_ns;
	uint64_t suppressed;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO, .links = 1};

static const struct {
	int level;
	const char *name;
	const char *prefix; /* on a terminal */
} levels[] = {
	{LOG_ERR, "error", "error: "},	 {LOG_WARNING, "warning", "warning: "},
	{LOG_NOTICE, "notice", ""},	 {LOG_INFO, "info", ""},
	{LOG_DEBUG, "debug", "debug: "},
};

#define LEVELS (sizeof(levels) / sizeof(levels[0]))

const char *log_level_name(int level)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (levels[i].level == level)
			return levels[i].name;
	return "?";
}

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (strcmp(levels[i].name, name) == 0)
			return levels[i].level;
	return -1;
}

void log_to_syslog(void)
{
	pthread_mutex_lock(&logger.lock);
	openlog("snoopd", LOG_PID, LOG_DAEMON);
	logger.to_syslog = true;
	pthread_mutex_unlock(&logger.lock);
}

void log_set_links(uint32_t links)
{
	pthread_mutex_lock(&logger.lock);
	logger.tokens_ns += (links - logger.links) * LOG_BURST * (NS_PER_S / LOG_PER_SECOND);
	logger.links = links;
	pthread_mutex_unlock(&logger.lock);
}

void log_set_level(int level)
{
	__atomic_store_n(&logger.level, level, __ATOMIC_RELAXED);
}

int log_level(void)
{
	return __atomic_load_n(&logger.level, __ATOMIC_RELAXED);
}

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the journal's socket. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A token bucket. Errors pass without a token. */
static bool may_pass(int level)
{
	const int64_t cost_ns = NS_PER_S / LOG_PER_SECOND;
	const int64_t full_ns = LOG_BURST * cost_ns * logger.links;
	int64_t now = now_ns();

	if (!logger.started) {
		logger.started = true;
		logger.to_journal = stderr_is_journal();
		logger.tokens_ns = full_ns;
		logger.filled_ns = now;
	}
	logger.tokens_ns += now - logger.filled_ns;
	logger.filled_ns = now;
	if (logger.tokens_ns > full_ns)
		logger.tokens_ns = full_ns;
	if (logger.tokens_ns < cost_ns && level > LOG_ERR) {
		logger.suppressed++;
		return false;
	}
	if (logger.tokens_ns >= cost_ns)
		logger.tokens_ns -= cost_ns;
	return true;
}

static const char *prefix_of(int level)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (levels[i].level == level)
			return levels[i].prefix;
	return "";
}

/* One write per line, so that lines of several processes do not mix. */
static void print(int level, const char *text)
{
	char head[32], tail[48] = "";

	if (logger.to_syslog)
		head[0] = '\0';
	else if (logger.to_journal)
		snprintf(head, sizeof(head), "<%d>", level);
	else
		snprintf(head, sizeof(head), "snoopd: %s", prefix_of(level));
	if (logger.suppressed > 0)
		snprintf(tail, sizeof(tail), " suppressed=%llu",
			 (unsigned long long)logger.suppressed);
	logger.suppressed = 0;
	if (logger.to_syslog)
		syslog(level, "%s%s", text, tail);
	else
		fprintf(stderr, "%s%s%s\n", head, text, tail);
}

void log_write(int level, const char *format, ...)
{
	char text[LINE_CHARS];
	va_list args;

	if (level > log_level())
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pthread_mutex_lock(&logger.lock);
	if (may_pass(level))
		print(level, text);
	pthread_mutex_unlock(&logger.lock);
}
