/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Flows whose ACKs were not seen, found by the addresses and ports of an ACK that has no flow under
 * its own VLAN tags: a link may carry the two directions of a connection in different VLANs.
 *
 * A small memory with one place per hash, so that some flows of many displace each other; ageing
 * enters them again. What is found is only named: VLANs keep connections apart. The lcore that owns
 * the table calls it, where a packet has no flow, and never for a packet that has one.
 */
#ifndef FLOW_OTHER_VLAN_H
#define FLOW_OTHER_VLAN_H

#include <flow/table.h>

#define FLOW_OTHER_VLAN_ENTRIES 4096u

/** All zero is empty. */
struct flow_other_vlan {
	uint32_t places[FLOW_OTHER_VLAN_ENTRIES]; /* as in the table's buckets */
};

/** The flow has data, but no ACK of it was seen. */
void flow_other_vlan_note(struct flow_other_vlan *memory, const struct flow_table *table,
			  const struct flow_record *record, uint64_t secret);

/**
 * Find a flow that waits for its ACKs under other tags.
 *
 * @param key  of a packet from the wireless side that no flow has
 * @param ack  its cumulative ACK: it must acknowledge what the flow has sent lately
 * @return the flow's record, or NULL.
 */
struct flow_record *flow_other_vlan_find(const struct flow_other_vlan *memory,
					 const struct flow_table *table,
					 const struct snoop_key *key, uint32_t ack,
					 uint64_t secret);

#endif
