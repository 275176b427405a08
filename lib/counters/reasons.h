/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One row per reason: why a packet passes unexamined, why a flow is not helped, and the levels of
 * help. Enumerators, names, counters, gauges and the tables of doc/operations.md follow from these
 * rows. It stands below lib/wire and lib/snoop, because the counters need the same rows.
 *
 * Each list calls X(IDENTIFIER, token, help) per row; what is given to the list after X is appended
 * to the arguments of each call.
 */
#ifndef COUNTERS_REASONS_H
#define COUNTERS_REASONS_H

/* What the parser does not understand: enum wire_kind, and the counters pass_TOKEN. */
#define WIRE_REASONS(X, ...)                                                                       \
	X(NON_IP, non_ip, "not IPv4 or IPv6 (ARP, LLDP, PPPoE discovery, ...)", ##__VA_ARGS__)     \
	X(PPPOE, pppoe, "PPPoE session: what it carries is not examined", ##__VA_ARGS__)           \
	X(MPLS, mpls, "MPLS: what is behind the labels is not examined", ##__VA_ARGS__)            \
	X(IP_OTHER, ip_other, "IP, but neither TCP nor a tunnel (UDP, QUIC, ICMP, ...)",           \
	  ##__VA_ARGS__)                                                                           \
	X(GRE, gre, "GRE tunnel: what it carries is not examined", ##__VA_ARGS__)                  \
	X(IP_IN_IP, ip_in_ip, "IPv4 or IPv6 inside IP (IPIP, 6in4, ...): not examined",            \
	  ##__VA_ARGS__)                                                                           \
	X(UDP_TUNNEL, udp_tunnel,                                                                  \
	  "UDP port of a tunnel (VXLAN, GENEVE, GTP-U, L2TP, CAPWAP): not examined",               \
	  ##__VA_ARGS__)                                                                           \
	X(IPSEC, ipsec, "ESP, also inside UDP, or AH: cannot be examined", ##__VA_ARGS__)          \
	X(FRAGMENT, fragment, "IP fragment, IPv6 atomic fragments included", ##__VA_ARGS__)        \
	X(TRUNCATED, truncated, "frame shorter than its headers say", ##__VA_ARGS__)               \
	X(MALFORMED, malformed, "IP or TCP header fields contradict each other", ##__VA_ARGS__)    \
	X(SPLIT_HEADER, split_header, "headers not contiguous in the first buffer", ##__VA_ARGS__) \
	X(VLAN_DEPTH, vlan_depth, "more than two VLAN tags", ##__VA_ARGS__)                        \
	X(EXT_DEPTH, ext_depth, "more than six IPv6 extension headers", ##__VA_ARGS__)             \
	X(SOURCE_ROUTE, source_route, "IPv6 routing header with segments left", ##__VA_ARGS__)     \
	X(JUMBOGRAM, jumbogram, "IPv6 jumbo payload (RFC 2675)", ##__VA_ARGS__)

/* How much is done for a flow: enum snoop_level in this order, and the gauges flows_TOKEN. */
#define SNOOP_LEVELS(X, ...)                                                                       \
	X(BYPASS, bypass, "forward without looking", ##__VA_ARGS__)                                \
	X(OBSERVE, observe, "measure only", ##__VA_ARGS__)                                         \
	X(REPAIR, repair, "retransmit lost segments, touch no ACK", ##__VA_ARGS__)                 \
	X(SNOOP, snoop, "repair, and withhold duplicate ACKs of holes under repair",               \
	  ##__VA_ARGS__)                                                                           \
	X(AUTO, auto,                                                                              \
	  "repair, and withhold where the sender has no SACK or does not tolerate a fast repair",  \
	  ##__VA_ARGS__)

/* Why a flow is not helped: enum snoop_reason, in order of precedence. */
#define SNOOP_REASONS(X, ...)                                                                      \
	X(HELPED, helped, "at least one loss was repaired", ##__VA_ARGS__)                         \
	X(BYPASS, bypass, "its level is bypass", ##__VA_ARGS__)                                    \
	X(OBSERVE, observe, "its level is observe", ##__VA_ARGS__)                                 \
	SNOOP_REASONS_BECAUSE(X, ##__VA_ARGS__)

/* Those that no level and no counter says already: the gauges flows_because_TOKEN. */
#define SNOOP_REASONS_BECAUSE(X, ...)                                                              \
	X(BAD_CHECKSUM, bad_checksum, "its segments carry wrong checksums", ##__VA_ARGS__)         \
	X(OTHER_VLAN, other_vlan, "its ACKs carry other VLAN tags than its data ([flows] vlan)",   \
	  ##__VA_ARGS__)                                                                           \
	X(ONE_WAY, one_way, "only one direction passes this box", ##__VA_ARGS__)                   \
	X(CACHE_FULL, cache_full,                                                                  \
	  "a cache budget left no room for its segments, or they cannot be kept", ##__VA_ARGS__)   \
	X(SILENT, silent, "the station does not answer", ##__VA_ARGS__)                            \
	X(CONGESTION, congestion, "its losses were queue overflow, which the sender must see",     \
	  ##__VA_ARGS__)                                                                           \
	X(GIVEN_UP, given_up, "its losses outlasted the tries or the hole age", ##__VA_ARGS__)     \
	X(REPAIRING, repairing, "its first repair is under way", ##__VA_ARGS__)                    \
	X(UPSTREAM, upstream, "its losses happened before this box", ##__VA_ARGS__)                \
	X(NO_LOSS, no_loss, "nothing was lost", ##__VA_ARGS__)

#endif
