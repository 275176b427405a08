/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The kernel's side of a port: what the interface behind it missed, and frames of an outage that
 * wait in the driver's transmit rings.
 *
 * Who runs here: the control thread; port_behind_missed() also whoever reports. It calls the
 * room kernel.
 */
#ifndef SNOOPD_PORT_BEHIND_H
#define SNOOPD_PORT_BEHIND_H

#include <stdbool.h>
#include <stdint.h>

#include <snoopd/kernel/interface.h>
#include <snoopd/kernel/packet_sockets.h>

/** What the kernel had dropped at one time. */
struct port_drops {
	uint64_t interface; /* certainly on the way to the port */
	uint64_t unclear;   /* perhaps at the backlog, or of no protocol that the kernel knows */
	uint64_t backlog;   /* at the backlogs of all CPUs, of any interface */
};

struct port_behind {
	struct port_drops before; /* when the port was started */
	struct packet_ring ring;
	struct packet_sockets sockets;
};

/**
 * The port was started: what is behind it?
 *
 * @param rings    the driver has packet sockets with rings, laid out by devargs
 * @param devargs  of the port, may be NULL
 */
void port_behind_find(struct port_behind *behind, enum interface_path path, unsigned int if_index,
		      bool rings, const char *devargs);

/** @return the MTU of the interface, 0 if there is none. */
uint16_t port_behind_mtu(unsigned int if_index);

/** @return packets for the port that the kernel dropped, beside what the driver counts. */
uint64_t port_behind_missed(struct port_behind *behind, enum interface_path path,
			    unsigned int if_index);

/**
 * Throw away what the driver's transmit rings have kept during an outage that has just ended. No
 * worker sends to the port.
 *
 * @param frames  out: how many
 * @return 0, or a negative errno value: they will be sent.
 */
int port_behind_discard(const struct port_behind *behind, uint32_t *frames);

#endif
