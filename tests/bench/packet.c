/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#define SERVER_ADDR 0xc0000201u /* 192.0.2.1 */
#define STATIONS_ADDR 0x0a000000u
#define SERVER_PORT 443
#define WINDOW 65535
#define FRAME_MIN 60u
#define IP_OFFSET RTE_ETHER_HDR_LEN
#define TCP_OFFSET (IP_OFFSET + sizeof(struct rte_ipv4_hdr))
#define OPTIONS_OFFSET (TCP_OFFSET + sizeof(struct rte_tcp_hdr))
#define TIMESTAMP_BYTES 12u
/* Smaller frames carry no timestamps, there would be no room for data. */
#define TIMESTAMP_FRAME_MIN 128u
#define FILLER 0x5a

static void fill(struct rte_mempool *pool, void *opaque, void *object, unsigned int index)
{
	struct rte_mbuf *mbuf = object;

	memset(mbuf->buf_addr, FILLER, mbuf->buf_len);
}

void packet_fill(struct rte_mempool *pool)
{
	rte_mempool_obj_iter(pool, fill, NULL);
}

static uint32_t header_bytes(uint32_t frame_bytes)
{
	return (uint32_t)OPTIONS_OFFSET +
	       (frame_bytes >= TIMESTAMP_FRAME_MIN ? TIMESTAMP_BYTES : 0);
}

uint32_t packet_payload_bytes(uint32_t frame_bytes)
{
	return frame_bytes > header_bytes(frame_bytes) ? frame_bytes - header_bytes(frame_bytes)
						       : 0;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	value = rte_cpu_to_be_32(value);
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return rte_be_to_cpu_32(value);
}

static uint8_t *put_options(uint8_t *at, const struct packet *packet, bool timestamps)
{
	if (timestamps) {
		at = put32(at, 0x0101080a);
		at = put32(at, packet->tsval);
		at = put32(at, packet->tsecr);
	}
	if (packet->sack_count > 0) {
		at = put32(at, 0x01010500 | (2 + 8 * packet->sack_count));
		for (uint32_t i = 0; i < packet->sack_count; i++) {
			at = put32(at, packet->sack[i].start);
			at = put32(at, packet->sack[i].end);
		}
	}
	return at;
}

/* Payload of one repeated byte adds the same to every checksum. */
static uint32_t filler_sum(uint32_t bytes)
{
	uint32_t sum = bytes / 2 * (FILLER << 8 | FILLER) % 0xffff;

	return sum + (bytes & 1 ? FILLER : 0);
}

static void write_tcp(uint8_t *frame, const struct packet *packet, uint32_t options_bytes,
		      uint32_t payload_bytes)
{
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(frame + TCP_OFFSET);
	const struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + IP_OFFSET);
	uint32_t bytes = (uint32_t)sizeof(*tcp) + options_bytes, sum;

	*tcp = (struct rte_tcp_hdr){
		.src_port = rte_cpu_to_be_16(packet->to_station ? SERVER_PORT : packet->port),
		.dst_port = rte_cpu_to_be_16(packet->to_station ? packet->port : SERVER_PORT),
		.sent_seq = rte_cpu_to_be_32(packet->seq),
		.recv_ack = rte_cpu_to_be_32(packet->ack),
		.data_off = (uint8_t)(bytes / 4 << 4),
		.tcp_flags = packet->kind == PACKET_SYN ? RTE_TCP_SYN_FLAG : RTE_TCP_ACK_FLAG,
		.rx_win = rte_cpu_to_be_16(WINDOW),
	};
	sum = rte_ipv4_phdr_cksum(ip, 0) + rte_raw_cksum(tcp, bytes) + filler_sum(payload_bytes);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	tcp->cksum = (uint16_t)~sum;
}

void packet_write(struct rte_mbuf *mbuf, const struct packet *packet, uint32_t frame_bytes)
{
	static const struct rte_ether_addr wired = {{2, 0, 0, 0, 0, 1}}, air = {{2, 0, 0, 0, 0, 2}};
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + IP_OFFSET);
	rte_be32_t server = rte_cpu_to_be_32(SERVER_ADDR);
	rte_be32_t station = rte_cpu_to_be_32(STATIONS_ADDR + packet->station);
	bool timestamps = frame_bytes >= TIMESTAMP_FRAME_MIN;
	uint8_t *options_end = frame + OPTIONS_OFFSET;
	uint32_t payload_bytes =
		packet->kind == PACKET_DATA ? packet_payload_bytes(frame_bytes) : 0;
	uint32_t bytes = frame_bytes;

	/* An ACK with SACK blocks was here before. */
	memset(frame + OPTIONS_OFFSET, FILLER, TIMESTAMP_BYTES + 4 + 8 * PACKET_SACK_MAX);
	if (packet->kind == PACKET_UDP) {
		options_end = frame + frame_bytes;
	} else {
		options_end = put_options(options_end, packet, timestamps);
		bytes = (uint32_t)(options_end - frame) + payload_bytes;
	}
	ether->dst_addr = packet->to_station ? air : wired;
	ether->src_addr = packet->to_station ? wired : air;
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(bytes - IP_OFFSET)),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = 64,
		.next_proto_id = packet->kind == PACKET_UDP ? IPPROTO_UDP : IPPROTO_TCP,
		.src_addr = packet->to_station ? server : station,
		.dst_addr = packet->to_station ? station : server,
	};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	if (packet->kind != PACKET_UDP)
		write_tcp(frame, packet, (uint32_t)(options_end - frame) - (uint32_t)OPTIONS_OFFSET,
			  payload_bytes);
	mbuf->data_len = (uint16_t)RTE_MAX(bytes, FRAME_MIN);
	mbuf->pkt_len = mbuf->data_len;
}

void packet_read(const struct rte_mbuf *mbuf, struct packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + IP_OFFSET);
	const struct rte_tcp_hdr *tcp = (const struct rte_tcp_hdr *)(frame + TCP_OFFSET);
	const uint8_t *options = frame + OPTIONS_OFFSET;
	uint32_t bytes = (uint32_t)(tcp->data_off >> 4) * 4 - (uint32_t)sizeof(*tcp);

	packet->to_station = ip->src_addr == rte_cpu_to_be_32(SERVER_ADDR);
	packet->station =
		rte_be_to_cpu_32(packet->to_station ? ip->dst_addr : ip->src_addr) - STATIONS_ADDR;
	packet->port = rte_be_to_cpu_16(packet->to_station ? tcp->dst_port : tcp->src_port);
	packet->kind = ip->next_proto_id == IPPROTO_UDP	   ? PACKET_UDP
		       : tcp->tcp_flags & RTE_TCP_SYN_FLAG ? PACKET_SYN
		       : packet->to_station		   ? PACKET_DATA
							   : PACKET_ACK;
	packet->seq = rte_be_to_cpu_32(tcp->sent_seq);
	packet->ack = rte_be_to_cpu_32(tcp->recv_ack);
	packet->tsval = 0;
	packet->tsecr = 0;
	if (bytes >= TIMESTAMP_BYTES && options[3] == 10) {
		packet->tsval = get32(options + 4);
		packet->tsecr = get32(options + 8);
	}
}
