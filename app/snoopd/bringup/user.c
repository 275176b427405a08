/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/user.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <snoopd/base/log.h>

#define OWN_USER "snoopd" /* the package makes it */
#define FALLBACK_USER "nobody"

static bool is_auto(const char *value)
{
	return strcmp(value, "auto") == 0;
}

/* @return the number that the text is, or -1. 2^32 - 1 means "no change" to the kernel. */
static long long number_of(const char *text)
{
	char *end;
	long long number;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	number = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0 && number < UINT32_MAX ? number : -1;
}

static int find_user(struct user *user, const struct config *config)
{
	long long number = number_of(config->user);
	const struct passwd *entry;

	if (is_auto(config->user)) {
		entry = getpwnam(OWN_USER);
		if (entry == NULL)
			entry = getpwnam(FALLBACK_USER);
	} else {
		entry = number < 0 ? getpwnam(config->user) : getpwuid((uid_t)number);
	}
	if (entry == NULL && number < 0) {
		log_error("%s: [process] user = %s: there is no such account; make it (useradd "
			  "--system " OWN_USER "), or give another name or a number",
			  config->file, config->user);
		return -1;
	}
	/* A number needs no account. Its group is then the same number. */
	snprintf(user->name, sizeof(user->name), "%s",
		 entry != NULL ? entry->pw_name : config->user);
	user->uid = entry != NULL ? entry->pw_uid : (uid_t)number;
	user->gid = entry != NULL ? entry->pw_gid : (gid_t)number;
	return 0;
}

static int find_group(struct user *user, const struct config *config)
{
	long long number = is_auto(config->group) ? user->gid : number_of(config->group);
	const struct group *entry = number < 0 ? getgrnam(config->group) : getgrgid((gid_t)number);

	if (entry == NULL && number < 0) {
		log_error("%s: [process] group = %s: there is no such group; make it (groupadd "
			  "--system " OWN_USER "), or give another name or a number",
			  config->file, config->group);
		return -1;
	}
	user->gid = entry != NULL ? entry->gr_gid : (gid_t)number;
	if (entry != NULL)
		snprintf(user->group, sizeof(user->group), "%s", entry->gr_name);
	else
		snprintf(user->group, sizeof(user->group), "%u", user->gid);
	return 0;
}

int user_find(struct user *user, const struct config *config)
{
	memset(user, 0, sizeof(*user));
	if (geteuid() != 0 && is_auto(config->user) && is_auto(config->group)) {
		user->uid = geteuid();
		user->keep = true;
		return 0;
	}
	if (find_user(user, config) != 0 || find_group(user, config) != 0)
		return -1;
	if (geteuid() != 0 && (user->uid != geteuid() || user->gid != getegid())) {
		log_error("%s: [process] user = %s, group = %s: only root can change to them, but "
			  "user %u, group %u started snoopd; start it as root, or leave both auto",
			  config->file, config->user, config->group, geteuid(), getegid());
		return -1;
	}
	user->keep = geteuid() != 0 || user->uid == 0;
	return 0;
}
