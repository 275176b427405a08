/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/trace.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <snoopd/datapath/worker.h>

const char *capture_verdict_text(enum capture_verdict verdict)
{
	static const char *const texts[] = {
#define CAPTURE_TEXT(id, text) [CAPTURE_##id] = text,
		CAPTURE_VERDICTS(CAPTURE_TEXT)
#undef CAPTURE_TEXT
	};

	return texts[verdict];
}

struct capture *capture_new(const struct worker *worker, const struct snoop_key *key,
			       uint32_t count)
{
	struct capture *capture =
		calloc(1, sizeof(*capture) + (size_t)count * sizeof(capture->packets[0]));
	struct timespec now;

	if (capture == NULL)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	capture->epoch_us = (uint64_t)now.tv_sec * CLOCK_US_PER_S + (uint64_t)now.tv_nsec / 1000 -
			    clock_now_us(&worker->clock);
	capture->key = *key;
	capture->count = count;
	return capture;
}

struct capture_packet *capture_begin(struct worker *worker, const struct snoop_key *key,
				     enum snoop_side to, const struct rte_mbuf *packet)
{
	struct capture *capture = worker->capture;
	struct capture_packet *captured;

	if (capture->used == capture->count || memcmp(key, &capture->key, sizeof(*key)) != 0)
		return NULL;
	captured = &capture->packets[capture->used++];
	captured->time_us = capture->epoch_us + worker->now_us;
	captured->frame_bytes = rte_pktmbuf_pkt_len(packet);
	captured->kept_bytes = (uint16_t)RTE_MIN(packet->data_len, CAPTURE_FRAME_BYTES);
	captured->to = (uint8_t)to;
	memcpy(captured->bytes, rte_pktmbuf_mtod(packet, const void *), captured->kept_bytes);
	return captured;
}

struct capture_before capture_before(const struct worker *worker)
{
	const struct counters *counters = &worker->counters;

	return (struct capture_before){counters->cached_segments_total, counters->radio_losses,
				       counters->vetoes};
}

void capture_end(struct worker *worker, struct capture_packet *captured,
		 const struct capture_before *before, bool withheld)
{
	struct capture_before now = capture_before(worker);

	captured->verdict = withheld			    ? CAPTURE_WITHHELD
			    : now.cached != before->cached ? CAPTURE_CACHED
							    : CAPTURE_FORWARDED;
	captured->losses = (uint16_t)(now.losses - before->losses);
	captured->vetoes = (uint16_t)(now.vetoes - before->vetoes);
}

void capture_own(struct worker *worker, enum snoop_side to, const struct rte_mbuf *packet,
		 enum capture_verdict verdict)
{
	struct capture_packet *captured;
	struct wire_view view;
	struct snoop_key key;

	wire_parse(rte_pktmbuf_mtod(packet, const uint8_t *), packet->data_len,
		   rte_pktmbuf_pkt_len(packet), &view);
	if (view.kind != WIRE_TCP)
		return;
	snoop_key_of(&key, &view, to == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED);
	captured = capture_begin(worker, &key, to, packet);
	if (captured != NULL)
		captured->verdict = (uint8_t)verdict;
}

void capture_publish(struct worker *worker)
{
	__atomic_store_n(&worker->capture->filled, worker->capture->used, __ATOMIC_RELEASE);
}
