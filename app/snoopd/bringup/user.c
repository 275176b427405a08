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

#define OWN_ACCOUNT "snoopd" /* the package makes it */
#define NO_ACCOUNT "nobody"

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

static int find_user(struct user *account, const struct config *config)
{
	long long number = number_of(config->user);
	const struct passwd *entry;

	if (is_auto(config->user)) {
		entry = getpwnam(OWN_ACCOUNT);
		if (entry == NULL)
			entry = getpwnam(NO_ACCOUNT);
	} else {
		entry = number < 0 ? getpwnam(config->user) : getpwuid((uid_t)number);
	}
	if (entry == NULL && number < 0) {
		log_error("%s: [process] user = %s: there is no such account; make it (useradd "
			  "--system " OWN_ACCOUNT "), or give another one or its number",
			  config->file, config->user);
		return -1;
	}
	/* A number needs no account; its group is the same number then. */
	snprintf(account->user, sizeof(account->user), "%s",
		 entry != NULL ? entry->pw_name : config->user);
	account->uid = entry != NULL ? entry->pw_uid : (uid_t)number;
	account->gid = entry != NULL ? entry->pw_gid : (gid_t)number;
	return 0;
}

static int find_group(struct user *account, const struct config *config)
{
	long long number = is_auto(config->group) ? account->gid : number_of(config->group);
	const struct group *entry = number < 0 ? getgrnam(config->group) : getgrgid((gid_t)number);

	if (entry == NULL && number < 0) {
		log_error("%s: [process] group = %s: there is no such group; make it (groupadd "
			  "--system " OWN_ACCOUNT "), or give another one or its number",
			  config->file, config->group);
		return -1;
	}
	account->gid = entry != NULL ? entry->gr_gid : (gid_t)number;
	if (entry != NULL)
		snprintf(account->group, sizeof(account->group), "%s", entry->gr_name);
	else
		snprintf(account->group, sizeof(account->group), "%u", account->gid);
	return 0;
}

int user_find(struct user *account, const struct config *config)
{
	memset(account, 0, sizeof(*account));
	if (geteuid() != 0 && is_auto(config->user) && is_auto(config->group)) {
		account->uid = geteuid();
		account->keep = true;
		return 0;
	}
	if (find_user(account, config) != 0 || find_group(account, config) != 0)
		return -1;
	if (geteuid() != 0 && (account->uid != geteuid() || account->gid != getegid())) {
		log_error("%s: [process] user = %s, group = %s: only root can change to them, and "
			  "snoopd was "
			  "started by user %u, group %u; start it as root, or leave both auto",
			  config->file, config->user, config->group, geteuid(), getegid());
		return -1;
	}
	account->keep = geteuid() != 0 || account->uid == 0;
	return 0;
}
