/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A port that is gone comes back: [ports] lost = wait. Its device is taken out of DPDK and made
 * again, with the same arguments, as soon as there is an interface of that name.
 *
 * Who runs here: the control thread, from port_watch.c; the workers have left the port. The link's
 * lock is taken for each step, because other threads read the port. It calls ports.h.
 */
#ifndef SNOOPD_PORT_RETURN_H
#define SNOOPD_PORT_RETURN_H

#include <stdbool.h>
#include <stdint.h>

struct link;
struct port;
struct port_watch_side;

/** @return true if snoopd waits for that port; false: it ends when the port is gone. */
bool port_return_waits(const struct link *link, const struct port *port);

/** At the start: say so if lost = wait has no effect for that port. */
void port_return_explain(const struct link *link, const struct port *port);

/** Go on with bringing a port back. @return true: it is back, and not yet watched. */
bool port_return_try(struct port_watch_side *side, uint64_t now_us);

#endif
