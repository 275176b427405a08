/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * From root to an ordinary user. Control thread only.
 *
 * What opens hardware, hugepages and packet sockets needs root; what forwards packets does not. So
 * snoopd starts as root, and before the first packet is forwarded every thread gives it up:
 *
 * - no_new_privs and the bounding set are per thread and inherited, so they are set while the
 *   process still has one thread (privileges_prepare(), before rte_eal_init()).
 * - User and groups change in all threads at once (glibc does that); with the user the kernel takes
 *   all capabilities from every thread but the control thread.
 * - The control thread, which closes the ports at the end, keeps what their drivers need for it,
 *   mostly nothing. Threads that it makes later would inherit that: privileges_call_without().
 *
 * doc/reliability.md, section "Privileges", says what remains with which driver.
 */
#ifndef SNOOPD_PRIVILEGES_H
#define SNOOPD_PRIVILEGES_H

#include <config/config.h>
#include <snoopd/bringup/ports.h>

/**
 * Call while there is one thread: looks up user and group, takes back what an earlier run left in
 * the runtime folder, and gives up what can be given up by now. Without root only no_new_privs is
 * set.
 *
 * @param eal_argv  arguments of the EAL, for its --file-prefix; NULL ends them
 * @return 0, or -1 after one line on stderr: no such account, or not root and yet another user is
 * asked for.
 */
int privileges_prepare(const struct config *config, char *const *eal_argv);

/**
 * Call when everything is open and no worker runs yet: gives runtime folder and telemetry socket to
 * the user and group, then changes to them in all threads, and looks whether that is so.
 *
 * @return 0, or -1 after one line on stderr; then nothing may be started.
 */
int privileges_drop(const struct config *config, const struct ports *ports);

/**
 * Call the function in a thread that has given up what the control thread kept, and wait for its end:
 * threads that it makes have nothing either. With [process] user = root it keeps all, as all do.
 *
 * @return what the function returned, or -1 after one line on stderr.
 */
int privileges_call_without(int (*function)(void *context), void *context);

#endif
