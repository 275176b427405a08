/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What this box itself sends on an interface is not from the cable, and must not cross the wire:
 * IPv6 autoconfiguration, ARP, LLDP. A packet socket hears it too. The drivers do not leave it out
 * (DPDK 22.11 to 26.07), so their sockets get a filter.
 *
 * An option of the kernel for the same, PACKET_IGNORE_OUTGOING, has no effect on sockets that have
 * joined a fanout group, as those of net_af_packet have.
 *
 * Who runs here: the control thread, once the driver has opened its sockets and before the first
 * packet. Attaching a filter needs no capability.
 */
#ifndef SNOOPD_OUTGOING_H
#define SNOOPD_OUTGOING_H

#include <stdbool.h>

#include <snoopd/kernel/packet_sockets.h>

/**
 * Find this process's packet sockets on the interface, and attach the filter to each.
 *
 * @return how many there are, or -errno of the first one that failed.
 */
int outgoing_ignore(unsigned int if_index);

/** The same with a filter that nothing passes, until outgoing_ignore(): while another process has
 * the interface. */
int outgoing_ignore_all(unsigned int if_index);

/** The same two for sockets that are known: with many ports a search for each takes long. */
int outgoing_leave_out(const struct packet_sockets *sockets);
int outgoing_leave_out_all(const struct packet_sockets *sockets);

/** @return whether the kernel speaks there by itself: IPv6 is not disabled, or it has an address.
 */
bool outgoing_expected(const char *interface);

#endif
