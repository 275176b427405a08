/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Virtual devices of drivers that one process at a time can have open. A standby leaves them out of
 * the arguments of its EAL, and makes them when the other process has closed them.
 *
 * Who runs here: the control thread, alone.
 */
#ifndef SNOOPD_LATE_PORTS_H
#define SNOOPD_LATE_PORTS_H

#include <stdbool.h>

/**
 * @return a device that a standby cannot have as long as the process lives that has it, or NULL. Up
 *         to its first comma it is the device's name.
 */
const char *late_ports_refused(char *const *eal_argv);

/** @return whether a port cannot be opened beside the process that has it. */
bool late_ports_needed(char *const *eal_argv);

/**
 * Take all virtual devices out of the arguments.
 *
 * @param eal_argv  NULL ends them; the strings last as long as the process
 * @return how many arguments are left, or -1 after one line on stderr.
 */
int late_ports_take_out(char **eal_argv);

/** The EAL runs, and nobody else has them: make them. @return 0, or -1 after one line on stderr. */
int late_ports_make(void);

#endif
