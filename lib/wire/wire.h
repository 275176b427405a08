/* SPDX-License-Identifier: BSD-3-Clause */

/**
 * @file
 * Frames to views: Ethernet, VLAN stacks, IPv4, IPv6 with extension headers, TCP with options.
 *
 * The worker parses every received frame once, before the flow lookup; everything above works on
 * the view and never reads a header again. All functions are pure: no state, no allocation, no
 * system call, so any thread may call any of them at any time. Nothing here writes to a frame.
 *
 * The parser never rejects a frame. It either understands it completely (WIRE_TCP) or names the one
 * reason why the frame is forwarded without help.
 */

#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/seq.h>
#include <counters/reasons.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WIRE_VLAN_MAX 2 /**< Tags of one frame that are parsed. */
#define WIRE_EXT_MAX 6	/**< IPv6 extension headers of one packet that are parsed. */
#define WIRE_SACK_MAX 4 /**< What 40 bytes of TCP options can hold. */

#define WIRE_TCP_FIN 0x01
#define WIRE_TCP_SYN 0x02
#define WIRE_TCP_RST 0x04
#define WIRE_TCP_PSH 0x08
#define WIRE_TCP_ACK 0x10
#define WIRE_TCP_URG 0x20
#define WIRE_TCP_ECE 0x40
#define WIRE_TCP_CWR 0x80

#define WIRE_ECN_NOT_ECT 0
#define WIRE_ECN_ECT1 1
#define WIRE_ECN_ECT0 2
#define WIRE_ECN_CE 3

/** What a frame is. Why it is forwarded without help has a row in counters/reasons.h. */
enum wire_kind {
	WIRE_TCP = 0, /**< Understood completely; every field of the view holds. */
#define WIRE_KIND_ENUM(id, token, help) WIRE_##id,
	WIRE_REASONS(WIRE_KIND_ENUM)
#undef WIRE_KIND_ENUM
		WIRE_KIND_COUNT
};

/** One SACK block (RFC 2018), host order, [start, end), start < end by serial arithmetic. */
struct wire_sack {
	uint32_t start;
	uint32_t end;
};

/**
 * What a frame says. Unless kind is WIRE_TCP only kind and the VLAN fields hold (the tags seen so
 * far); the IP fields are set as far as the parser got, the TCP fields are zero or as far as it
 * got.
 */
struct wire_view {
	enum wire_kind kind;
	uint8_t ip_version; /**< 4 or 6; 0 where it is not IP or no IP header was read. */
	uint8_t vlan_count; /**< Valid entries of vlan[]. */
	uint8_t ecn;	    /**< The two ECN bits of the IP header, WIRE_ECN_*. */
	uint8_t tcp_flags;  /**< WIRE_TCP_*. */

	/**
	 * TPID << 16 | VID, outermost first; PCP and DEI are left out because both directions of a
	 * connection may carry different priorities. A priority tag (VID 0) is an entry like any
	 * other.
	 */
	uint32_t vlan[WIRE_VLAN_MAX];

	/* Offsets in bytes from the start of the frame. */
	uint16_t l3_offset;
	uint16_t l4_offset;
	uint16_t payload_offset;

	uint16_t src_port; /**< Host order. */
	uint16_t dst_port; /**< Host order. */
	uint16_t window;   /**< As on the wire, not scaled. */

	uint32_t payload_bytes; /**< TCP payload by the IP length: Ethernet padding is not in it. */
	uint32_t ip_total_bytes; /**< IP header, extension headers, TCP header, payload. */

	/** Network order; IPv4 in the first four bytes, the rest zero. */
	uint8_t src[16];
	uint8_t dst[16];

	uint32_t seq;
	uint32_t ack; /**< Meaningless without WIRE_TCP_ACK. */

	uint16_t urgent;
	uint8_t tcp_ae; /**< Accurate ECN's AE bit (once NS): 0 or 1. */

	/* Options. */
	uint8_t sack_count; /**< Valid entries of sack[]. */
	bool has_timestamp;
	bool has_mss;	       /**< Only with SYN; elsewhere has_other_option. */
	bool has_window_scale; /**< Only with SYN; elsewhere has_other_option. */
	bool sack_permitted;   /**< Only with SYN; elsewhere has_other_option. */
	bool has_mptcp;	       /**< Sets has_other_option as well. */
	/** Anything that is not EOL, NOP, SACK or timestamps, nor MSS, window scale or
	 * SACK-permitted on a SYN. */
	bool has_other_option;
	/**
	 * A length that does not fit, an option that may come once came twice (parsing stopped
	 * there), or an empty or inverted SACK block (left out of sack[], parsing went on).
	 */
	bool options_malformed;
	uint8_t window_scale; /**< As on the wire: may be above 14, which RFC 7323 reads as 14. */
	uint16_t mss;
	uint32_t tsval;
	uint32_t tsecr;
	struct wire_sack sack[WIRE_SACK_MAX]; /**< In the order of the wire; D-SACK comes first. */
};

/**
 * Parse one frame. Reads nothing after the headers.
 *
 * @param frame
 *   The first contiguous bytes of the frame, starting at the destination MAC, without FCS; any
 *   alignment. May be NULL if bytes is 0.
 * @param bytes
 *   How many bytes are readable at frame. All headers have to be within (else WIRE_SPLIT_HEADER).
 * @param frame_bytes
 *   Length of the whole frame, at least bytes.
 * @param view
 *   Overwritten completely.
 */
void wire_parse(const uint8_t *frame, uint32_t bytes, uint32_t frame_bytes, struct wire_view *view);

/**
 * Name of a kind for counters and messages: "tcp" or the token in WIRE_REASONS.
 *
 * @return
 *   A constant string; "unknown" for a value outside of the enum.
 */
const char *wire_kind_name(enum wire_kind kind);

/**
 * Verify the TCP checksum and, for IPv4, the header checksum of a frame in one contiguous buffer.
 * A connection through an address-rewriting option (IPv4 source route, IPv6 home address) fails,
 * as its pseudo-header holds other addresses than the IP header.
 *
 * @param frame
 *   The frame that was parsed into view.
 * @param bytes
 *   How many bytes are readable at frame.
 * @return
 *   False if a checksum is wrong, if the packet is not wholly within bytes or if it is not
 *   WIRE_TCP.
 */
bool wire_tcp_checksum_ok(const uint8_t *frame, uint32_t bytes, const struct wire_view *view);

/**
 * Whether the TCP checksum is what a sender leaves to its network card: the sum of the
 * pseudo-header, to which the card adds the segment. A packet that never passes a card, because the
 * sender is a neighbour on the same machine, keeps it. One valid checksum in 65536 looks the same.
 *
 * @param view
 *   Its kind is WIRE_TCP; the headers have to be readable at frame.
 */
bool wire_tcp_checksum_unfinished(const uint8_t *frame, const struct wire_view *view);

/*
 * The same over a chain of buffers:
 *
 *	sum = wire_sum_pseudo(view);
 *	done = 0;
 *	for each piece of the bytes [l4_offset, l4_offset + wire_l4_bytes(view)):
 *		sum = wire_sum_add(sum, piece, piece_bytes, done & 1);
 *		done += piece_bytes;
 *	ok = wire_ip_checksum_ok(frame, view) && wire_sum_ok(sum);
 */

/**
 * Add bytes to a ones' complement sum (RFC 1071).
 *
 * @param sum
 *   Result of an earlier call, or 0. In the byte order of the machine.
 * @param p
 *   Any alignment. May be NULL if bytes is 0.
 * @param odd_start
 *   True if an odd number of bytes was added before.
 * @return
 *   The sum, folded to 16 bits.
 */
uint32_t wire_sum_add(uint32_t sum, const uint8_t *p, uint32_t bytes, bool odd_start);

/** Sum of the TCP pseudo-header of a view whose kind is WIRE_TCP. */
uint32_t wire_sum_pseudo(const struct wire_view *view);

/** True if a sum over data including its checksum field is right. */
static inline bool wire_sum_ok(uint32_t sum)
{
	return sum == 0xffff;
}

/**
 * Verify the IPv4 header checksum of a view whose kind is WIRE_TCP; always true for IPv6.
 * The headers have to be readable at frame, as they were for wire_parse().
 */
bool wire_ip_checksum_ok(const uint8_t *frame, const struct wire_view *view);

/** Bytes of TCP header and payload; what the TCP checksum covers after the pseudo-header. */
static inline uint32_t wire_l4_bytes(const struct wire_view *view)
{
	return view->l3_offset + view->ip_total_bytes - view->l4_offset;
}

/** Sequence space that the segment takes: payload, plus one each for SYN and FIN. */
static inline uint32_t wire_segment_bytes(const struct wire_view *view)
{
	return view->payload_bytes + ((view->tcp_flags & WIRE_TCP_SYN) != 0) +
	       ((view->tcp_flags & WIRE_TCP_FIN) != 0);
}

#ifdef __cplusplus
}
#endif

#endif /* WIRE_WIRE_H */
