/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Turn root into an ordinary user.
 *
 * Who runs here: the control thread, before the EAL starts and again before the first packet is
 * forwarded. It calls user.h, rundir.h and driver_table.h; user and group are the process's, so
 * this file keeps them for itself.
 *
 * Opening hardware, hugepages and packet sockets needs root; forwarding packets does not. So snoopd
 * starts as root, and every thread gives root up before the first packet is forwarded:
 *
 * - no_new_privs and the bounding set are per thread and inherited, so they are set while the
 *   process still has one thread (privileges_prepare(), before rte_eal_init()).
 * - User and groups change in all threads at once (glibc does that). With the user, the kernel
 *   takes all capabilities from every thread except the control thread.
 * - The control thread closes the ports at the end, so it keeps what their drivers need for that
 *   (driver_table.c), mostly nothing. Threads that it makes later would inherit that:
 *   privileges_call_without().
 *
 * doc/reliability.md, section "Privileges", says what remains with which driver.
 */
#ifndef SNOOPD_PRIVILEGES_H
#define SNOOPD_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include <config/config.h>
#include <snoopd/bringup/ports.h>

/**
 * Look up user and group.
 *
 * @return 0, or -1 after one line on stderr: the account does not exist, or snoopd is not root and
 * another user is asked for.
 */
int privileges_find(const struct config *config);

/**
 * Call then, while there is one thread: take back what an earlier run left in the runtime folder,
 * and give up what can be given up by now. Without root, only no_new_privs is set.
 *
 * @param eal_argv  arguments of the EAL, for its --file-prefix; NULL ends them
 * @return 0, or -1 after one line on stderr.
 */
int privileges_prepare(char *const *eal_argv);

/** Call for each link's ports: the control thread keeps what their drivers need. */
void privileges_keep_for(const struct config *config, const struct ports *ports);

/**
 * Call when everything is open and no worker runs yet: give runtime folder and telemetry socket to
 * the user and group, change to them in all threads, and check every thread.
 *
 * @return 0, or -1 after one line on stderr; then nothing may be started.
 */
int privileges_drop(const struct config *config);

/** @return whether it is root, our own account, or the one that we become. */
bool privileges_trusts(uid_t uid);

/** @return the account that we become. */
uid_t privileges_account(void);

/**
 * Call the function in a thread that has given up what the control thread kept, and wait for its
 * end. Threads that the function makes have no capabilities either. With [process] user = root
 * every thread keeps all.
 *
 * @return what the function returned, or -1 after one line on stderr.
 */
int privileges_call_without(int (*function)(void *context), void *context);

#endif
