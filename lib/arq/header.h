/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What goes over the radio: the tag of a data frame, and control frames. All numbers are big
 * endian.
 *
 * Tag, between the VLAN stack and the EtherType of the frame (design, section 2):
 *
 *     0 EtherType of tags   2 flags   3 sequence, 24 bits   6 order distance, 16 bits
 *     flags: 80 retransmit, 40 zero, 30 lane, 0f low bits of the sender's epoch
 *
 * Control frame, after its EtherType:
 *
 *     0 version (major, minor: 4 bits each)   1 type   2 flags   3 lane
 *     4 epoch of the sender   8 epoch of whom it is for, 0 if unknown
 *     12 time of sending   16 newest such time heard from the other end   20 how long ago that was
 *     24 check sum of the rest
 *     28 hello:  next number of each lane, longest frame of ours that was acknowledged
 *        probe, probe answer: length of the probe
 *        status: next number of ours, first that may be sent again, cumulative, end, received,
 *                duplicates, given up, tolerance, count of words, zero; then words of 64 numbers
 *                from cumulative rounded down to 64
 *
 * A status tells all numbers from cumulative to end: a bit is set if the number was received or
 * given up. Its first number is missing, unless cumulative is end.
 */
#ifndef ARQ_HEADER_H
#define ARQ_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#define ARQ_TAG_BYTES 8U
#define ARQ_ETHERTYPE_TAG 0x88b5
#define ARQ_ETHERTYPE_CONTROL 0x88b6
#define ARQ_LANES 2U
#define ARQ_MAJOR 1
#define ARQ_MINOR 0
#define ARQ_SEQ_MASK 0xffffffU
#define ARQ_EPOCH_MASK 0xfU

#define ARQ_STATUS_WORDS 64U /* 4096 numbers; a frame of 590 bytes */
#define ARQ_CONTROL_BYTES 28U
#define ARQ_STATUS_BYTES (ARQ_CONTROL_BYTES + 36U)
#define ARQ_CONTROL_BYTES_MAX (ARQ_STATUS_BYTES + 8U * ARQ_STATUS_WORDS)

struct arq_tag {
	uint32_t seq; /* low 24 bits */
	uint16_t distance;
	uint8_t lane;
	uint8_t epoch; /* low 4 bits */
	bool retransmit;
};

/** @return where a tag belongs: after the source MAC and all VLAN tags; 0 if the frame ends before
 * an EtherType that follows. */
uint32_t arq_tag_offset(const uint8_t *frame, uint32_t bytes);
void arq_tag_write(uint8_t at[ARQ_TAG_BYTES], uint16_t ethertype, const struct arq_tag *tag);
/** @return false if there is no tag at this place, or one that is not valid. */
bool arq_tag_read(const uint8_t *at, uint32_t bytes, uint16_t ethertype, struct arq_tag *tag);

enum arq_type { ARQ_HELLO = 1, ARQ_STATUS, ARQ_PROBE, ARQ_PROBE_ANSWER, ARQ_BYE, ARQ_BYE_ANSWER };

/* Of a status that one end sends of what it receives, and of what it sends itself. */
struct arq_status {
	uint32_t next;	     /* the first number not yet sent */
	uint32_t first;	     /* what is before will not be sent again (RFC 3758 section 3.2) */
	uint32_t cumulative; /* all before were received or given up */
	uint32_t end;	     /* first number of which nothing is told */
	uint32_t received, duplicates, given_up; /* totals, low half */
	uint32_t tolerance_us;
	uint32_t words;
	uint64_t bits[ARQ_STATUS_WORDS];
};

struct arq_control {
	uint8_t minor;
	uint8_t type;
	uint8_t lane; /* of a status, otherwise 0 */
	uint32_t from_epoch, to_epoch;
	uint32_t tx_us, echo_us, echo_age_us;
	union {
		struct arq_status status;
		struct {
			uint32_t next[ARQ_LANES];
			uint32_t passed_bytes;
		} hello;
		uint32_t probe_bytes;
	};
};

/** @return bytes written. */
uint32_t arq_control_write(uint8_t to[ARQ_CONTROL_BYTES_MAX], const struct arq_control *control);
/** Read and check. @return false if anything is out of range or the check sum is wrong; nothing of
 * *control is to be used then. */
bool arq_control_read(const uint8_t *payload, uint32_t bytes, struct arq_control *control);

/** @return how many words a status from cumulative to end has, more than ARQ_STATUS_WORDS if it
 * would be too long. */
static inline uint32_t arq_status_words(uint32_t cumulative, uint32_t end)
{
	if (cumulative == end)
		return 0;
	return (end - (cumulative & ~63U) + 63) / 64;
}

/** @return the 32-bit number nearest to `near` whose low bits are those of a tag. */
static inline uint32_t arq_seq_expand(uint32_t low, uint32_t near)
{
	uint32_t ahead = (low - near) & ARQ_SEQ_MASK;

	return near + ahead - (ahead & 0x800000U ? ARQ_SEQ_MASK + 1 : 0);
}

#endif
