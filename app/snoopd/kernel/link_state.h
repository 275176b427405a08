/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What rtnetlink tells of a network interface: is it there, up, with a carrier; its MTU and name;
 * what it dropped.
 *
 * Who runs here: the control thread; link_state_ask() also whoever reports. Parsing is pure.
 */
#ifndef SNOOPD_LINK_STATE_H
#define SNOOPD_LINK_STATE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <snoopd/kernel/netlink.h>

struct link_state {
	unsigned int index;
	bool present; /* false: deleted, unplugged, or moved to another namespace */
	bool up;      /* administratively */
	bool carrier;
	uint32_t mtu_bytes;
	char name[IF_NAMESIZE];
	/* As of the last answer to a question; news do not always have them. */
	uint64_t rx_missed; /* no room in the receive ring of the interface */
	/* No room in the backlog of a CPU, and also what no protocol of the kernel wanted, say
	 * QinQ, though a packet socket got it. */
	uint64_t rx_dropped;
	uint64_t tx_dropped; /* the interface did not send */
};

/** @return the interface that a message of RTNLGRP_LINK is about, 0 = no news of an interface. */
unsigned int link_state_index(const struct nlmsghdr *message);

/** Take over what such a message says; what it does not mention stays. */
void link_state_apply(struct link_state *state, const struct nlmsghdr *message);

/**
 * Ask for the interface state->index, on a socket of NETLINK_ROUTE.
 *
 * @return 0, with present false if there is none of that index; or a negative errno value.
 */
int link_state_ask(struct netlink *netlink, struct link_state *state);

/** @return frames of all interfaces that found no room in the backlog of a CPU, since the boot; 0
 * if the kernel does not tell. */
uint64_t link_state_backlog_drops(void);

#endif
