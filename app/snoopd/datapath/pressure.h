/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Memory pressure: while the cache is nearly full, new flows get no help. Pure; the worker's lcore.
 */
#ifndef SNOOPD_PRESSURE_H
#define SNOOPD_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#define PRESSURE_PPM 1000000u	    /* the whole budget */
#define PRESSURE_RELIEF_PPM 150000u /* the cache must fall this far below the limit to end it */

/**
 * Is the cache under pressure? Pressure begins above the limit and ends well below it.
 *
 * @param pressed    whether it was until now
 * @param limit_ppm  share of the budget; PRESSURE_PPM = never
 */
static inline bool pressure_holds(bool pressed, uint64_t used, uint64_t budget, uint32_t limit_ppm)
{
	uint64_t ppm = pressed ? limit_ppm - PRESSURE_RELIEF_PPM : limit_ppm;

	return limit_ppm < PRESSURE_PPM && used * PRESSURE_PPM > budget * ppm;
}

#endif
