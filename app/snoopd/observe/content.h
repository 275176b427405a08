/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the HTTP server sends. With the lock of link.h.
 */
#ifndef SNOOPD_WEB_CONTENT_H
#define SNOOPD_WEB_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include <snoopd/control/link.h>

struct web_content {
	const char *data;
	size_t bytes;
	const char *type; /* Content-Type */
	bool owned;	  /* data is freed by who gets it */
};

/* @param openmetrics  the client reads OpenMetrics 1.0, not only Prometheus' text 0.0.4
 * @return 0, or -1: no memory. */
int web_page(const struct link *link, bool openmetrics, struct web_content *content);
int web_json(const struct link *link, bool openmetrics, struct web_content *content);
int web_metrics(const struct link *link, bool openmetrics, struct web_content *content);

/** page.html, from the build. */
extern const unsigned char web_page_html[];
extern const size_t web_page_html_bytes;

#endif
