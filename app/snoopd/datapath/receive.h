/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where a worker's packets come from: its RX queues, and the rings of other workers. Worker lcore
 * only. Each function takes at most a burst from each source and returns how many packets it took.
 */
#ifndef SNOOPD_RECEIVE_H
#define SNOOPD_RECEIVE_H

#include <stdint.h>

struct worker;

/** From the ports, into worker_input(). */
uint32_t receive_from_ports(struct worker *worker);

/** What other workers received for this one, into worker_input_handed(). */
uint32_t receive_handed(struct worker *worker);

/** What other workers send through this one's TX queues, into its TX buffers. */
uint32_t receive_to_send(struct worker *worker);

#endif
