/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/frame_marks.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Enough for the headers and what numbers the payload: frames with one time differ there. */
#define HASHED_BYTES 96
#define ROOM_MIN 1024

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static const struct tpacket2_hdr *slot_of(const unsigned char *memory,
					  const struct packet_ring *ring, uint32_t number)
{
	return (const void *)(memory + (size_t)number * ring->frame_bytes);
}

/* Length and place of a frame are the kernel's, but the slot's end is certain. */
static bool has_frame(const struct tpacket2_hdr *head, const struct packet_ring *ring)
{
	return head->tp_snaplen > 0 && head->tp_mac >= sizeof(*head) &&
	       head->tp_mac < ring->frame_bytes &&
	       head->tp_snaplen <= ring->frame_bytes - head->tp_mac;
}

static uint64_t mark_of(const struct tpacket2_hdr *head)
{
	const unsigned char *frame = (const unsigned char *)head + head->tp_mac;
	uint32_t bytes = head->tp_snaplen < HASHED_BYTES ? head->tp_snaplen : HASHED_BYTES;
	uint64_t hash = mix(mix(mix(1, head->tp_sec), head->tp_nsec), head->tp_len);

	for (uint32_t at = 0; at < bytes; at += sizeof(uint64_t)) {
		uint32_t left = bytes - at;
		uint64_t word = 0;

		memcpy(&word, frame + at, left < sizeof(word) ? left : sizeof(word));
		hash = mix(hash, word);
	}
	return hash;
}

int frame_marks_add(struct frame_marks *marks, const uint64_t *mark, uint32_t count)
{
	if (count > marks->room - marks->count) {
		uint32_t room = marks->count + count + ROOM_MIN;
		uint64_t *more = realloc(marks->mark, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		marks->mark = more;
		marks->room = room;
	}
	memcpy(marks->mark + marks->count, mark, count * sizeof(*mark));
	marks->count += count;
	return 0;
}

int frame_marks_taken(struct frame_marks *marks, const unsigned char *ring_memory,
		      const struct packet_ring *ring)
{
	int result = 0;

	for (uint32_t i = 0; i < ring->frames && result == 0; i++) {
		const struct tpacket2_hdr *head = slot_of(ring_memory, ring, i);
		uint32_t status = __atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE);
		uint64_t mark;

		if ((status & TP_STATUS_USER) != 0 || !has_frame(head, ring))
			continue;
		mark = mark_of(head);
		result = frame_marks_add(marks, &mark, 1);
	}
	return result;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

void frame_marks_sort(struct frame_marks *marks)
{
	if (marks->count > 0)
		qsort(marks->mark, marks->count, sizeof(marks->mark[0]), compare);
}

uint32_t frame_marks_blank(const struct frame_marks *marks, unsigned char *ring_memory,
			   const struct packet_ring *ring)
{
	uint32_t blanked = 0;

	for (uint32_t i = 0; i < ring->frames && marks->count > 0; i++) {
		struct tpacket2_hdr *head = (void *)(ring_memory + (size_t)i * ring->frame_bytes);
		uint32_t status = __atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE);
		uint64_t mark;

		if ((status & TP_STATUS_USER) == 0 || !has_frame(head, ring))
			continue;
		mark = mark_of(head);
		if (bsearch(&mark, marks->mark, marks->count, sizeof(mark), compare) == NULL)
			continue;
		head->tp_snaplen = 0;
		/* The driver would put the tag into a frame that has no room for one. */
		head->tp_status = status & ~(uint32_t)TP_STATUS_VLAN_VALID;
		blanked++;
	}
	return blanked;
}

void frame_marks_free(struct frame_marks *marks)
{
	free(marks->mark);
	memset(marks, 0, sizeof(*marks));
}
