/* SPDX-License-Identifier: BSD-3-Clause */
#include "retransmits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ETHER_HEADER_BYTES 14u
#define NEVER_DELIVERED UINT64_MAX

struct retransmits_entry {
	uint64_t key;	 /* of flow and sequence number, 0 = empty; or of a flow alone */
	uint64_t digest; /* of a flow: the end of the highest data that arrived or will */
	uint64_t due_ns;
	bool missed;
};

struct tcp_segment {
	uint64_t flow;
	uint32_t seq;
	uint32_t payload_bytes;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ (hash >> 32);
}

static uint64_t digest_bytes(const uint8_t *data, size_t len_bytes)
{
	uint64_t hash = len_bytes, word;

	for (; len_bytes >= sizeof(word); data += sizeof(word), len_bytes -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, data, len_bytes);
	return mix(hash, word);
}

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

/* IPv4 without fragments, IPv6 without extension headers: all that the lab's hosts send. */
static bool parse_tcp_data(const uint8_t *data, size_t len_bytes, struct tcp_segment *seg)
{
	uint32_t type, ip_bytes, header_bytes, addresses_off, addresses_bytes, tcp_bytes;
	const uint8_t *ip = data + ETHER_HEADER_BYTES, *tcp;

	if (len_bytes < ETHER_HEADER_BYTES + 40)
		return false;
	type = be16(data + 12);
	if (type == 0x0800) {
		header_bytes = (ip[0] & 0xfu) * 4;
		ip_bytes = be16(ip + 2);
		if (ip[9] != 6 || (be16(ip + 6) & 0x3fff) != 0 || header_bytes < 20)
			return false;
		addresses_off = 12;
		addresses_bytes = 8;
	} else if (type == 0x86dd) {
		header_bytes = 40;
		ip_bytes = be16(ip + 4) + header_bytes;
		if (ip[6] != 6)
			return false;
		addresses_off = 8;
		addresses_bytes = 32;
	} else {
		return false;
	}
	if (ip_bytes < header_bytes + 20 || len_bytes < ETHER_HEADER_BYTES + ip_bytes)
		return false;
	tcp = ip + header_bytes;
	tcp_bytes = (uint32_t)(tcp[12] >> 4) * 4;
	if (tcp_bytes < 20 || ip_bytes <= header_bytes + tcp_bytes)
		return false;
	seg->seq = be32(tcp + 4);
	seg->payload_bytes = ip_bytes - header_bytes - tcp_bytes;
	seg->flow = mix(digest_bytes(ip + addresses_off, addresses_bytes), be32(tcp));
	return true;
}

int retransmits_init(struct retransmits *retransmits, unsigned int entries_log2)
{
	retransmits->entries_cap = (size_t)1 << entries_log2;
	retransmits->entries = malloc(retransmits->entries_cap * sizeof(*retransmits->entries));
	if (retransmits->entries == NULL)
		return -ENOMEM;
	retransmits_reset(retransmits);
	return 0;
}

void retransmits_reset(struct retransmits *retransmits)
{
	memset(retransmits->entries, 0, retransmits->entries_cap * sizeof(*retransmits->entries));
	memset(&retransmits->counters, 0, sizeof(retransmits->counters));
	retransmits->entries_used = 0;
}

/* @return the entry of the key or the empty one where it belongs */
static struct retransmits_entry *find(struct retransmits *retransmits, uint64_t key)
{
	size_t mask = retransmits->entries_cap - 1, i = key & mask;

	while (retransmits->entries[i].key != 0 && retransmits->entries[i].key != key)
		i = (i + 1) & mask;
	return &retransmits->entries[i];
}

/* @return the entry of the key, perhaps a new one; NULL when the table is full */
static struct retransmits_entry *obtain(struct retransmits *retransmits, uint64_t key, bool *is_new)
{
	struct retransmits_entry *entry = find(retransmits, key != 0 ? key : 1);

	*is_new = entry->key == 0;
	if (!*is_new)
		return entry;
	if (retransmits->entries_used >= retransmits->entries_cap / 4 * 3) {
		retransmits->counters.untracked++;
		return NULL;
	}
	retransmits->entries_used++;
	entry->key = key != 0 ? key : 1;
	entry->due_ns = NEVER_DELIVERED;
	return entry;
}

static void note_drop(struct retransmits_counters *counters, struct retransmits_entry *entry)
{
	counters->drops++;
	if (entry->due_ns != NEVER_DELIVERED)
		return;
	counters->missed++;
	counters->segments_missed += !entry->missed;
	entry->missed = true;
}

/* The first copy that will arrive. If data after it arrived before, its absence was a gap. */
static void note_arrival(struct retransmits *retransmits, const struct retransmits_entry *entry,
			 const struct tcp_segment *seg)
{
	uint32_t end = seg->seq + seg->payload_bytes;
	struct retransmits_entry *flow;
	bool is_new;

	/* Above all sequence numbers: a key of the flow alone. */
	flow = obtain(retransmits, mix(seg->flow, UINT64_C(1) << 40), &is_new);
	if (flow == NULL)
		return;
	if (is_new || (int32_t)(end - (uint32_t)flow->digest) > 0)
		flow->digest = end;
	else if (entry->missed)
		retransmits->counters.gaps++;
}

static void note_copy(struct retransmits_counters *counters, const struct retransmits_entry *entry,
		      bool identical, enum segment_fate fate, uint64_t now_ns)
{
	bool needless = entry->due_ns != NEVER_DELIVERED;

	counters->copies++;
	counters->copies_identical += identical;
	counters->copies_needless += needless;
	counters->copies_identical_needless += needless && identical;
	counters->copies_delivered_already += needless && entry->due_ns <= now_ns;
	counters->copies_identical_useful += identical && !needless && fate == SEGMENT_DELIVERED;
	counters->copies_lost += fate == SEGMENT_LOST;
	counters->copies_died_in_queue += fate == SEGMENT_QUEUE_DROP;
	counters->copies_identical_died_in_queue += fate == SEGMENT_QUEUE_DROP && identical;
}

void retransmits_note(struct retransmits *retransmits, const uint8_t *data, size_t len_bytes,
		      enum segment_fate fate, uint64_t now_ns, uint64_t due_ns)
{
	struct retransmits_counters *counters = &retransmits->counters;
	struct retransmits_entry *entry;
	struct tcp_segment seg;
	uint64_t digest;
	bool is_new;

	if (!parse_tcp_data(data, len_bytes, &seg))
		return;
	/* Padding after the IP packet counts too: a copy has to be the same frame. */
	digest = digest_bytes(data + ETHER_HEADER_BYTES, len_bytes - ETHER_HEADER_BYTES);

	entry = obtain(retransmits, mix(seg.flow, seg.seq), &is_new);
	if (entry == NULL)
		return;
	if (is_new) {
		counters->data_segments++;
		counters->first_lost += fate == SEGMENT_LOST;
		counters->first_died_in_queue += fate == SEGMENT_QUEUE_DROP;
	} else {
		note_copy(counters, entry, entry->digest == digest, fate, now_ns);
	}
	entry->digest = digest;
	if (fate != SEGMENT_DELIVERED) {
		note_drop(counters, entry);
		return;
	}
	if (entry->due_ns == NEVER_DELIVERED)
		note_arrival(retransmits, entry, &seg);
	if (due_ns < entry->due_ns)
		entry->due_ns = due_ns;
}

void retransmits_print_json(const struct retransmits *retransmits, FILE *out)
{
	const char *separator = "{";

#define X(counter)                                                                                 \
	fprintf(out, "%s\"%s\":%" PRIu64, separator, #counter, retransmits->counters.counter);     \
	separator = ",";
	RETRANSMITS_COUNTERS(X)
#undef X
	fputc('}', out);
}
