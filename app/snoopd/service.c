/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/service.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <snoopd/clock.h>
#include <snoopd/log.h>
#include <snoopd/notify.h>
#include <snoopd/worker.h>

#define ANSWER_TIMEOUT_MS 500
#define CONFIGURE_TIMEOUT_MS 10000 /* the largest flow table is walked in less */

static struct {
	pthread_mutex_t lock;
	struct service service; /* worker_count 0 = not running */
	const struct config
		*loaded;	 /* as the file says; differs from config after service_mode() */
	struct config *owned[2]; /* config and loaded where they are ours to free */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

uint64_t service_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

void service_attach(const struct config *config, const struct ports *ports,
		    const struct distribution *distribution, const struct monitor *monitor,
		    struct worker *const *workers, uint32_t worker_count)
{
	uint64_t now_us = service_now_us();

	pthread_mutex_lock(&shared.lock);
	shared.loaded = config;
	shared.service = (struct service){
		.config = config,
		.ports = ports,
		.distribution = distribution,
		.monitor = monitor,
		.workers = workers,
		.worker_count = worker_count,
		.started_us = now_us,
		.configured_us = now_us,
	};
	pthread_mutex_unlock(&shared.lock);
}

void service_detach(void)
{
	pthread_mutex_lock(&shared.lock);
	shared.service.worker_count = 0;
	pthread_mutex_unlock(&shared.lock);
}

static const struct service *locked(void)
{
	if (shared.service.worker_count > 0)
		return &shared.service;
	pthread_mutex_unlock(&shared.lock);
	return NULL;
}

const struct service *service_lock(void)
{
	pthread_mutex_lock(&shared.lock);
	return locked();
}

const struct service *service_try_lock(void)
{
	return pthread_mutex_trylock(&shared.lock) == 0 ? locked() : NULL;
}

void service_unlock(void)
{
	pthread_mutex_unlock(&shared.lock);
}

struct request *service_ask(const struct service *service, uint32_t index)
{
	return index < service->worker_count ? request_begin(service->workers[index]) : NULL;
}

struct request *service_wait(struct request *request)
{
	return request_wait(request, ANSWER_TIMEOUT_MS) == 0 ? request : NULL;
}

int service_find_flow(const struct service *service, const struct snoop_key *key,
		      struct request **answer, uint32_t *worker)
{
	for (uint32_t i = 0; i < service->worker_count; i++) {
		struct request *request = service_ask(service, i);

		if (request == NULL)
			return -ETIMEDOUT;
		request->kind = REQUEST_FLOW;
		request->key = *key;
		request = service_wait(request);
		if (request == NULL)
			return -ETIMEDOUT;
		if (request->count > 0) {
			*answer = request;
			*worker = i;
			return 0;
		}
	}
	return -ENOENT;
}

/* Every worker takes the configuration, or, where one does not answer, as many as do. */
static int publish(const struct config *config, char *line, size_t line_bytes)
{
	struct service *service = &shared.service;

	for (uint32_t i = 0; i < service->worker_count; i++) {
		struct request *request = request_begin(service->workers[i]);

		if (request != NULL) {
			request->kind = REQUEST_CONFIGURE;
			request->config = config;
			if (request_wait(request, CONFIGURE_TIMEOUT_MS) == 0)
				continue;
		}
		snprintf(
			line, line_bytes,
			"worker %u of %u did not take the configuration within %u ms, those before "
			"it did: is its CPU busy with something else? try again, or restart",
			i, service->worker_count, CONFIGURE_TIMEOUT_MS);
		return -ETIMEDOUT;
	}
	return 0;
}

/*
 * Publish a copy of fresh. What a lost worker may still look at is never freed: an error of that
 * kind costs memory, not the link.
 */
static int use(const struct config *fresh, const struct config *loaded, char *line,
	       size_t line_bytes)
{
	struct config *copy = malloc(sizeof(*copy)), *base = malloc(sizeof(*base));
	int result;

	if (copy == NULL || base == NULL) {
		free(copy);
		free(base);
		snprintf(line, line_bytes, "no memory for a configuration");
		return -ENOMEM;
	}
	*copy = *fresh;
	*base = *loaded;
	result = publish(copy, line, line_bytes);
	shared.service.config = copy;
	shared.service.configured_us = service_now_us();
	shared.loaded = base;
	if (result == 0)
		free(shared.owned[0]);
	free(shared.owned[1]);
	shared.owned[0] = copy;
	shared.owned[1] = base;
	return result;
}

static int reload(char *line, size_t line_bytes)
{
	const struct config *running = shared.service.config;
	char names[400];
	struct config fresh;
	int result;

	if (config_load(&fresh, running->file, line, line_bytes) != 0)
		return -EINVAL;
	if (config_start_changes(running, &fresh, names, sizeof(names)) > 0) {
		snprintf(line, line_bytes,
			 "%s: %s cannot change while snoopd runs, nothing was changed: restart it, "
			 "or put back what was there",
			 running->file, names);
		return -EINVAL;
	}
	result = use(&fresh, &fresh, line, line_bytes);
	if (result != 0)
		return result;
	shared.service.reloads++;
	snprintf(line, line_bytes, "%s: in effect, mode %s, %u rules", fresh.file,
		 snoop_level_name(fresh.mode), fresh.rule_count);
	return 0;
}

static int set_mode(enum snoop_level level, char *line, size_t line_bytes)
{
	struct config fresh = *shared.loaded;
	int result;

	fresh.mode = level;
	if (level == SNOOP_LEVEL_BYPASS)
		fresh.rule_count = 0;
	result = use(&fresh, shared.loaded, line, line_bytes);
	if (result == 0)
		snprintf(line, line_bytes, "mode %s until the next reload, %u rules%s",
			 snoop_level_name(level), fresh.rule_count,
			 fresh.rule_count < shared.loaded->rule_count ? " (suspended)" : "");
	return result;
}

static int not_running(char *line, size_t line_bytes)
{
	snprintf(line, line_bytes, "snoopd is starting or stopping: try again");
	return -ENODEV;
}

static int finish(const char *event, int result, const char *line)
{
	if (result == 0)
		log_line("event=%s result=done message=\"%s\"", event, line);
	else
		log_error("event=%s result=refused message=\"%s\"", event, line);
	service_unlock();
	return result;
}

int service_reload(char *line, size_t line_bytes)
{
	int result;

	if (service_lock() == NULL)
		return not_running(line, line_bytes);
	notify_reloading();
	result = reload(line, line_bytes);
	notify_ready();
	return finish("reload", result, line);
}

int service_mode(enum snoop_level level, char *line, size_t line_bytes)
{
	if (service_lock() == NULL)
		return not_running(line, line_bytes);
	return finish("mode", set_mode(level, line, line_bytes), line);
}

int service_mode_if(uint64_t *configured_us, enum snoop_level level, char *line, size_t line_bytes)
{
	int result;

	if (service_lock() == NULL)
		return not_running(line, line_bytes);
	if (shared.service.configured_us != *configured_us) {
		service_unlock();
		return -ESTALE;
	}
	result = set_mode(level, line, line_bytes);
	*configured_us = shared.service.configured_us;
	return finish("mode", result, line);
}
