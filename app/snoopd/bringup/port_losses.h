/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a port itself lost or refused, so that it is never taken for a loss of the wire or of the
 * radio.
 *
 * Who runs here: any thread but the workers; the port is started. It calls ethdev.
 */
#ifndef SNOOPD_PORT_LOSSES_H
#define SNOOPD_PORT_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include <snoopd/bringup/ports.h>

/** All since the start of the port. */
struct port_losses {
	bool known; /* false: the port does not tell (it is gone); all else is 0 */
	/* false: nobody counts what the port did not receive; missed is 0 then, and means nothing.
	 */
	bool missed_known;
	uint64_t missed; /* packets that arrived and were dropped before a worker could see them */
	uint64_t rx_errors; /* packets that the port refused as damaged or too long */
	uint64_t tx_errors; /* packets that the driver took and did not send */
};

void port_losses_read(const struct port *port, struct port_losses *losses);

#endif
