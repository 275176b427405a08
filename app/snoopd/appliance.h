/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The appliance as a whole: everything from the ports to the pool check, and the control thread
 * that sleeps in between. Main lcore only; telemetry.h says which other thread looks at what.
 */
#ifndef SNOOPD_CONTROL_H
#define SNOOPD_CONTROL_H

#include <config/config.h>
#include <snoopd/options.h>

/** Block the signals that control_run() waits for. Call before the EAL makes its threads. */
void control_block_signals(void);

/**
 * Run until a signal, or until nothing was received for options->exit_when_idle_us.
 *
 * @return the exit status: 0, 1 after a failure at run time, 2 where the configuration does not fit
 * the ports or the lcores (nothing was started).
 */
int control_run(const struct config *config, const struct options *options);

#endif
