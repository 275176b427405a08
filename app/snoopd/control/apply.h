/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Publish another configuration to the workers of a link while they forward: a reload of the file,
 * another mode, or what the guard decides.
 *
 * Who runs here: the control thread (SIGHUP, guard) and the telemetry thread (snoopctl), one at a
 * time under the links' lock. They call link.h, request.h and log.h.
 *
 * The new configuration is read and checked in memory of its own and then published: every worker
 * takes the pointer between two turns, gives each of its flows its new level (a flow that stops
 * withholding releases its ACKs in order) and acknowledges. All workers are told at once, and no
 * packet waits. The old structure is freed after all have acknowledged. A bypass of the whole link
 * starts for all packets as soon as no ACK is withheld, before the flows have been visited.
 */
#ifndef SNOOPD_APPLY_H
#define SNOOPD_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include <snoop/snoop.h>

struct link;
struct links;

#define APPLY_LINE_CHARS 700 /* of the line that says what happened */

/**
 * Read the configuration file again and publish it to the links that it changes; of several links,
 * the others are not touched. Nothing changes on an error. Logs the result.
 *
 * @param line  receives what happened, in one line without a newline
 * @return 0, -EINVAL (the file, or a key that is read at the start only), -ENODEV (not running),
 *         -ENOMEM; -EINPROGRESS: it is in effect, but one worker has not finished with it, or is
 *         busy and did not get it. A worker takes what it was given as soon as it moves.
 */
int apply_reload(struct links *links, char *line, size_t line_bytes);

/**
 * Give the link another level until the next reload. In bypass the rules are suspended too, so that
 * the box is a plain wire; the next other level brings them back. Logs the result.
 *
 * @return as apply_reload().
 */
int apply_mode(struct link *link, enum snoop_level level, char *line, size_t line_bytes);

/** apply_mode() for a caller that has the link's lock, and keeps it. */
int apply_mode_locked(struct link *link, enum snoop_level level, char *line, size_t line_bytes);

#endif
