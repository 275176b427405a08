/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How other threads ask a worker for something: one slot per worker.
 *
 * The control side fills the slot, posts it and waits a bounded time; the worker looks at the slot
 * between two turns, at least every millisecond, and works on it in bounded steps. Whoever's turn
 * it is owns the slot's fields; `state` hands it over. So flows stay private to their worker: what
 * the control side sees is a copy that the worker wrote.
 */
#ifndef SNOOPD_REQUEST_H
#define SNOOPD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <config/config.h>
#include <snoop/snoop.h>
#include <snoopd/datapath/worker_report.h>

/* Of one page; report.h ends it earlier where a telemetry reply holds less. */
#define REQUEST_FLOWS_MAX 32
#define REQUEST_STATIONS_MAX 64

struct trace;

enum request_state {
	REQUEST_IDLE,	/* control side owns the slot */
	REQUEST_POSTED, /* the worker may take it, the control side may take it back */
	REQUEST_TAKEN,	/* the worker owns the slot */
	REQUEST_DONE,	/* control side owns the slot, the answer is in it */
};

enum request_kind {
	REQUEST_FLOWS,	   /* a page of the flow table */
	REQUEST_FLOW,	   /* one flow by its key */
	REQUEST_STATIONS,  /* a page of the station table */
	REQUEST_CAPTURE,   /* capture from now on, or no more */
	REQUEST_REPAIRS,   /* what repairs achieved in a part of the flow table, by station */
	REQUEST_CONFIGURE, /* use another configuration from now on, for running flows too */
};

struct request_flow {
	struct snoop_key key;
	struct snoop_flow_info info;
	uint64_t idle_us; /* since its last packet */
	uint32_t position;
};

struct request_station {
	struct snoop_station_info info;
	uint64_t idle_us; /* since its last packet */
	uint32_t position;
};

struct request {
	uint32_t state; /* enum request_state; atomic */
	enum request_kind kind;

	/* Set by the control side. */
	uint32_t position;	     /* FLOWS, STATIONS, REPAIRS: first record to look at */
	struct snoop_key key;	     /* FLOW */
	const struct config *config; /* CONFIGURE: sizes of tables and pool as before */

	struct trace *trace; /* CAPTURE: NULL = no more */

	/* Set by the worker. */
	uint32_t cursor;
	uint32_t total; /* flows, or stations, in the table */
	uint32_t next;	/* position of the next page, 0 = this was the last */
	uint32_t count;
	union {
		struct request_flow flows[REQUEST_FLOWS_MAX];
		struct request_station stations[REQUEST_STATIONS_MAX];
		struct guard_station repairs[GUARD_STATIONS];
	};
};

struct worker;

/**
 * Post a request and wait for the answer. Any control-side thread, but only one at a time (the
 * caller's lock). Fill kind and its fields between request_begin() and request_wait().
 *
 * @return the slot, owned by the caller, or NULL if the worker still works on an abandoned request.
 */
struct request *request_begin(struct worker *worker);

/** @return 0 with the answer in the slot, or -ETIMEDOUT: the slot must then not be read. */
int request_wait(struct request *request, uint32_t timeout_ms);

/**
 * request_wait() in pieces, for who waits for several workers. What was posted and is not taken
 * back stays there until the worker comes by.
 */
void request_post(struct request *request);
/** The end of request_wait(). */
int request_await(struct request *request, uint32_t timeout_ms);
enum request_state request_state(const struct request *request);
/** @return false where the worker was faster. */
bool request_take_back(struct request *request);

/** Worker lcore: go on with whatever is asked, in a bounded step. */
void request_serve(struct worker *worker);

#endif
