/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Offloads of an interface that change frames before its port gets them: the features of
 * ethtool(8), by ethtool netlink. DPDK does not know of them.
 *
 * Which ones do harm depends on the way from the interface to the port:
 *
 * - A packet socket gets what the stack has received. There GRO, LRO and GRO in hardware have
 *   merged segments into frames of up to 64 KB. VLAN tags are put back by the driver.
 * - An XDP socket gets frames before GRO, and the kernel refuses LRO beside XDP. But a VLAN tag
 * that the card puts beside the frame is lost.
 * - A tap hands over single frames with their tags, and a bifurcated driver has queues of its own.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_OFFLOADS_H
#define SNOOPD_OFFLOADS_H

#include <stddef.h>
#include <stdint.h>

#include <snoopd/kernel/interface.h>
#include <snoopd/kernel/netlink.h>

/* X(IDENTIFIER, name of the kernel's feature, its name for ethtool -K) */
#define OFFLOADS(X)                                                                                \
	X(GRO, "rx-gro", "gro")                                                                    \
	X(LRO, "rx-lro", "lro")                                                                    \
	X(GRO_HW, "rx-gro-hw", "rx-gro-hw")                                                        \
	X(VLAN, "rx-vlan-hw-parse", "rxvlan")                                                      \
	X(VLAN_STAG, "rx-vlan-stag-hw-parse", "rx-vlan-stag-hw-parse")                             \
	X(FCS, "rx-fcs", "rx-fcs")

#define OFFLOAD_NUMBER(id, feature, word) OFFLOAD_NUMBER_##id,
enum offload_number { OFFLOADS(OFFLOAD_NUMBER) OFFLOAD_COUNT };
#undef OFFLOAD_NUMBER

/* Sets of offloads are bits. */
#define OFFLOAD_BIT(id) (1u << OFFLOAD_NUMBER_##id)
#define OFFLOADS_MERGE (OFFLOAD_BIT(GRO) | OFFLOAD_BIT(LRO) | OFFLOAD_BIT(GRO_HW))
#define OFFLOADS_TAGS (OFFLOAD_BIT(VLAN) | OFFLOAD_BIT(VLAN_STAG))

#define OFFLOADS_TEXT_CHARS 128

struct offloads {
	uint32_t on;
	uint32_t fixed; /* of those, what cannot be switched off */
};

/** @return the offloads that change frames on this path. */
uint32_t offloads_harmful(enum interface_path path);

/** Group "monitor" says when a feature changes. @return 0, or -errno as netlink_find_family(). */
int offloads_family(struct netlink *netlink, struct netlink_family *family);

/**
 * Ask for all offloads of the list.
 *
 * @param netlink  of NETLINK_GENERIC
 * @param family   id of offloads_family()
 * @return 0, or -errno.
 */
int offloads_read(struct netlink *netlink, uint16_t family, unsigned int if_index,
		  struct offloads *offloads);

/** "gro, rx-gro-hw"; "" where the set is empty. */
void offloads_list(uint32_t offloads, char text[OFFLOADS_TEXT_CHARS]);

/** What they do to frames, for a sentence that begins with their names. */
const char *offloads_harm(uint32_t offloads);

/** "ethtool -K b0 gro off rx-gro-hw off" */
void offloads_command(uint32_t offloads, const char *interface, char text[OFFLOADS_TEXT_CHARS]);

#endif
