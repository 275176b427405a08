/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The room control: what happens while packets move. The control thread runs here; the telemetry
 * thread too where a client changes something (apply.h). They may touch the link and what is theirs
 * in this room, and workers only by request and by what these publish. They may call bringup,
 * datapath (request.h, totals.h), base and lib; observe and appliance.c call them.
 *
 * This file: a link, which is two ports, the configuration in effect, the workers that forward
 * between them, and the lock under which other threads look at all that. The control thread brings
 * it up and takes it down; the telemetry and HTTP threads read it. Each takes the lock for the
 * length of one answer or one change, so workers outlive every answer and get one request at a
 * time. The lock is one for all links of a process, as a worker has one mailbox.
 *
 * A process has several; nothing here is static. The workers are the process's, and each link has
 * those that serve it.
 */
#ifndef SNOOPD_LINK_H
#define SNOOPD_LINK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <config/links.h>
#include <snoopd/bringup/ports.h>
#include <snoopd/bringup/steering.h>

struct request;
struct supervisor;
struct worker;
struct worker_link;

struct link {
	/*
	 * Written by the control thread before link_attach(), constant until link_detach(). The
	 * exception: the last fields of a port, which this room writes and others read
	 * atomically; all of a port that port_return.c opens again, under the lock; and the
	 * supervisor, which its tick changes (see supervisor.h).
	 */
	struct ports ports;
	struct steering steering; /* how packets find their worker */
	struct worker *workers[HANDOFF_WORKERS_MAX];
	uint32_t worker_count;
	uint32_t number; /* of the link in the process */
	char name[CONFIG_LINK_CHARS_MAX + 1];
	char label[CONFIG_LINK_CHARS_MAX + 8]; /* " link=NAME" for log lines, "" for the only one */
	enum config_lost lost;		       /* [ports] lost */
	const struct supervisor *supervisor;

	pthread_mutex_t *lock; /* of all links of the process, as they share workers */
	/* Written under the lock by link_attach() and link_detach(), read under it. */
	bool attached;
	uint64_t started_us; /* CLOCK_MONOTONIC */
	/* Written under the lock by link_attach() and apply.c, read under it. */
	const struct config *config; /* in effect */
	const struct config *loaded; /* as the file says; differs after apply_mode() */
	uint64_t configured_us;	     /* CLOCK_MONOTONIC, when config took effect */
	uint32_t reloads;	     /* times that a file took effect after the start */
	/* config and loaded where apply.c allocated them, else NULL. apply.c alone, under the
	 * lock. */
	struct config *owned_config, *owned_loaded;
};

/** The links of the process, by their numbers. */
struct links {
	pthread_mutex_t lock;
	uint32_t count;
	struct link link[CONFIG_LINKS_MAX];
};

/** Make a link without ports or workers. link_lock() says that it does not run. */
void link_init(struct link *link, uint32_t number, const char *name, pthread_mutex_t *lock);

/** Make the links of a configuration. */
void links_init(struct links *links, const struct config_links *configs);

/** @return the link of that name, or NULL. */
struct link *links_find(struct links *links, const char *name);

/**
 * Let other threads see the link. Control thread, once ports, steering and workers are filled in
 * and the workers run.
 *
 * @param config      outlives the link; the link never frees it
 * @param supervisor  outlives link_detach()
 */
void link_attach(struct link *link, const struct config *config,
		 const struct supervisor *supervisor);

/** Hide the link again. Returns when no answer is under way. Control thread. */
void link_detach(struct link *link);

/** Take the lock. @return the link to read from, or NULL, without the lock, if it does not run. */
const struct link *link_lock(struct link *link);
/** The same without waiting: NULL also if another thread has the lock. */
const struct link *link_try_lock(struct link *link);
void link_unlock(struct link *link);

/** @return what the worker of that index has of the link, see datapath/worker_link.h. */
struct worker_link *link_part(const struct link *link, uint32_t index);

/** Take the lock. @return false, without the lock, if a link does not run. */
bool links_lock(struct links *links);
void links_unlock(struct links *links);

/** With the lock: the slot of a worker to fill, or NULL if it is lost or busy. See request.h. */
struct request *link_ask(const struct link *link, uint32_t index);

/** With the lock: post what link_ask() gave. @return the slot with the answer, or NULL. */
struct request *link_wait(struct request *request);

/** With the lock: the same after request_post(), so that several workers can answer at once. */
struct request *link_collect(struct request *request);

/**
 * With the lock: ask the workers in turn for a flow of the link; only its owner has it.
 *
 * @param key  whatever link it names
 * @return 0 with the answer and its worker, -ENOENT, -ETIMEDOUT.
 */
int link_find_flow(const struct link *link, const struct snoop_key *key, struct request **answer,
		   uint32_t *worker);

#endif
