/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The links of one process: [link NAME] and the sections that give one of them other values. Each
 * link has a struct config of its own, in which everything is resolved: the default, then the bare
 * section ([timers]), then the one of the link ([timers NAME]), in whatever order the file has
 * them. A key of the process (CONFIG_OF_PROCESS in keys.h) has the same value in all of them. Pure,
 * any thread.
 */
#ifndef CONFIG_LINKS_H
#define CONFIG_LINKS_H

#include <config/config.h>

#define CONFIG_LINKS_MAX 64
#define CONFIG_LINK_MAIN "main" /* the name of the link that the bare [link] is */

/**
 * The links in file order, each with a name of its own (struct config, link). Each one is allocated
 * by itself, so that a program may keep those of links that a reload does not change, and take one
 * out (leaving NULL) before config_links_free().
 */
struct config_links {
	uint32_t count; /* at least 1 once a file is read */
	struct config *link[CONFIG_LINKS_MAX];
};

/**
 * Read a file. What *links had before is not freed.
 *
 * @param error  receives one line "FILE:LINE: what, and what is allowed", without a newline
 * @return 0, or -1 with that line in error, and no links.
 */
int config_links_load(struct config_links *links, const char *path, char *error,
		      size_t error_bytes);

void config_links_free(struct config_links *links);

/** @return the index of the link, or -1. */
int config_links_find(const struct config_links *links, const char *name);

/**
 * Print a file that config_links_load() reads to the same links. A single link that is called main
 * is printed in bare sections, as config_print() does.
 *
 * @return 0, or -1 when the stream does not take it (errno says why).
 */
int config_links_print(const struct config_links *links, FILE *out);

/**
 * Call each() for every key in the order of that file. The strings are valid during the call only.
 */
void config_links_each(const struct config_links *links,
		       void (*each)(void *ctx, const char *section, const char *key,
				    const char *value),
		       void *ctx);

/**
 * Compare fresh links with those in effect, by their names.
 *
 * @param names  receives what differs and is read at the start only: "[link a] wired,
 *               [metrics] listen, [link c] (new), [link d] (gone)"
 * @return how many they are; the fresh ones may take effect if 0.
 */
int config_links_start_changes(const struct config_links *running, const struct config_links *fresh,
			       char *names, size_t names_bytes);

/** @return whether every key and every rule of the two is the same: a reload leaves it alone. */
bool config_same(const struct config *a, const struct config *b);

/** @return whether that worker (0 is the first) serves the link. */
bool config_link_served(const struct config *config, uint32_t worker);

/** @return how many of that many workers serve the link: what config_share() divides by. */
uint32_t config_link_workers(const struct config *config, uint32_t workers);

/**
 * Check that the workers that the links name are there, which the file alone does not tell.
 *
 * @param error  as of config_links_load()
 * @return 0, or -1 with one line in error.
 */
int config_links_check_workers(const struct config_links *links, uint32_t workers, char *error,
			       size_t error_bytes);

#endif
