/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Replies of snoopd as text for people. All functions take what client_ask() returned and skip what
 * they do not know, so that snoopctl and snoopd may be of different versions.
 */
#ifndef SNOOPCTL_TEXT_H
#define SNOOPCTL_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/** Counters in the groups and with the help of counters.h. */
void text_stats(const json_t *stats, FILE *out);

/** One line per flow. */
void text_flows(const json_t *flows, FILE *out);

/** As a configuration file. */
void text_config(const json_t *config, FILE *out);

/** A number that telemetry wrote as a number or as a string. Returns false if it is none. */
bool text_number(const json_t *value, int64_t *number);

#endif
