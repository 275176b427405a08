/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/checksums.h>

#define PPM 1000000u

struct checksums_counts checksums_count(const struct counters *sum, int wireless)
{
	if (wireless)
		return (struct checksums_counts){sum->tcp_wireless_packets,
						 sum->checksum_wireless_invalid,
						 sum->checksum_wireless_unfinished};
	return (struct checksums_counts){sum->tcp_wired_packets, sum->checksum_wired_invalid,
					 sum->checksum_wired_unfinished};
}

static enum checksums_verdict judge(const struct checksums_counts *news)
{
	if (news->unfinished >= CHECKSUMS_UNFINISHED_MIN)
		return CHECKSUMS_UNFINISHED;
	if (news->invalid >= CHECKSUMS_INVALID_MIN &&
	    news->invalid * PPM >= news->tcp * CHECKSUMS_INVALID_PPM)
		return CHECKSUMS_INVALID;
	return CHECKSUMS_FINE;
}

enum checksums_verdict checksums_look(struct checksums_watch *watch,
				      const struct checksums_counts *counts, uint64_t now_us,
				      struct checksums_counts *news)
{
	enum checksums_verdict verdict;

	if (watch->told_us != 0 && now_us - watch->told_us < CHECKSUMS_AGAIN_US)
		return CHECKSUMS_FINE;
	*news = (struct checksums_counts){counts->tcp - watch->told.tcp,
					  counts->invalid - watch->told.invalid,
					  counts->unfinished - watch->told.unfinished};
	verdict = judge(news);
	if (verdict == CHECKSUMS_FINE && watch->told_us == 0)
		return CHECKSUMS_FINE;
	watch->told = *counts;
	watch->told_us = now_us;
	return verdict;
}
