/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A source of time-outs (flow/timer.h) on a simulated clock: the harness asks when the next one is
 * due and jumps there.
 */
#ifndef GOLDEN_TIMER_SIM_H
#define GOLDEN_TIMER_SIM_H

#include <stdint.h>

/** When the first armed timer fires, SNOOP_NEVER if none is armed. */
uint64_t timer_sim_next_us(void);
/** How many timers are armed. */
uint32_t timer_sim_armed(void);

#endif
