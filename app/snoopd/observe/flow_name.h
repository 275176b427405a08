/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A flow's key as people read and type it: `10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:5.8100:7`,
 * wired side first, IPv6 addresses in brackets, VLAN tags (TPID in hex, VID) outermost first and
 * only where there are some. Pure; any thread.
 */
#ifndef SNOOPD_FLOW_NAME_H
#define SNOOPD_FLOW_NAME_H

#include <stddef.h>

#include <snoop/snoop.h>

#define FLOW_NAME_ENDPOINT_CHARS 56
#define FLOW_NAME_VLAN_CHARS (WIRE_VLAN_MAX * 12)
#define FLOW_NAME_CHARS (2 * FLOW_NAME_ENDPOINT_CHARS + FLOW_NAME_VLAN_CHARS + 16)

void flow_name_addr(char *out, size_t out_bytes, const uint8_t addr[16], uint8_t ip_version);
void flow_name_wired(char out[FLOW_NAME_ENDPOINT_CHARS], const struct snoop_key *key);
void flow_name_station(char out[FLOW_NAME_ENDPOINT_CHARS], const struct snoop_key *key);
/** Empty without tags. */
void flow_name_vlan(char out[FLOW_NAME_VLAN_CHARS], const uint32_t vlan[WIRE_VLAN_MAX]);
void flow_name_format(char out[FLOW_NAME_CHARS], const struct snoop_key *key);

/** Read what flow_name_format() writes; the `>` may be missing. @return 0, or -1. */
int flow_name_parse(const char *text, struct snoop_key *key);

#endif
