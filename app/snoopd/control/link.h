/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the threads beside the workers share while the workers run: the configuration in effect,
 * the ports, the workers. The control thread, telemetry's thread and the HTTP thread take one lock
 * for the length of an answer; so workers outlive every answer, and get one request at a time.
 *
 * Another configuration comes from apply_reload() or apply_mode(). It is made aside, checked,
 * and then published: every worker takes the pointer between two turns, gives each of its flows
 * the level that it has now (withheld ACKs of a flow that changes are released in order), and
 * acknowledges. Only after that the old structure is freed. No packet waits for any of it. All
 * workers are told at once. A bypass of the whole link begins for all packets as soon as no ACK is
 * withheld, before the flows have been gone through.
 */
#ifndef SNOOPD_SERVICE_H
#define SNOOPD_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <config/config.h>

struct steering;
struct supervisor;
struct ports;
struct request;
struct worker;

#define LINK_LINE_CHARS 700

struct link {
	const struct config *config; /* in effect */
	const struct ports *ports;   /* names and drivers constant, link_up may change any time */
	const struct steering *distribution;
	const struct supervisor *supervisor;
	struct worker *const *workers;
	uint32_t worker_count;
	uint64_t started_us;	/* CLOCK_MONOTONIC */
	uint64_t configured_us; /* when config took effect */
	uint32_t reloads;	/* times that a file took effect after the start */
};

/** From now on there is something to answer. The configuration stays the caller's. Control thread.
 */
void link_attach(const struct config *config, const struct ports *ports,
		    const struct steering *distribution, const struct supervisor *supervisor,
		    struct worker *const *workers, uint32_t worker_count);

/** Returns when no answer is under way. Control thread. */
void link_detach(void);

/** Take the lock. @return NULL, without the lock, where no workers run. */
const struct link *link_lock(void);
/** The same, NULL also where somebody else has the lock. */
const struct link *link_try_lock(void);
void link_unlock(void);

/** With the lock: the slot of a worker to fill, or NULL if it is lost or busy. See request.h. */
struct request *link_ask(const struct link *link, uint32_t index);

/** With the lock: post what link_ask() gave. @return the slot with the answer, or NULL. */
struct request *link_wait(struct request *request);

/** With the lock: the same, after request_post(), so that several workers can answer at once. */
struct request *link_collect(struct request *request);

/**
 * With the lock: ask the workers in turn, only the owner of the flow has it.
 *
 * @return 0 with the answer and its worker, -ENOENT, -ETIMEDOUT.
 */
int link_find_flow(const struct link *link, const struct snoop_key *key,
		      struct request **answer, uint32_t *worker);

/**
 * Read the configuration file again and publish it. Nothing changes on an error.
 *
 * @param line  receives what happened, in one line without a newline
 * @return 0, -EINVAL (the file, or a key that is read at the start only), -ENODEV (not running),
 *         -ENOMEM; -EINPROGRESS: it is in effect, but a worker has not finished with it, or is busy
 *         and did not get it. What a worker was given it takes as soon as it moves.
 */
int apply_reload(char *line, size_t line_bytes);

/**
 * Another level for the link, until the next reload. In bypass the rules are suspended too, so that
 * the box is a plain wire; the next other level brings them back.
 *
 * @return as apply_reload().
 */
int apply_mode(enum snoop_level level, char *line, size_t line_bytes);

/**
 * The same, unless somebody else has configured since.
 *
 * @param configured_us  of struct link when the level was decided on; updated
 * @return as apply_mode(), or -ESTALE with nothing done and nothing logged.
 */
int apply_mode_if(uint64_t *configured_us, enum snoop_level level, char *line, size_t line_bytes);

#endif
