/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/link.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <snoopd/base/clock.h>
#include <snoopd/datapath/worker.h>

#define ANSWER_TIMEOUT_MS 500

void link_init(struct link *link, uint32_t number, const char *name, pthread_mutex_t *lock)
{
	memset(link, 0, sizeof(*link));
	link->number = number;
	snprintf(link->name, sizeof(link->name), "%s", name);
	link->lock = lock;
}

void links_init(struct links *links, const struct config_links *configs)
{
	pthread_mutex_init(&links->lock, NULL);
	links->count = configs->count;
	for (uint32_t i = 0; i < links->count; i++) {
		struct link *link = &links->link[i];

		link_init(link, i, configs->link[i]->link, &links->lock);
		if (links->count > 1)
			snprintf(link->label, sizeof(link->label), " link=%s",
				 configs->link[i]->link);
	}
}

struct link *links_find(struct links *links, const char *name)
{
	for (uint32_t i = 0; i < links->count; i++)
		if (strcmp(links->link[i].name, name) == 0)
			return &links->link[i];
	return NULL;
}

void link_attach(struct link *link, const struct config *config,
		 const struct supervisor *supervisor)
{
	uint64_t now_us = clock_monotonic_us();

	pthread_mutex_lock(link->lock);
	link->supervisor = supervisor;
	link->config = link->loaded = config;
	link->started_us = link->configured_us = now_us;
	link->reloads = 0;
	link->attached = true;
	pthread_mutex_unlock(link->lock);
}

void link_detach(struct link *link)
{
	pthread_mutex_lock(link->lock);
	link->attached = false;
	pthread_mutex_unlock(link->lock);
}

static const struct link *attached(struct link *link)
{
	if (link->attached)
		return link;
	pthread_mutex_unlock(link->lock);
	return NULL;
}

const struct link *link_lock(struct link *link)
{
	pthread_mutex_lock(link->lock);
	return attached(link);
}

const struct link *link_try_lock(struct link *link)
{
	return pthread_mutex_trylock(link->lock) == 0 ? attached(link) : NULL;
}

void link_unlock(struct link *link)
{
	pthread_mutex_unlock(link->lock);
}

bool links_lock(struct links *links)
{
	bool all = links->count > 0;

	pthread_mutex_lock(&links->lock);
	for (uint32_t i = 0; i < links->count; i++)
		all &= links->link[i].attached;
	if (!all)
		pthread_mutex_unlock(&links->lock);
	return all;
}

void links_unlock(struct links *links)
{
	pthread_mutex_unlock(&links->lock);
}

struct worker_link *link_part(const struct link *link, uint32_t index)
{
	return link->workers[index]->link[link->number];
}

struct request *link_ask(const struct link *link, uint32_t index)
{
	return index < link->worker_count ? request_begin(link->workers[index], link->number)
					  : NULL;
}

struct request *link_wait(struct request *request)
{
	return request_wait(request, ANSWER_TIMEOUT_MS) == 0 ? request : NULL;
}

struct request *link_collect(struct request *request)
{
	return request_await(request, ANSWER_TIMEOUT_MS) == 0 ? request : NULL;
}

int link_find_flow(const struct link *link, const struct snoop_key *key, struct request **answer,
		   uint32_t *worker)
{
	for (uint32_t i = 0; i < link->worker_count; i++) {
		struct request *request = link_ask(link, i);

		if (request == NULL)
			return -ETIMEDOUT;
		request->kind = REQUEST_FLOW;
		request->key = *key;
		request->key.link = (uint8_t)link->number;
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
