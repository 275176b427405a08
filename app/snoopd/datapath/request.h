/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What other threads may ask a worker, and what it answers.
 *
 * Control side: any thread that is not a worker, one at a time (the caller's lock). Get the slot
 * with request_begin(), fill kind and its fields, post it, wait a bounded time. The worker looks at
 * the slot at least every millisecond and answers in bounded steps between two turns. So flows stay
 * private to their worker: what the control side sees is a copy that the worker wrote.
 */
#ifndef SNOOPD_REQUEST_H
#define SNOOPD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <config/config.h>
#include <snoop/snoop.h>
#include <snoopd/datapath/mailbox.h>
#include <snoopd/datapath/worker_report.h>

/* Of one page; report.h ends it earlier where a telemetry reply holds less. */
#define REQUEST_FLOWS_MAX 32
#define REQUEST_STATIONS_MAX 64

struct trace;

enum request_kind {
	REQUEST_FLOWS,	   /* a page of the flow table */
	REQUEST_FLOW,	   /* one flow by its key */
	REQUEST_STATIONS,  /* a page of the station table */
	REQUEST_CAPTURE,   /* trace a flow from now on, or no more */
	REQUEST_REPAIRS,   /* what repairs achieved in a part of the flow table, by station */
	REQUEST_CONFIGURE, /* use another configuration from now on, for running flows too */
	REQUEST_KINDS
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

/** Belongs to whoever has the mail, see mailbox.h. */
struct request {
	struct mail mail;

	/* Control side: rw, worker: ro. */
	enum request_kind kind;
	uint32_t link;	      /* number of the link that is asked for, which the worker serves */
	uint32_t position;    /* FLOWS, STATIONS, REPAIRS: first record to look at */
	struct snoop_key key; /* FLOW */
	const struct config *config; /* CONFIGURE: sizes of tables and pool as before */
	struct trace *trace;	     /* CAPTURE: NULL = no more */

	/* Worker: rw, control side: ro. */
	uint32_t cursor; /* the record that the next step looks at first */
	uint32_t next;	 /* position of the next page, 0 = this was the last */
	uint32_t count;
	union {
		struct request_flow flows[REQUEST_FLOWS_MAX];
		struct request_station stations[REQUEST_STATIONS_MAX];
		struct guard_station repairs[GUARD_STATIONS];
	};
};

/**
 * @param link  number of a link that the worker serves
 * @return the worker's slot, to be filled, or NULL if it still works on an abandoned request.
 */
struct request *request_begin(struct worker *worker, uint32_t link);

/** Hand the filled slot to the worker. What was posted and not taken back the worker will do. */
void request_post(struct request *request);

/** Wait for the answer. @return as mailbox_wait(). */
int request_await(struct request *request, uint32_t timeout_ms);

/** request_post() and request_await(). */
int request_wait(struct request *request, uint32_t timeout_ms);

#endif
