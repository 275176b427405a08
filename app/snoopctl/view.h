/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What of a reply is shown: values since the last reset-counters, or totals since snoopd started.
 * snoopd sends the totals, and after a reset a group "since_reset" with it. In JSON both are
 * printed as they came.
 */
#ifndef SNOOPCTL_VIEW_H
#define SNOOPCTL_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#define VIEW_SINCE_CHARS 64

/**
 * The values of a reply that are to be shown, as if snoopd had sent only these.
 *
 * @param total  those since the start, even if there was a reset
 * @return a new object, to be given back with json_decref()
 */
json_t *view_new(const json_t *reply, bool total);

/** "since 2026-12-01 03:10:00 (reset)" in local time; empty where the view shows totals. */
void view_since(const json_t *view, char out[VIEW_SINCE_CHARS]);

/** @return whether the name is of the view itself, and no value of snoopd. */
bool view_owns(const char *name);

#endif
