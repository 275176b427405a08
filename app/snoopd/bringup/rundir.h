/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a run leaves in the file system: the runtime folder of the EAL (/run/dpdk/PREFIX) with the
 * telemetry socket in it, and the sockets of drivers.
 *
 * Who runs here: the control thread, as root, on behalf of privileges.c.
 */
#ifndef SNOOPD_RUNDIR_H
#define SNOOPD_RUNDIR_H

#include <sys/types.h>

/**
 * Take back the folder that an earlier run gave away. Root is about to write into it, so no link
 * that somebody else has put there may lead elsewhere. Does nothing if there is no folder.
 *
 * @param eal_argv  arguments of the EAL, NULL ends them
 */
void rundir_reclaim(char *const *eal_argv);

/** @return the --file-prefix that the EAL will take; a string of eal_argv, or a constant. */
const char *rundir_prefix(char *const *eal_argv);

/**
 * A standby has a runtime folder and hugepages of its own beside the process of that prefix: give
 * it the first of PREFIX.2, PREFIX.3 and on that nobody uses.
 *
 * @param eal_argc  in and out
 * @return arguments of the EAL, NULL ends them, that last as long as the process; NULL: no memory,
 * or the prefix is too long.
 */
char **rundir_beside(char *const *eal_argv, int *eal_argc);

/** Whoever looks for the telemetry socket of the prefix finds that of this process. */
void rundir_take_name(const char *prefix);

/** Remove the files of memif sockets on which nobody listens: the driver would not start. */
void rundir_remove_stale(char *const *eal_argv);

/**
 * Give folder (0770), telemetry socket (0660) and files to a user and group. The user removes them
 * at the end; the group may connect to the telemetry socket.
 *
 * @return 0, or -1 after one line on stderr.
 */
int rundir_give(uid_t uid, gid_t gid);

#endif
