/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/link.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/systemd.h>
#include <snoopd/datapath/worker.h>

#define ANSWER_TIMEOUT_MS 500
/*
 * For the workers to go through their flows. A busy worker does 512 records a millisecond, so that
 * 5 million of them take as long; a larger table is still being walked then, and the answer says
 * so.
 */
#define CONFIGURE_TIMEOUT_MS 10000
#define CONFIGURE_NAP_NS 200000

static struct {
	pthread_mutex_t lock;
	struct link link; /* worker_count 0 = not running */
	const struct config
		*loaded;	 /* as the file says; differs from config after apply_mode() */
	struct config *owned[2]; /* config and loaded where they are ours to free */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

void link_attach(const struct config *config, const struct ports *ports,
		    const struct steering *distribution, const struct supervisor *supervisor,
		    struct worker *const *workers, uint32_t worker_count)
{
	uint64_t now_us = clock_monotonic_us();

	pthread_mutex_lock(&shared.lock);
	shared.loaded = config;
	shared.link = (struct link){
		.config = config,
		.ports = ports,
		.distribution = distribution,
		.supervisor = supervisor,
		.workers = workers,
		.worker_count = worker_count,
		.started_us = now_us,
		.configured_us = now_us,
	};
	pthread_mutex_unlock(&shared.lock);
}

void link_detach(void)
{
	pthread_mutex_lock(&shared.lock);
	shared.link.worker_count = 0;
	pthread_mutex_unlock(&shared.lock);
}

static const struct link *locked(void)
{
	if (shared.link.worker_count > 0)
		return &shared.link;
	pthread_mutex_unlock(&shared.lock);
	return NULL;
}

const struct link *link_lock(void)
{
	pthread_mutex_lock(&shared.lock);
	return locked();
}

const struct link *link_try_lock(void)
{
	return pthread_mutex_trylock(&shared.lock) == 0 ? locked() : NULL;
}

void link_unlock(void)
{
	pthread_mutex_unlock(&shared.lock);
}

struct request *link_ask(const struct link *link, uint32_t index)
{
	return index < link->worker_count ? request_begin(link->workers[index]) : NULL;
}

struct request *link_wait(struct request *request)
{
	return request_wait(request, ANSWER_TIMEOUT_MS) == 0 ? request : NULL;
}

struct request *link_collect(struct request *request)
{
	return request_await(request, ANSWER_TIMEOUT_MS) == 0 ? request : NULL;
}

int link_find_flow(const struct link *link, const struct snoop_key *key,
		      struct request **answer, uint32_t *worker)
{
	for (uint32_t i = 0; i < link->worker_count; i++) {
		struct request *request = link_ask(link, i);

		if (request == NULL)
			return -ETIMEDOUT;
		request->kind = REQUEST_FLOW;
		request->key = *key;
		request = link_wait(request);
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

/* What a worker was last seen to do with the configuration. */
enum progress { PROGRESS_NOT_TOLD, PROGRESS_TOLD, PROGRESS_DONE };

static enum progress tell(struct worker *worker, const struct config *config)
{
	struct request *request = request_begin(worker);

	/* An earlier configuration that a stuck worker has not even looked at is void. */
	if (request == NULL && worker->request.kind == REQUEST_CONFIGURE &&
	    request_take_back(&worker->request))
		request = request_begin(worker);
	if (request == NULL)
		return PROGRESS_NOT_TOLD;
	request->kind = REQUEST_CONFIGURE;
	request->config = config;
	request_post(request);
	return PROGRESS_TOLD;
}

static void explain_late(uint32_t index, enum progress progress, char *line, size_t line_bytes)
{
	const struct link *link = &shared.link;
	bool taken = request_state(&link->workers[index]->request) == REQUEST_TAKEN;

	/* Telemetry cuts it at 127 characters. */
	snprintf(line, line_bytes, "in effect, but worker %u of %u %s", index,
		 link->worker_count,
		 progress == PROGRESS_NOT_TOLD
			 ? "is busy with an earlier request and did not get it: repeat the command"
		 : taken ? "still gives its flows their levels"
			 : "does not move and takes it when it does: see snoopctl workers");
}

/* Tell all workers, and wait for them. What is not done in time the workers still do. */
static int publish(const struct config *config, char *line, size_t line_bytes)
{
	const struct timespec nap = {.tv_nsec = CONFIGURE_NAP_NS};
	uint64_t end_us = clock_monotonic_us() + CONFIGURE_TIMEOUT_MS * US_PER_MS;
	enum progress progress[HANDOFF_WORKERS_MAX] = {PROGRESS_NOT_TOLD};
	const struct link *link = &shared.link;
	uint32_t late, first = 0;

	for (;;) {
		late = 0;
		for (uint32_t i = link->worker_count; i-- > 0;) {
			struct worker *worker = link->workers[i];

			if (progress[i] == PROGRESS_NOT_TOLD)
				progress[i] = tell(worker, config);
			else if (request_state(&worker->request) == REQUEST_DONE)
				progress[i] = PROGRESS_DONE;
			if (progress[i] != PROGRESS_DONE) {
				late++;
				first = i;
			}
		}
		if (late == 0)
			return 0;
		if (clock_monotonic_us() >= end_us) {
			explain_late(first, progress[first], line, line_bytes);
			return -EINPROGRESS;
		}
		nanosleep(&nap, NULL);
	}
}

/*
 * Publish a copy of fresh. What a late worker may still look at is never freed: an error of that
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
	shared.link.config = copy;
	shared.link.configured_us = clock_monotonic_us();
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
	const struct config *running = shared.link.config;
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
	if (result == 0 || result == -EINPROGRESS)
		shared.link.reloads++;
	if (result != 0)
		return result;
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
	else if (result == -EINPROGRESS)
		log_error("event=%s result=partly message=\"%s\"", event, line);
	else /* no error: nothing changed, and who repeats it must not fill the log */
		log_warning("event=%s result=refused message=\"%s\"", event, line);
	link_unlock();
	return result;
}

int apply_reload(char *line, size_t line_bytes)
{
	int result;

	if (link_lock() == NULL)
		return not_running(line, line_bytes);
	systemd_reloading();
	result = reload(line, line_bytes);
	systemd_ready();
	return finish("reload", result, line);
}

int apply_mode(enum snoop_level level, char *line, size_t line_bytes)
{
	if (link_lock() == NULL)
		return not_running(line, line_bytes);
	return finish("mode", set_mode(level, line, line_bytes), line);
}

int apply_mode_if(uint64_t *configured_us, enum snoop_level level, char *line, size_t line_bytes)
{
	int result;

	if (link_lock() == NULL)
		return not_running(line, line_bytes);
	if (shared.link.configured_us != *configured_us) {
		link_unlock();
		return -ESTALE;
	}
	result = set_mode(level, line, line_bytes);
	*configured_us = shared.link.configured_us;
	return finish("mode", result, line);
}
