/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/packet.h>

#include <rte_mempool.h>

#include <snoopd/datapath/transmit.h>
#include <snoopd/datapath/worker.h>

static inline bool is_ours(const struct worker *worker, const struct rte_mbuf *segment)
{
	return segment->pool == worker->pool && RTE_MBUF_DIRECT(segment) &&
	       rte_mbuf_refcnt_read(segment) == 1;
}

/* Within the cache's share of the pool as well. */
static bool can_keep(const struct worker *worker, const struct rte_mbuf *packet)
{
	if (packet->nb_segs > worker->segments_per_frame)
		return false;
	for (const struct rte_mbuf *segment = packet; segment != NULL; segment = segment->next)
		if (!is_ours(worker, segment))
			return false;
	return true;
}

static __rte_noinline struct rte_mbuf *keep_copy(struct worker *worker, struct rte_mbuf *packet,
						 void **handle)
{
	struct rte_mbuf *copy;

	*handle = packet;
	if (can_keep(worker, packet))
		return packet;
	copy = rte_pktmbuf_copy(packet, worker->pool, 0, UINT32_MAX);
	if (copy == NULL || copy->nb_segs > worker->segments_per_frame) {
		rte_pktmbuf_free(copy);
		*handle = NULL;
		return packet;
	}
	rte_pktmbuf_free(packet);
	*handle = copy;
	return copy;
}

inline struct rte_mbuf *packet_keep(struct worker *worker, struct rte_mbuf *packet, void **handle)
{
	*handle = packet;
	/* Most have one buffer: the pointer to a next one is in a cache line of its own. */
	if (likely(packet->nb_segs == 1 && is_ours(worker, packet)))
		return packet;
	return keep_copy(worker, packet, handle);
}

/*
 * What rte_pktmbuf_free_bulk() does, but without reading the pointer to a next buffer, which is in
 * a cache line of its own.
 */
static void free_dropped(struct worker *worker, struct packet_dropped *dropped)
{
	uint32_t alone = 0;

	while (dropped->fetched < dropped->count)
		packet_fetch_dropped(dropped);
	for (uint32_t i = 0; i < dropped->count; i++) {
		struct rte_mbuf *packet = dropped->packets[i];

		if (likely(packet->nb_segs == 1 && rte_mbuf_refcnt_read(packet) == 1 &&
			   packet->pool == worker->pool))
			dropped->packets[alone++] = packet;
		else
			rte_pktmbuf_free(packet);
	}
	if (alone > 0)
		rte_mempool_put_bulk(worker->pool, (void **)dropped->packets, alone);
	dropped->count = dropped->fetched = 0;
}

void packet_free_dropped(struct worker *worker)
{
	worker->dropping ^= 1;
	free_dropped(worker, &worker->dropped[worker->dropping]);
}

static void ref(void *owner, void *packet)
{
	packet_ref(packet);
}

static void unref_later(void *owner, void *packet)
{
	struct worker *worker = ((struct worker_link *)owner)->worker;
	struct packet_dropped *dropped = &worker->dropped[worker->dropping];

	if (dropped->count == PACKET_DROPPED_ROOM) {
		packet_free_dropped(worker);
		dropped = &worker->dropped[worker->dropping];
	}
	dropped->packets[dropped->count++] = packet;
}

static void retransmit(void *owner, void *packet, enum snoop_cause cause)
{
	transmit_again(owner, packet, cause);
}

static void release(void *owner, void *packet)
{
	transmit_release(owner, packet);
}

const struct snoop_ops packet_ops = {
	.ref = ref,
	.unref = unref_later,
	.retransmit = retransmit,
	.release = release,
};
