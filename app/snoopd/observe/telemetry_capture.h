/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The telemetry commands that capture one flow: begin, read a page, end. See telemetry.h.
 *
 * The telemetry library's own thread runs here, and takes the link's lock.
 */
#ifndef SNOOPD_TELEMETRY_CAPTURE_H
#define SNOOPD_TELEMETRY_CAPTURE_H

struct link;
struct rte_tel_data;

int telemetry_capture(struct link *served, const char *parameters, struct rte_tel_data *data);
int telemetry_captured(struct link *served, const char *parameters, struct rte_tel_data *data);
int telemetry_capture_stop(struct link *served, const char *parameters, struct rte_tel_data *data);

#endif
