/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Which lcores forward: all that the EAL has but the first, which controls.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_LCORES_H
#define SNOOPD_LCORES_H

#include <stdbool.h>
#include <stdint.h>

#include <snoopd/datapath/handoff.h>

/**
 * @param lcores  receives those that forward, by the worker's index
 * @return 0, or -1 after one line on stderr: there are too few or too many.
 */
int lcores_choose(unsigned int lcores[HANDOFF_WORKERS_MAX], uint32_t *count);

/** May another worker run on the CPU that this one polls? */
bool lcores_share_cpu(const unsigned int lcores[], uint32_t count, uint32_t worker);

#endif
