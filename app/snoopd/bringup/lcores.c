/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/lcores.h>

#include <limits.h>

#include <rte_lcore.h>

#include <snoopd/base/log.h>

int lcores_choose(unsigned int lcores[HANDOFF_WORKERS_MAX], uint32_t *count)
{
	unsigned int lcore = rte_get_next_lcore(UINT_MAX, 1, 0);

	if (rte_lcore_count() < 2) {
		log_error("the EAL has one lcore, but snoopd needs two: the first controls, the "
			  "second forwards; give two, for example -l 0,1");
		return -1;
	}
	if (rte_lcore_count() - 1 > HANDOFF_WORKERS_MAX) {
		log_error("the EAL has %u lcores, but snoopd takes at most %u: one that controls "
			  "and %u that forward",
			  rte_lcore_count(), HANDOFF_WORKERS_MAX + 1, HANDOFF_WORKERS_MAX);
		return -1;
	}
	for (*count = 0; lcore < RTE_MAX_LCORE; lcore = rte_get_next_lcore(lcore, 1, 0))
		lcores[(*count)++] = lcore;
	return 0;
}

bool lcores_share_cpu(const unsigned int lcores[], uint32_t count, uint32_t worker)
{
	rte_cpuset_t own = rte_lcore_cpuset(lcores[worker]);

	for (uint32_t i = 0; i < count; i++) {
		rte_cpuset_t other = rte_lcore_cpuset(lcores[i]);

		CPU_AND(&other, &other, &own);
		if (i != worker && CPU_COUNT(&other) > 0)
			return true;
	}
	return false;
}
