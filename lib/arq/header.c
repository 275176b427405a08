/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <base/hash.h>

#include <arq/header.h>

#define CHECK_OFFSET 24
#define CHECK_SEED 0x61727130ULL /* a check sum, no secret */
#define FLAG_RETRANSMIT 0x80
#define FLAG_ZERO 0x40
#define MAC_BYTES 12U

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)(value >> 32));
	put32(at + 4, (uint32_t)value);
}

static uint64_t get64(const uint8_t *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

static bool is_vlan(uint32_t ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

uint32_t arq_tag_offset(const uint8_t *frame, uint32_t bytes)
{
	uint32_t at = MAC_BYTES;

	while (at + 2 <= bytes && is_vlan(get16(frame + at)))
		at += 4;
	return at + 2 <= bytes ? at : 0;
}

void arq_tag_write(uint8_t at[ARQ_TAG_BYTES], uint16_t ethertype, const struct arq_tag *tag)
{
	put16(at, ethertype);
	at[2] = (uint8_t)((tag->retransmit ? FLAG_RETRANSMIT : 0U) | (uint32_t)tag->lane << 4 |
			  (tag->epoch & ARQ_EPOCH_MASK));
	at[3] = (uint8_t)(tag->seq >> 16);
	put16(at + 4, tag->seq);
	put16(at + 6, tag->distance);
}

bool arq_tag_read(const uint8_t *at, uint32_t bytes, uint16_t ethertype, struct arq_tag *tag)
{
	if (bytes < ARQ_TAG_BYTES || get16(at) != ethertype)
		return false;
	*tag = (struct arq_tag){
		.retransmit = at[2] & FLAG_RETRANSMIT,
		.lane = at[2] >> 4 & 3,
		.epoch = at[2] & ARQ_EPOCH_MASK,
		.seq = (uint32_t)at[3] << 16 | get16(at + 4),
		.distance = (uint16_t)get16(at + 6),
	};
	return !(at[2] & FLAG_ZERO) && tag->lane < ARQ_LANES;
}

static uint32_t check_sum(const uint8_t *payload, uint32_t bytes)
{
	uint64_t hash = hash_bytes(payload, CHECK_OFFSET, CHECK_SEED);

	return (uint32_t)hash_bytes(payload + CHECK_OFFSET + 4, bytes - CHECK_OFFSET - 4, hash);
}

/* @return bytes of a control frame of this type, 0 if there is no such type. words is that of a
 * status. */
static uint32_t control_bytes(uint8_t type, uint32_t words)
{
	switch (type) {
	case ARQ_HELLO:
		return ARQ_CONTROL_BYTES + 4 * ARQ_LANES + 4;
	case ARQ_STATUS:
		return ARQ_STATUS_BYTES + 8 * words;
	case ARQ_PROBE:
	case ARQ_PROBE_ANSWER:
		return ARQ_CONTROL_BYTES + 4;
	case ARQ_BYE:
	case ARQ_BYE_ANSWER:
		return ARQ_CONTROL_BYTES;
	}
	return 0;
}

static void write_status(uint8_t *to, const struct arq_status *status)
{
	put32(to, status->next);
	put32(to + 4, status->first);
	put32(to + 8, status->cumulative);
	put32(to + 12, status->end);
	put32(to + 16, status->received);
	put32(to + 20, status->duplicates);
	put32(to + 24, status->given_up);
	put32(to + 28, status->tolerance_us);
	put16(to + 32, status->words);
	put16(to + 34, 0);
	for (uint32_t i = 0; i < status->words; i++)
		put64(to + 36 + 8 * i, status->bits[i]);
}

uint32_t arq_control_write(uint8_t to[ARQ_CONTROL_BYTES_MAX], const struct arq_control *control)
{
	uint32_t words = control->type == ARQ_STATUS ? control->status.words : 0;
	uint32_t bytes = control_bytes(control->type, words);

	to[0] = ARQ_MAJOR << 4 | ARQ_MINOR;
	to[1] = control->type;
	to[2] = 0;
	to[3] = control->lane;
	put32(to + 4, control->from_epoch);
	put32(to + 8, control->to_epoch);
	put32(to + 12, control->tx_us);
	put32(to + 16, control->echo_us);
	put32(to + 20, control->echo_age_us);
	to += ARQ_CONTROL_BYTES;
	if (control->type == ARQ_STATUS) {
		write_status(to, &control->status);
	} else if (control->type == ARQ_HELLO) {
		for (uint32_t lane = 0; lane < ARQ_LANES; lane++)
			put32(to + 4 * lane, control->hello.next[lane]);
		put32(to + 4 * ARQ_LANES, control->hello.passed_bytes);
	} else if (control->type == ARQ_PROBE || control->type == ARQ_PROBE_ANSWER) {
		put32(to, control->probe_bytes);
	}
	to -= ARQ_CONTROL_BYTES;
	put32(to + CHECK_OFFSET, check_sum(to, bytes));
	return bytes;
}

/* Words as many as the range asks for, its first number missing, and no bit outside of it. */
static bool read_status(const uint8_t *at, struct arq_status *status)
{
	status->next = get32(at);
	status->first = get32(at + 4);
	status->cumulative = get32(at + 8);
	status->end = get32(at + 12);
	status->received = get32(at + 16);
	status->duplicates = get32(at + 20);
	status->given_up = get32(at + 24);
	status->tolerance_us = get32(at + 28);
	if (status->next - status->first > ARQ_SEQ_MASK / 2 ||
	    status->end - status->cumulative > 64 * ARQ_STATUS_WORDS ||
	    arq_status_words(status->cumulative, status->end) != status->words || get16(at + 34))
		return false;
	for (uint32_t i = 0; i < status->words; i++)
		status->bits[i] = get64(at + 36 + 8 * i);
	if (!status->words)
		return true;
	if (status->bits[0] & ((2ULL << (status->cumulative & 63)) - 1))
		return false;
	return !(status->end & 63) || !(status->bits[status->words - 1] >> (status->end & 63));
}

bool arq_control_read(const uint8_t *payload, uint32_t bytes, struct arq_control *control)
{
	uint32_t words = 0, length;

	if (bytes < ARQ_CONTROL_BYTES || payload[0] >> 4 != ARQ_MAJOR)
		return false;
	control->minor = payload[0] & 0xf;
	control->type = payload[1];
	control->lane = payload[3];
	if (control->type == ARQ_STATUS) {
		if (bytes < ARQ_STATUS_BYTES || control->lane >= ARQ_LANES)
			return false;
		words = get16(payload + ARQ_STATUS_BYTES - 4);
		if (words > ARQ_STATUS_WORDS)
			return false;
		control->status.words = words;
	} else if (control->lane) {
		return false;
	}
	length = control_bytes(control->type, words);
	if (!length || bytes < length ||
	    check_sum(payload, length) != get32(payload + CHECK_OFFSET))
		return false;
	control->from_epoch = get32(payload + 4);
	control->to_epoch = get32(payload + 8);
	control->tx_us = get32(payload + 12);
	control->echo_us = get32(payload + 16);
	control->echo_age_us = get32(payload + 20);
	payload += ARQ_CONTROL_BYTES;
	if (control->type == ARQ_STATUS)
		return control->from_epoch && read_status(payload, &control->status);
	if (control->type == ARQ_HELLO) {
		for (uint32_t lane = 0; lane < ARQ_LANES; lane++)
			control->hello.next[lane] = get32(payload + 4 * lane);
		control->hello.passed_bytes = get32(payload + 4 * ARQ_LANES);
	} else if (control->type != ARQ_BYE && control->type != ARQ_BYE_ANSWER) {
		control->probe_bytes = get32(payload);
	}
	return control->from_epoch != 0;
}
