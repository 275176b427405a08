/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * [process] user and group: the Unix user and group that snoopd becomes. Looked up once, before the
 * EAL starts.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_USER_H
#define SNOOPD_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include <config/config.h>

struct user {
	char name[64], group[64]; /* names, or numbers if they have none */
	uid_t uid;
	gid_t gid;
	bool keep; /* nothing to give up: [process] user = root, or snoopd is not root */
};

/**
 * Look up both keys. "auto" is the user snoopd, or nobody if that does not exist, and the user's
 * own group.
 *
 * @return 0, or -1 after one line on stderr.
 */
int user_find(struct user *user, const struct config *config);

#endif
