/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * DPDK telemetry: /snoop/stats, /snoop/flows,POSITION, /snoop/workers and /snoop/config.
 *
 * /snoop/flows answers {"total": flows in the table, "offset": POSITION, "next": the position to
 * ask for next, 0 = this was the last page, "flows": {"0": {...}, "1": {...}, ...}}. A page may
 * hold few flows, or none, while next is not 0. A flow that comes or goes while a client pages may
 * be missed; none is reported twice unless it was removed and came back.
 *
 * /snoop/workers answers {"distribution": "rss", "software" or "none", "how": which RSS, or why
 * none, "workers": {"0": {...}, ...}}; cycles are of the TSC, busy_cycles are those of turns that
 * had packets.
 *
 * The answers are made in the telemetry library's own thread. It reads counters directly and asks
 * the workers for flows (request.h); a lock keeps the workers alive while it does.
 */
#ifndef SNOOPD_TELEMETRY_H
#define SNOOPD_TELEMETRY_H

#include <stdint.h>

#include <config/config.h>
#include <snoopd/distribution.h>

struct worker;

/** Register the commands. Control thread, once, after rte_eal_init(). */
void telemetry_register(void);

/** From now on the commands answer for these workers, which run. Control thread. */
void telemetry_attach(const struct config *config, const struct distribution *distribution,
		      struct worker *const *workers, uint32_t count);

/** From now on they answer with an error; returns when no answer is under way. Control thread. */
void telemetry_detach(void);

#endif
