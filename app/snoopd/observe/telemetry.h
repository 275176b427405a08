/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * DPDK telemetry: the /snoop/ commands; each says in its help what it takes.
 *
 * Those that answer with pages take a position, 0 at first: {"total": entries in the table,
 * "offset": position, "next": the position to ask for next, 0 = this was the last page, "flows" or
 * "hosts": {"0": {...}, "1": {...}, ...}}. A page may hold few entries, or none, while next is not
 * 0. A client may miss an entry that comes or goes while it pages; it sees none twice, unless the
 * entry was removed and came back.
 *
 * /snoop/workers answers {"distribution": "rss", "software" or "none", "how": which RSS, or why
 * none, "workers": {"0": {...}, ...}}; cycles are of the TSC, busy_cycles are those of turns that
 * had packets.
 *
 * A command that is refused answers with one line of text instead of an object.
 *
 * The telemetry library's own thread makes the answers, with the link's lock.
 */
#ifndef SNOOPD_TELEMETRY_H
#define SNOOPD_TELEMETRY_H

struct links;

/**
 * Register the commands. Control thread, once, after rte_eal_init().
 *
 * @param link  outlives the process: DPDK's thread is never joined
 */
void telemetry_start(struct links *process_links);

#endif
