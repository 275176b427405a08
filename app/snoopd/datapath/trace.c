/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/trace.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <snoopd/datapath/worker.h>

const char *trace_verdict_text(enum trace_verdict verdict)
{
	static const char *const texts[] = {
#define TRACE_TEXT(id, text) [TRACE_##id] = text,
		TRACE_VERDICTS(TRACE_TEXT)
#undef TRACE_TEXT
	};

	return texts[verdict];
}

struct trace *trace_new(const struct worker_link *link, const struct snoop_key *key, uint32_t count)
{
	struct trace *trace = calloc(1, sizeof(*trace) + (size_t)count * sizeof(trace->packets[0]));
	struct timespec now;

	if (trace == NULL)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	trace->epoch_us = (uint64_t)now.tv_sec * CLOCK_US_PER_S + (uint64_t)now.tv_nsec / 1000 -
			  __atomic_load_n(&link->worker->now_us, __ATOMIC_RELAXED);
	trace->key = *key;
	trace->key.link = (uint8_t)link->number;
	trace->count = count;
	return trace;
}

struct trace_packet *trace_begin(struct worker_link *link, const struct snoop_key *key,
				 enum snoop_side to, const struct rte_mbuf *packet)
{
	struct trace *trace = link->trace;
	struct trace_packet *captured;

	if (trace->used == trace->count || memcmp(key, &trace->key, sizeof(*key)) != 0)
		return NULL;
	captured = &trace->packets[trace->used++];
	captured->time_us = trace->epoch_us + link->worker->now_us;
	captured->frame_bytes = rte_pktmbuf_pkt_len(packet);
	captured->kept_bytes = (uint16_t)RTE_MIN(packet->data_len, TRACE_FRAME_BYTES);
	captured->to = (uint8_t)to;
	memcpy(captured->bytes, rte_pktmbuf_mtod(packet, const void *), captured->kept_bytes);
	return captured;
}

struct trace_before trace_before(const struct worker_link *link)
{
	const struct counters *counters = &link->counters;

	return (struct trace_before){counters->cached_segments_total, counters->radio_losses,
				     counters->vetoes};
}

void trace_end(struct worker_link *link, struct trace_packet *captured,
	       const struct trace_before *before, bool withheld)
{
	struct trace_before now = trace_before(link);

	captured->verdict = withheld			   ? TRACE_WITHHELD
			    : now.cached != before->cached ? TRACE_CACHED
							   : TRACE_FORWARDED;
	captured->losses = (uint16_t)(now.losses - before->losses);
	captured->vetoes = (uint16_t)(now.vetoes - before->vetoes);
}

void trace_own(struct worker_link *link, enum snoop_side to, const struct rte_mbuf *packet,
	       enum trace_verdict verdict)
{
	struct trace_packet *captured;
	struct wire_view view;
	struct snoop_key key;

	wire_parse(rte_pktmbuf_mtod(packet, const uint8_t *), packet->data_len,
		   rte_pktmbuf_pkt_len(packet), &view);
	if (view.kind != WIRE_TCP)
		return;
	snoop_key_of(&key, &view, to == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED,
		     (uint8_t)link->number);
	captured = trace_begin(link, &key, to, packet);
	if (captured != NULL)
		captured->verdict = (uint8_t)verdict;
}

void trace_publish(struct worker_link *link)
{
	__atomic_store_n(&link->trace->filled, link->trace->used, __ATOMIC_RELEASE);
}
