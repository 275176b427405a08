/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * [process] user and group: who snoopd becomes. Read once, before the EAL starts.
 */
#ifndef SNOOPD_ACCOUNT_H
#define SNOOPD_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include <config/config.h>

struct user {
	char user[64], group[64]; /* names, or numbers where there is none */
	uid_t uid;
	gid_t gid;
	bool keep; /* nothing to give up: root is asked for, or snoopd is not root */
};

/**
 * Resolve the two keys. auto is snoopd, or nobody where there is no such account; for the group the
 * user's own.
 *
 * @return 0, or -1 after one line on stderr.
 */
int user_find(struct user *account, const struct config *config);

#endif
