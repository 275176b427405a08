/* SPDX-License-Identifier: BSD-3-Clause */
#include "card.h"

#include <stdbool.h>
#include <string.h>

#define ETHER_HEADER_BYTES 14u
#define IP4_HEADER_BYTES 20u
#define IP6_HEADER_BYTES 40u
#define TCP_HEADER_BYTES 20u
#define TCP_CHECKSUM_OFFSET 16u
#define TCP_FIN_PSH 0x09u
#define TCP_CWR 0x80u
#define PROTOCOL_TCP 6u

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put_be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void add_be32(uint8_t *p, uint32_t increment)
{
	uint32_t value = (be16(p) << 16 | be16(p + 2)) + increment;

	put_be16(p, value >> 16);
	put_be16(p + 2, value & 0xffff);
}

static uint32_t sum(const uint8_t *data, size_t bytes, uint32_t start)
{
	uint32_t total = start;

	for (; bytes > 1; data += 2, bytes -= 2)
		total += be16(data);
	return bytes != 0 ? total + ((uint32_t)*data << 8) : total;
}

static uint32_t fold(uint32_t total)
{
	total = (total & 0xffff) + (total >> 16);
	return (total & 0xffff) + (total >> 16);
}

/* The field holds the sum of the pseudo-header; complete it over all that follows `start`. */
static bool complete(uint8_t *frame, size_t len_bytes, size_t start, size_t offset)
{
	uint32_t value;

	if (start + offset + 2 > len_bytes)
		return false;
	value = ~fold(sum(frame + start, len_bytes - start, 0)) & 0xffff;
	/* 0 means "no checksum" in UDP; in TCP both are the same. */
	put_be16(frame + start + offset, value != 0 ? value : 0xffff);
	return true;
}

/* Put lengths, IP identification and pseudo-header of one frame of a super-frame. */
static void write_ip(uint8_t *ip, uint8_t *tcp, uint32_t tcp_bytes, uint32_t number)
{
	uint32_t addresses;

	if (ip[0] >> 4 == 4) {
		size_t header_bytes = (ip[0] & 0xfu) * 4;

		put_be16(ip + 2, (uint32_t)header_bytes + tcp_bytes);
		put_be16(ip + 4, (be16(ip + 4) + number) & 0xffff);
		put_be16(ip + 10, 0);
		put_be16(ip + 10, ~fold(sum(ip, header_bytes, 0)) & 0xffff);
		addresses = sum(ip + 12, 8, 0);
	} else {
		put_be16(ip + 4, (uint32_t)(tcp - ip) - IP6_HEADER_BYTES + tcp_bytes);
		addresses = sum(ip + 8, 32, 0);
	}
	put_be16(tcp + TCP_CHECKSUM_OFFSET, fold(addresses + PROTOCOL_TCP + tcp_bytes));
}

static long next_of_super_frame(struct card_packet *packet, uint8_t *frame, size_t room)
{
	size_t tcp_at = packet->header.csum_start, header_bytes, payload_bytes, part_bytes;
	size_t ip_at = ETHER_HEADER_BYTES;
	uint8_t *tcp;

	/* Tags lie between the addresses and the IP header. */
	while (ip_at + IP4_HEADER_BYTES + TCP_HEADER_BYTES <= packet->len_bytes &&
	       (be16(packet->data + ip_at - 2) == 0x8100 ||
		be16(packet->data + ip_at - 2) == 0x88a8))
		ip_at += 4;
	if (tcp_at < ip_at + IP4_HEADER_BYTES || tcp_at + TCP_HEADER_BYTES > packet->len_bytes)
		return -1;
	header_bytes = tcp_at + (packet->data[tcp_at + 12] >> 4) * 4u;
	if (header_bytes > packet->len_bytes || packet->header.gso_size == 0)
		return -1;
	payload_bytes = packet->len_bytes - header_bytes - packet->offset;
	if (payload_bytes == 0)
		return 0;
	part_bytes =
		payload_bytes < packet->header.gso_size ? payload_bytes : packet->header.gso_size;
	if (header_bytes + part_bytes > room)
		return -1;

	memcpy(frame, packet->data, header_bytes);
	memcpy(frame + header_bytes, packet->data + header_bytes + packet->offset, part_bytes);
	tcp = frame + tcp_at;
	add_be32(tcp + 4, packet->offset);
	if (part_bytes < payload_bytes)
		tcp[13] &= (uint8_t)~TCP_FIN_PSH;
	if (packet->offset > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;
	write_ip(frame + ip_at, tcp, (uint32_t)(header_bytes - tcp_at + part_bytes),
		 packet->offset / packet->header.gso_size);
	complete(frame, header_bytes + part_bytes, tcp_at, TCP_CHECKSUM_OFFSET);
	packet->offset += (uint32_t)part_bytes;
	return (long)(header_bytes + part_bytes);
}

long card_next(struct card_packet *packet, uint8_t *frame, size_t room)
{
	uint8_t type = packet->header.gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	if (type == VIRTIO_NET_HDR_GSO_TCPV4 || type == VIRTIO_NET_HDR_GSO_TCPV6)
		return next_of_super_frame(packet, frame, room);
	if (packet->offset > 0)
		return 0;
	if (type != VIRTIO_NET_HDR_GSO_NONE || packet->len_bytes > room)
		return -1;
	memcpy(frame, packet->data, packet->len_bytes);
	packet->offset = (uint32_t)packet->len_bytes;
	if (packet->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	    !complete(frame, packet->len_bytes, packet->header.csum_start,
		      packet->header.csum_offset))
		return -1;
	return (long)packet->len_bytes;
}
