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

/** One line per station. */
void text_hosts(const json_t *hosts, FILE *out);

/** One screen about a link, or, for what list_links() returned, about all of them. */
void text_status(const json_t *status, FILE *out);

/** Everything about one flow. */
void text_flow(const json_t *flow, FILE *out);

/** One line per worker. */
void text_workers(const json_t *reply, FILE *out);

/** One line per link. */
void text_links(const json_t *reply, FILE *out);

/** What snoopd did. */
void text_done(const json_t *reply, FILE *out);

/** "3 of 20 flows" */
void text_total(const json_t *reply, const char *name, FILE *out);

/** 1234567 as 1,234,567. */
void text_group_digits(int64_t number, char *out, size_t out_bytes);
/** entry[name] that way, "-" where it is missing. */
void text_count(const json_t *entry, const char *name, char *out, size_t out_bytes);
/** Microseconds as 4.2ms. */
void text_time(const json_t *value, char *out, size_t out_bytes);
/** Losses of the radio by segments, -1 where it is not known. */
double text_loss_share(const json_t *entry);
void text_loss(const json_t *entry, char *out, size_t out_bytes);
/** entry[name], "-" where it is missing or no text. */
const char *text_of(const json_t *entry, const char *name);
/** Losses without a repair of their own: copies lost again, under repair, left to the sender. */
void text_left(const json_t *entry, char *out, size_t out_bytes);
/** How wide a column of that text is, 120 at most. */
int text_width(const json_t *list, const char *name);

/** A number that telemetry wrote as a number or as a string. Returns false if it is none. */
bool text_number(const json_t *value, int64_t *number);

#endif
