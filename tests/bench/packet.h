/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The frames of the bench: IPv4, TCP, timestamps, SACK; written and read without lib/wire, which is
 * under test.
 *
 * Payload is the same byte everywhere and stays in the buffers from the start, so that a frame
 * costs its headers only.
 */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define PACKET_SACK_MAX 3

enum packet_kind { PACKET_DATA, PACKET_ACK, PACKET_UDP, PACKET_SYN };

struct packet {
	uint32_t station; /* 10.0.0.0 + station talks to the server 192.0.2.1:443 */
	uint16_t port;	  /* of the station */
	bool to_station;
	enum packet_kind kind;
	uint32_t seq, ack; /* bytes */
	uint32_t tsval, tsecr;
	uint32_t sack_count;
	struct {
		uint32_t start, end;
	} sack[PACKET_SACK_MAX];
};

/** Every byte that no header covers is set once. Call for the pool before anything is sent. */
void packet_fill(struct rte_mempool *pool);

/** @return bytes of TCP payload of a data frame of so many bytes without FCS; 0 = too small. */
uint32_t packet_payload_bytes(uint32_t frame_bytes);

/** Write a frame into an empty buffer; ACKs are as short as they can be, at least 60 bytes. */
void packet_write(struct rte_mbuf *mbuf, const struct packet *packet, uint32_t frame_bytes);

/** Read back what packet_write() wrote. */
void packet_read(const struct rte_mbuf *mbuf, struct packet *packet);

#endif
