/* SPDX-License-Identifier: BSD-3-Clause */
#include <flow/other_vlan.h>

#include <string.h>

/* Bytes that a sender may have on their way. Where customers in several VLANs have the same
 * addresses and ports, the ACK of one is hardly so near to the data of another. */
#define FLIGHT_BYTES_MAX (1u << 26)

static uint32_t entry_of(const struct snoop_key *key, uint64_t secret)
{
	return (uint32_t)flow_hash_untagged(key, secret) % FLOW_OTHER_VLAN_ENTRIES;
}

static bool same_but_for_tags(const struct snoop_key *a, const struct snoop_key *b)
{
	struct snoop_key same = *a;

	memcpy(same.vlan, b->vlan, sizeof(same.vlan));
	return flow_key_equal(&same, b) && memcmp(a->vlan, b->vlan, sizeof(a->vlan)) != 0;
}

void flow_other_vlan_note(struct flow_other_vlan *memory, const struct flow_table *table,
			  const struct flow_record *record, uint64_t secret)
{
	uint32_t entry = record->hash % FLOW_OTHER_VLAN_ENTRIES;

	/* Without tags it is the hash of the table. */
	if (!record->short_key)
		entry = entry_of(flow_table_key(table, record), secret);
	memory->places[entry] = (uint32_t)(record - table->records) + 1;
}

struct flow_record *flow_other_vlan_find(const struct flow_other_vlan *memory,
					 const struct flow_table *table,
					 const struct snoop_key *key, uint32_t ack, uint64_t secret)
{
	uint32_t place = memory->places[entry_of(key, secret)];
	struct flow_record *record;

	if (place == 0)
		return NULL;
	record = &table->records[place - 1];
	if (!record->in_use || record->flow.two_way || !record->flow.started ||
	    record->flow.snd_max - ack > FLIGHT_BYTES_MAX ||
	    !same_but_for_tags(flow_table_key(table, record), key))
		return NULL;
	return record;
}
