/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the HTTP server sends: the page, its JSON, and metrics for Prometheus, all since the start
 * of snoopd, so that series never fall. The HTTP thread, with the link's lock.
 */
#ifndef SNOOPD_CONTENT_H
#define SNOOPD_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include <snoopd/control/link.h>

struct content {
	const char *data;
	size_t bytes;
	const char *type; /* Content-Type */
	bool owned;	  /* the receiver frees data */
};

/* @param chosen       the link that is asked for; metrics are of all
 * @param openmetrics  the client reads OpenMetrics 1.0, not only Prometheus' text 0.0.4
 * @return 0, or -1: no memory. */
int content_page(const struct links *links, const struct link *chosen, bool openmetrics,
		 struct content *content);
int content_json(const struct links *links, const struct link *chosen, bool openmetrics,
		 struct content *content);
int content_metrics(const struct links *links, const struct link *chosen, bool openmetrics,
		    struct content *content);

/** page.html, from the build. */
extern const unsigned char content_page_html[];
extern const size_t content_page_html_bytes;

#endif
