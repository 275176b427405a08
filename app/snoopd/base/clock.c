/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/base/clock.h>

static uint64_t measured_hz; /* 0 = DPDK's is right */

uint64_t clock_tsc_hz(void)
{
	uint64_t hz = __atomic_load_n(&measured_hz, __ATOMIC_RELAXED);

	return hz != 0 ? hz : rte_get_tsc_hz();
}

void clock_set_tsc_hz(uint64_t hz)
{
	__atomic_store_n(&measured_hz, hz, __ATOMIC_RELAXED);
}
