/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/links.h>
#include <config/schema.h>

#include <string.h>

struct changes {
	char *names;
	size_t names_bytes;
	int count;
	bool bare; /* a single link called main, before and after: its sections need no name */
};

/* "[SECTION LINK] WHAT", without a link where it is NULL. */
static void add_change(struct changes *changes, const char *section, const char *link,
		       const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "%s[%s%s%s] %s", changes->count++ == 0 ? "" : ", ", section,
		 link != NULL && !changes->bare ? " " : "",
		 link != NULL && !changes->bare ? link : "", what);
	config_append(changes->names, changes->names_bytes, text);
}

/* The keys of the process, or those of the link. */
static void compare(struct changes *changes, const struct config *running,
		    const struct config *fresh, bool of_process)
{
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++)
		if ((key->when & CONFIG_AT_START) != 0 &&
		    ((key->when & CONFIG_OF_PROCESS) != 0) == of_process &&
		    !config_key_same(key, running, fresh))
			add_change(changes, key->section, of_process ? NULL : running->link,
				   key->name);
}

static bool is_main(const struct config_links *links)
{
	return links->count == 1 && strcmp(links->link[0]->link, CONFIG_LINK_MAIN) == 0;
}

int config_links_start_changes(const struct config_links *running, const struct config_links *fresh,
			       char *names, size_t names_bytes)
{
	struct changes changes = {names, names_bytes, 0, is_main(running) && is_main(fresh)};

	names[0] = '\0';
	for (uint32_t i = 0; i < running->count; i++) {
		int at = config_links_find(fresh, running->link[i]->link);

		if (at >= 0)
			compare(&changes, running->link[i], fresh->link[at], false);
		else
			add_change(&changes, "link", running->link[i]->link, "(gone)");
	}
	for (uint32_t i = 0; i < fresh->count; i++)
		if (config_links_find(running, fresh->link[i]->link) < 0)
			add_change(&changes, "link", fresh->link[i]->link, "(new)");
	compare(&changes, running->link[0], fresh->link[0], true);
	return changes.count;
}

int config_start_changes(const struct config *running, const struct config *fresh, char *names,
			 size_t names_bytes)
{
	/* They are only read. */
	const struct config_links before = {1, {(struct config *)(uintptr_t)running}};
	const struct config_links after = {1, {(struct config *)(uintptr_t)fresh}};

	return config_links_start_changes(&before, &after, names, names_bytes);
}
