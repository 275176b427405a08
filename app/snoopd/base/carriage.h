/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What ports carry whole. A wire that cannot carry a frame whole drops and counts it, and never
 * sends a part of it.
 *
 * Two things make a frame one that cannot be carried. It is longer than what the other port can
 * send, by the MTU that its interface has now: segments that an offload merged, or MTUs that are no
 * longer equal. Or its driver may have cut it: a packet socket fills its slot and says nothing. A
 * frame that is as long as a slot counts as cut, because the MTU leaves room in a slot for every
 * frame that the interface may send. A frame that is shorter than its own IP header says is none of
 * these. It came so from the cable, and leaves as it came (pass_truncated).
 *
 * Only ports with an interface of the kernel behind them have limits. A NIC of which DPDK has all
 * queues drops long frames at reception and counts them; files, rings and shared memory take every
 * length.
 *
 * Who runs here: the control thread writes struct carriage of a port, workers read it.
 */
#ifndef SNOOPD_CARRIAGE_H
#define SNOOPD_CARRIAGE_H

#include <stdbool.h>
#include <stdint.h>

#define CARRIAGE_ANY UINT32_MAX

/** Of one port of a pair. */
struct carriage {
	/*
	 * The longest frame received here that needs no other look: it is whole, and the other port
	 * can send it even if it has no tag. Atomic.
	 */
	uint32_t rx_plain_bytes;
	uint32_t rx_cut_bytes; /* a received frame of this length or more may be cut; constant */
	uint32_t tx_mtu_bytes; /* longest packet that the port sends now; atomic */
	/*
	 * One tag of 802.1Q does not count as part of the packet, no other tag and no second one:
	 * what a packet socket lets pass. Else no tag counts. Constant.
	 */
	bool tx_one_tag;
	struct carriage *other; /* port of the pair; constant */
};

/** Two ports that deliver whole frames and take every length. */
void carriage_init(struct carriage *carriage, struct carriage *other);

/** Control thread, while no worker runs: a received frame of this length or more may be cut. */
void carriage_set_cut(struct carriage *carriage, uint32_t bytes);

/** Control thread, at any time: the MTU of the interface behind the port has changed. */
void carriage_set_mtu(struct carriage *carriage, uint32_t mtu_bytes);

/**
 * @param frame        its first bytes
 * @param bytes        how many of them can be read
 * @param frame_bytes  its length
 * @return whether the port can send it now.
 */
bool carriage_fits(const struct carriage *to, const uint8_t *frame, uint32_t bytes,
		   uint32_t frame_bytes);

#endif
