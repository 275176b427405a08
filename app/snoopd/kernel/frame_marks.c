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
/* CPUs that receive at the same time may exchange neighbours, in each ring in another way. */
#define BEFORE 64u
#define NS_PER_S UINT64_C(1000000000)

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static struct tpacket2_hdr *slot_of(unsigned char *memory, const struct packet_ring *ring,
				    uint32_t number)
{
	return (void *)(memory + (size_t)(number % ring->frames) * ring->frame_bytes);
}

static bool is_taken(const struct tpacket2_hdr *head)
{
	return (__atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0;
}

static uint64_t time_of(const struct tpacket2_hdr *head)
{
	return (uint64_t)head->tp_sec * NS_PER_S + head->tp_nsec;
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

uint32_t frame_marks_newest(const unsigned char *ring_memory, const struct packet_ring *ring)
{
	uint32_t newest = ring->frames - 1;
	uint64_t time = 0;

	for (uint32_t i = 0; i < ring->frames; i++) {
		const struct tpacket2_hdr *head = slot_of((unsigned char *)ring_memory, ring, i);

		if (!has_frame(head, ring) || time_of(head) <= time)
			continue;
		time = time_of(head);
		newest = i;
	}
	return newest;
}

int frame_marks_taken(struct frame_marks *marks, const unsigned char *ring_memory,
		      const struct packet_ring *ring, uint32_t newest)
{
	uint32_t before = ring->frames < BEFORE ? ring->frames - 1 : BEFORE;
	uint32_t first = newest + ring->frames - before;
	uint64_t oldest = 0;
	int result = 0;

	for (uint32_t i = 0; i < ring->frames && result == 0; i++) {
		const struct tpacket2_hdr *head =
			slot_of((unsigned char *)ring_memory, ring, first + i);
		uint64_t mark;

		if (i == before && time_of(head) > NS_PER_S)
			oldest = time_of(head) - NS_PER_S;
		/* A frame of the round before has its old time. */
		if (i > before && (!is_taken(head) || time_of(head) < oldest))
			break;
		if (!is_taken(head) || !has_frame(head, ring))
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
			   const struct packet_ring *ring, uint32_t newest)
{
	uint32_t blanked = 0;

	for (uint32_t i = 1; i <= ring->frames && marks->count > 0; i++) {
		struct tpacket2_hdr *head = slot_of(ring_memory, ring, newest + i);
		uint64_t mark;

		if (is_taken(head))
			break;
		mark = has_frame(head, ring) ? mark_of(head) : 0;
		if (bsearch(&mark, marks->mark, marks->count, sizeof(mark), compare) == NULL)
			continue;
		head->tp_snaplen = 0;
		/* The driver would put the tag into a frame that has no room for one. */
		head->tp_status &= ~(uint32_t)TP_STATUS_VLAN_VALID;
		blanked++;
	}
	return blanked;
}

void frame_marks_free(struct frame_marks *marks)
{
	free(marks->mark);
	memset(marks, 0, sizeof(*marks));
}
