/* SPDX-License-Identifier: BSD-3-Clause */

#include <stddef.h>

#include "wire_internal.h"

#define ETHER_TYPE_IPV4 0x0800
#define ETHER_TYPE_IPV6 0x86dd
#define ETHER_TYPE_VLAN 0x8100
#define ETHER_TYPE_QINQ 0x88a8
#define ETHER_TYPE_QINQ_OLD 0x9100
#define ETHER_TYPE_MPLS 0x8847
#define ETHER_TYPE_MPLS_UPSTREAM 0x8848 /* upstream-assigned labels; once multicast (RFC 5332) */
#define ETHER_TYPE_PPPOE_SESSION 0x8864
#define VLAN_TAG_BYTES 4
#define VLAN_VID_MASK 0x0fff

#define IPV4_FRAGMENT_MASK 0x3fff /* MF and the offset; neither DF nor the reserved bit */
#define IPV6_HEADER_BYTES 40

#define IP_PROTO_HOP_BY_HOP 0
#define IP_PROTO_IPV4 4
#define IP_PROTO_UDP 17
#define UDP_PORTS_BYTES 4
#define IP_PROTO_IPV6 41
#define IP_PROTO_ROUTING 43
#define IP_PROTO_FRAGMENT 44
#define IP_PROTO_GRE 47
#define IP_PROTO_ESP 50
#define IP_PROTO_AH 51
#define IP_PROTO_DESTINATION 60

/* What is available, and where the parser stands. */
struct cursor {
	const uint8_t *frame;
	uint32_t bytes;	      /* readable */
	uint32_t frame_bytes; /* on the wire */
};

/* Whether [0, end) can be read; if not, the view's kind says why. */
static inline bool readable(const struct cursor *in, uint32_t end, struct wire_view *view)
{
	if (__builtin_expect(end <= in->bytes, 1))
		return true;
	view->kind = end <= in->frame_bytes ? WIRE_SPLIT_HEADER : WIRE_TRUNCATED;
	return false;
}

/* Ports that IANA assigned to a tunnel, and Linux's own for VXLAN. */
#define UDP_PORTS(X)                                                                               \
	X(1701, UDP_TUNNEL) /* L2TP */                                                             \
	X(2152, UDP_TUNNEL) /* GTP-U */                                                            \
	X(4500, IPSEC)	    /* ESP behind NAT, and its key exchange */                             \
	X(4789, UDP_TUNNEL) /* VXLAN */                                                            \
	X(4790, UDP_TUNNEL) /* VXLAN-GPE */                                                        \
	X(5247, UDP_TUNNEL) /* CAPWAP data */                                                      \
	X(6081, UDP_TUNNEL) /* GENEVE */                                                           \
	X(8472, UDP_TUNNEL) /* VXLAN as Linux had it first */

static __attribute__((noinline)) enum wire_kind kind_of_udp_port(uint16_t port)
{
	switch (port) {
#define PORT_KIND(number, id)                                                                      \
	case number:                                                                               \
		return WIRE_##id;
		UDP_PORTS(PORT_KIND)
#undef PORT_KIND
	default:
		return WIRE_IP_OTHER;
	}
}

/* Most ports are none of these by the last six bits of their second byte. */
static inline bool may_be_tunnel(const uint8_t *udp)
{
#define PORT_BIT(number, id) | 1ULL << number % 64
	const uint64_t bits = 0 UDP_PORTS(PORT_BIT);
#undef PORT_BIT

	return ((bits >> udp[1] % 64 | bits >> udp[3] % 64) & 1) != 0;
}

/* Tunnels have their port at the destination; some answer from it. */
static enum wire_kind kind_of_udp(const uint8_t *udp, uint32_t bytes)
{
	enum wire_kind kind;

	if (bytes < UDP_PORTS_BYTES)
		return WIRE_IP_OTHER;
	kind = kind_of_udp_port(wire_load_be16(udp + 2));
	return kind != WIRE_IP_OTHER ? kind : kind_of_udp_port(wire_load_be16(udp));
}

/*
 * What the IP protocol number names, where it is not TCP. Inlined, it would cost every packet.
 *
 * @param bytes  readable at l4, within the packet
 */
static __attribute__((noinline)) enum wire_kind kind_of_protocol(uint8_t protocol,
								 const uint8_t *l4, uint32_t bytes)
{
	switch (protocol) {
	case IP_PROTO_UDP:
		return kind_of_udp(l4, bytes);
	case IP_PROTO_GRE:
		return WIRE_GRE;
	case IP_PROTO_IPV4:
	case IP_PROTO_IPV6:
		return WIRE_IP_IN_IP;
	case IP_PROTO_ESP:
	case IP_PROTO_AH:
		return WIRE_IPSEC;
	default:
		return WIRE_IP_OTHER;
	}
}

/* The same for a packet that may end, as may the buffer, before at. */
static inline enum wire_kind kind_of_payload(const struct cursor *in, uint8_t protocol, uint32_t at,
					     uint32_t end)
{
	uint32_t readable_end = end < in->bytes ? end : in->bytes, ports_end = at + UDP_PORTS_BYTES;
	bool udp = protocol == IP_PROTO_UDP;

	if (__builtin_expect(udp && ports_end <= readable_end && !may_be_tunnel(in->frame + at), 1))
		return WIRE_IP_OTHER;
	if (udp && ports_end <= end && ports_end > in->bytes)
		return WIRE_SPLIT_HEADER;
	return kind_of_protocol(protocol, in->frame + at,
				at < readable_end ? readable_end - at : 0);
}

static __attribute__((noinline)) enum wire_kind kind_of_type(uint16_t type)
{
	switch (type) {
	case ETHER_TYPE_PPPOE_SESSION:
		return WIRE_PPPOE;
	case ETHER_TYPE_MPLS:
	case ETHER_TYPE_MPLS_UPSTREAM:
		return WIRE_MPLS;
	default:
		/* An 802.3 length (below 0x600) is no type that is known here: LLC is not IP. */
		return WIRE_NON_IP;
	}
}

static void parse_ipv4(const struct cursor *in, struct wire_view *view)
{
	const uint32_t l3 = view->l3_offset;
	const uint8_t *ip = in->frame + l3;
	uint32_t header_bytes, total_bytes;

	if (!readable(in, l3 + IPV4_HEADER_BYTES, view))
		return;
	header_bytes = (ip[0] & 0x0fU) * 4;
	total_bytes = wire_load_be16(ip + 2);
	if (ip[0] >> 4 != 4 || header_bytes < IPV4_HEADER_BYTES || total_bytes < header_bytes) {
		view->kind = WIRE_MALFORMED;
		return;
	}
	view->ip_version = 4;
	view->ecn = ip[1] & 3;
	view->ip_total_bytes = total_bytes;
	view->l4_offset = (uint16_t)(l3 + header_bytes);
	memcpy(view->src, ip + 12, 4);
	memcpy(view->dst, ip + 16, 4);
	if (l3 + total_bytes > in->frame_bytes) {
		view->kind = WIRE_TRUNCATED;
		return;
	}
	if ((wire_load_be16(ip + 6) & IPV4_FRAGMENT_MASK) != 0) {
		view->kind = WIRE_FRAGMENT;
		return;
	}
	if (ip[9] != IP_PROTO_TCP) {
		view->kind = kind_of_payload(in, ip[9], l3 + header_bytes, l3 + total_bytes);
		return;
	}
	wire_parse_tcp(in->frame, in->bytes, view);
}

/*
 * Walk the extension headers up to TCP (RFC 8200 section 4). Every one that is parsed has
 * its next header in the first byte and its length in the second.
 */
static void parse_ipv6_extensions(const struct cursor *in, uint8_t next, struct wire_view *view)
{
	const uint32_t end = view->l3_offset + view->ip_total_bytes;
	uint32_t at = view->l4_offset;
	unsigned int count = 0;

	for (; next != IP_PROTO_TCP; count++) {
		const uint8_t *ext = in->frame + at;
		uint32_t ext_bytes;

		switch (next) {
		case IP_PROTO_HOP_BY_HOP:
			/* Allowed directly after the IPv6 header only. */
			if (count != 0) {
				view->kind = WIRE_MALFORMED;
				return;
			}
			break;
		case IP_PROTO_ROUTING:
		case IP_PROTO_DESTINATION:
			break;
		case IP_PROTO_FRAGMENT:
			view->kind = WIRE_FRAGMENT;
			return;
		default:
			view->kind = kind_of_payload(in, next, at, end);
			return;
		}
		if (count == WIRE_EXT_MAX) {
			view->kind = WIRE_EXT_DEPTH;
			return;
		}
		/* None is shorter than 8 bytes: covers all reads below. */
		if (at + 8 > end) {
			view->kind = WIRE_MALFORMED;
			return;
		}
		if (!readable(in, at + 8, view))
			return;
		ext_bytes = (ext[1] + 1U) * 8;
		if (at + ext_bytes > end) {
			view->kind = WIRE_MALFORMED;
			return;
		}
		/* On the way to a waypoint the destination address is not the connection's. */
		if (next == IP_PROTO_ROUTING && ext[3] != 0) {
			view->kind = WIRE_SOURCE_ROUTE;
			return;
		}
		next = ext[0];
		at += ext_bytes;
		view->l4_offset = (uint16_t)at;
	}
	wire_parse_tcp(in->frame, in->bytes, view);
}

static void parse_ipv6(const struct cursor *in, struct wire_view *view)
{
	const uint32_t l3 = view->l3_offset;
	const uint8_t *ip = in->frame + l3;
	uint32_t payload_bytes;

	if (!readable(in, l3 + IPV6_HEADER_BYTES, view))
		return;
	if (ip[0] >> 4 != 6) {
		view->kind = WIRE_MALFORMED;
		return;
	}
	payload_bytes = wire_load_be16(ip + 4);
	view->ip_version = 6;
	view->ecn = (ip[1] >> 4) & 3;
	view->ip_total_bytes = IPV6_HEADER_BYTES + payload_bytes;
	view->l4_offset = (uint16_t)(l3 + IPV6_HEADER_BYTES);
	memcpy(view->src, ip + 8, 16);
	memcpy(view->dst, ip + 24, 16);
	if (payload_bytes == 0 && ip[6] == IP_PROTO_HOP_BY_HOP) {
		view->kind = WIRE_JUMBOGRAM;
		return;
	}
	if (l3 + view->ip_total_bytes > in->frame_bytes) {
		view->kind = WIRE_TRUNCATED;
		return;
	}
	if (__builtin_expect(ip[6] == IP_PROTO_TCP, 1))
		wire_parse_tcp(in->frame, in->bytes, view);
	else
		parse_ipv6_extensions(in, ip[6], view);
}

static inline bool is_vlan(uint16_t type)
{
	return type == ETHER_TYPE_VLAN || type == ETHER_TYPE_QINQ || type == ETHER_TYPE_QINQ_OLD;
}

void wire_parse_general(const uint8_t *frame, uint32_t bytes, uint32_t frame_bytes,
			struct wire_view *view)
{
	const struct cursor in = {
		.frame = frame,
		.bytes = bytes,
		.frame_bytes = frame_bytes,
	};
	uint32_t at = ETHER_TYPE_OFFSET;
	uint16_t type;

	if (!readable(&in, at + 2, view))
		return;
	type = wire_load_be16(frame + at);
	while (__builtin_expect(type != ETHER_TYPE_IPV4 && is_vlan(type), 0)) {
		if (view->vlan_count == WIRE_VLAN_MAX) {
			view->kind = WIRE_VLAN_DEPTH;
			return;
		}
		if (!readable(&in, at + VLAN_TAG_BYTES + 2, view))
			return;
		view->vlan[view->vlan_count++] =
			(uint32_t)type << 16 | (wire_load_be16(frame + at + 2) & VLAN_VID_MASK);
		at += VLAN_TAG_BYTES;
		type = wire_load_be16(frame + at);
	}
	view->l3_offset = (uint16_t)(at + 2);

	if (type == ETHER_TYPE_IPV4)
		parse_ipv4(&in, view);
	else if (type == ETHER_TYPE_IPV6)
		parse_ipv6(&in, view);
	else
		view->kind = kind_of_type(type);
}

const char *wire_kind_name(enum wire_kind kind)
{
	switch (kind) {
	case WIRE_TCP:
		return "tcp";
#define KIND_NAME(id, token, help)                                                                 \
	case WIRE_##id:                                                                            \
		return #token;
		WIRE_REASONS(KIND_NAME)
#undef KIND_NAME
	case WIRE_KIND_COUNT:
		break;
	}
	return "unknown";
}
