/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/apply.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <config/links.h>
#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/link.h>
#include <snoopd/control/systemd.h>
#include <snoopd/datapath/worker.h>

/*
 * How long the workers may take to visit their flows. A busy worker visits 512 records a
 * millisecond, so this is enough for 5 million. A larger table is still being visited afterwards,
 * and the answer says so.
 */
#define PUBLISH_TIMEOUT_MS 10000
#define PUBLISH_NAP_NS 200000

/* What a worker was last seen to do with the configuration. */
enum progress { PROGRESS_NOT_TOLD, PROGRESS_TOLD, PROGRESS_DONE };

static enum progress tell(struct worker *worker, uint32_t link, const struct config *config)
{
	struct request *request = request_begin(worker, link);

	/* Take back an earlier configuration that a stuck worker has not even looked at. */
	if (request == NULL && worker->request.kind == REQUEST_CONFIGURE &&
	    worker->request.link == link && mailbox_take_back(&worker->request.mail))
		request = request_begin(worker, link);
	if (request == NULL)
		return PROGRESS_NOT_TOLD;
	request->kind = REQUEST_CONFIGURE;
	request->config = config;
	request_post(request);
	return PROGRESS_TOLD;
}

static void explain_late(const struct link *link, uint32_t index, enum progress progress,
			 char *line, size_t line_bytes)
{
	bool taken = mailbox_state(&link->workers[index]->request.mail) == MAIL_TAKEN;

	/* Short: telemetry cuts it at 127 characters. */
	snprintf(
		line, line_bytes, "in effect, but worker %u of %u %s", index, link->worker_count,
		progress == PROGRESS_NOT_TOLD
			? "is busy with an earlier request and did not get it: repeat the command"
		: taken ? "is still giving its flows their levels"
			: "does not move; it takes the change once it moves: see snoopctl workers");
}

/* Tell every worker that was not told, and note who is done. @return how many are not done. */
static uint32_t advance(const struct link *link, const struct config *config,
			enum progress progress[], uint32_t *first_late)
{
	uint32_t late = 0;

	for (uint32_t i = link->worker_count; i-- > 0;) {
		struct worker *worker = link->workers[i];

		if (progress[i] == PROGRESS_NOT_TOLD)
			progress[i] = tell(worker, link->number, config);
		else if (mailbox_state(&worker->request.mail) == MAIL_DONE)
			progress[i] = PROGRESS_DONE;
		if (progress[i] != PROGRESS_DONE) {
			late++;
			*first_late = i;
		}
	}
	return late;
}

/* Tell all workers and wait for them. A late worker still does its part after the timeout. */
static int publish(const struct link *link, const struct config *config, char *line,
		   size_t line_bytes)
{
	const struct timespec nap = {.tv_nsec = PUBLISH_NAP_NS};
	uint64_t end_us = clock_monotonic_us() + PUBLISH_TIMEOUT_MS * US_PER_MS;
	enum progress progress[HANDOFF_WORKERS_MAX] = {PROGRESS_NOT_TOLD};
	uint32_t first_late = 0;

	while (advance(link, config, progress, &first_late) > 0) {
		if (clock_monotonic_us() >= end_us) {
			explain_late(link, first_late, progress[first_late], line, line_bytes);
			return -EINPROGRESS;
		}
		nanosleep(&nap, NULL);
	}
	return 0;
}

/*
 * Publish a copy of fresh. What a late worker may still look at is never freed: that costs memory,
 * not the link.
 */
static int put_into_effect(struct link *link, const struct config *fresh,
			   const struct config *loaded, char *line, size_t line_bytes)
{
	struct config *config = malloc(sizeof(*config)), *base = malloc(sizeof(*base));
	int result;

	if (config == NULL || base == NULL) {
		free(config);
		free(base);
		snprintf(line, line_bytes, "no memory for a configuration");
		return -ENOMEM;
	}
	*config = *fresh;
	*base = *loaded;
	result = publish(link, config, line, line_bytes);
	link->config = config;
	link->configured_us = clock_monotonic_us();
	link->loaded = base;
	if (result == 0)
		free(link->owned_config);
	free(link->owned_loaded);
	link->owned_config = config;
	link->owned_loaded = base;
	return result;
}

/* The links as the file says that was read last. The lock is held. */
static struct config_links loaded_links(const struct links *links)
{
	struct config_links loaded = {.count = links->count};

	for (uint32_t i = 0; i < links->count; i++)
		loaded.link[i] = (struct config *)(uintptr_t)links->link[i].loaded;
	return loaded;
}

/* Read the file and check that it can take effect. @return 0, or -EINVAL with a line. */
static int load(const struct links *links, struct config_links *fresh, char *line,
		size_t line_bytes)
{
	const struct config_links running = loaded_links(links);
	const char *file = running.link[0]->file;
	char names[400];

	if (config_links_load(fresh, file, line, line_bytes) != 0)
		return -EINVAL;
	if (config_links_start_changes(&running, fresh, names, sizeof(names)) == 0)
		return 0;
	snprintf(line, line_bytes,
		 "%s: %s cannot change while snoopd runs; nothing was changed: restart snoopd, or "
		 "restore the old value",
		 file, names);
	config_links_free(fresh);
	return -EINVAL;
}

/* Nothing of the link changes: neither the file nor, since it was read, a command or the guard. */
static bool is_untouched(const struct link *link, const struct config *fresh)
{
	return config_same(link->loaded, fresh) && config_same(link->config, fresh);
}

/* Short: telemetry cuts it at 127 characters. */
static void describe(const struct config_links *fresh, uint32_t changed, char *line,
		     size_t line_bytes)
{
	const struct config *first = fresh->link[0];

	if (fresh->count == 1)
		snprintf(line, line_bytes, "%s: in effect, mode %s, %u rules", first->file,
			 snoop_level_name(first->mode), first->rule_count);
	else
		snprintf(line, line_bytes, "%s: in effect, %u of %u links changed", first->file,
			 changed, fresh->count);
}

/* A link that the file does not change is left alone, unless it is the only one: then a reload
 * starts the guard anew. */
static int reload(struct links *links, char *line, size_t line_bytes)
{
	struct config_links fresh;
	int result = load(links, &fresh, line, line_bytes), late = 0;
	uint32_t changed = 0;

	for (uint32_t i = 0; i < links->count && result == 0; i++) {
		struct link *link = &links->link[i];
		int index = config_links_find(&fresh, link->name);

		if (links->count > 1 && is_untouched(link, fresh.link[index]))
			continue;
		result = put_into_effect(link, fresh.link[index], fresh.link[index], line,
					 line_bytes);
		if (result == 0 || result == -EINPROGRESS) {
			link->reloads++;
			changed++;
			late |= result;
			result = 0;
		}
	}
	if (result == 0 && late == 0)
		describe(&fresh, changed, line, line_bytes);
	if (result != -EINVAL)
		config_links_free(&fresh);
	return result != 0 ? result : late;
}

static int set_mode(struct link *link, enum snoop_level level, char *line, size_t line_bytes)
{
	struct config fresh = *link->loaded;
	int result;

	fresh.mode = level;
	if (level == SNOOP_LEVEL_BYPASS)
		fresh.rule_count = 0;
	result = put_into_effect(link, &fresh, link->loaded, line, line_bytes);
	if (result == 0)
		snprintf(line, line_bytes, "mode %s until the next reload, %u rules%s",
			 snoop_level_name(level), fresh.rule_count,
			 fresh.rule_count < link->loaded->rule_count ? " (suspended)" : "");
	return result;
}

static int not_running(char *line, size_t line_bytes)
{
	snprintf(line, line_bytes, "snoopd is starting or stopping: try again");
	return -ENODEV;
}

static void log_result(const char *event, const char *label, int result, const char *line)
{
	if (result == 0)
		log_line("event=%s%s result=done message=\"%s\"", event, label, line);
	else if (result == -EINPROGRESS)
		log_error("event=%s%s result=partly message=\"%s\"", event, label, line);
	else /* Only a warning, which is rate limited: nothing changed, and a script may retry. */
		log_warning("event=%s%s result=refused message=\"%s\"", event, label, line);
}

int apply_reload(struct links *links, char *line, size_t line_bytes)
{
	int result;

	if (!links_lock(links))
		return not_running(line, line_bytes);
	systemd_reloading();
	result = reload(links, line, line_bytes);
	systemd_ready();
	log_result("reload", "", result, line);
	links_unlock(links);
	return result;
}

int apply_mode_locked(struct link *link, enum snoop_level level, char *line, size_t line_bytes)
{
	int result = set_mode(link, level, line, line_bytes);

	log_result("mode", link->label, result, line);
	return result;
}

int apply_mode(struct link *link, enum snoop_level level, char *line, size_t line_bytes)
{
	int result;

	if (link_lock(link) == NULL)
		return not_running(line, line_bytes);
	result = apply_mode_locked(link, level, line, line_bytes);
	link_unlock(link);
	return result;
}
