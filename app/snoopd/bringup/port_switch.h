/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Both ports change hands, from the process that forwards to its standby, and each frame is
 * forwarded once. For drivers of which two processes can have the port open (DRIVER_SHARES):
 *
 *	standby                              the one that forwards
 *	port_switch_prepare()                port_switch_prepare()
 *	                                     port_switch_begin()
 *	port_switch_begin(), _open(): it
 *	hears what the other one hears ->
 *	                                     port_switch_shut(): it hears nothing more
 *	                                     its workers empty the rings
 *	                                     port_switch_flush(): everything is sent
 *	                               <-    port_switch_taken(): marks of what it forwarded
 *	port_switch_skip(): not again
 *
 * Who runs here: the control thread. In port_switch_skip() no worker uses the ports. It calls the
 * room kernel and the ethdev library.
 */
#ifndef SNOOPD_PORT_SWITCH_H
#define SNOOPD_PORT_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include <snoopd/bringup/ports.h>
#include <snoopd/kernel/frame_marks.h>

struct port_switch_ring {
	struct packet_map map;
	uint32_t newest; /* slot, at port_switch_begin() */
};

struct port_switch {
	const struct ports *ports;
	bool prepared;
	uint32_t count[2]; /* of rings, by enum snoop_side */
	struct port_switch_ring ring[2][PACKET_SOCKETS_MAX];
};

/** Map the rings, and let frames have the same mark in both processes. Warns if it cannot. */
void port_switch_prepare(struct port_switch *ports_switch, const struct ports *ports);
void port_switch_forget(struct port_switch *ports_switch);

/** What the other process is going to hear comes from now on. */
void port_switch_begin(struct port_switch *ports_switch);

/** Hear what comes from now on. @return 0, or -1 after one line on stderr. */
int port_switch_open(const struct ports *ports);

/** Hear nothing more. @return 0, or -1 after one line on stderr. */
int port_switch_shut(const struct ports *ports);

/** @return whether all is sent; false after some ms without a carrier. */
bool port_switch_flush(const struct ports *ports);

/** Add marks of the frames that this process has taken. @return 0, or -ENOMEM. */
int port_switch_taken(const struct port_switch *ports_switch, enum snoop_side side,
		      struct frame_marks *marks);

/**
 * The standby: throw away what the other process has forwarded. What was received between such
 * frames is forwarded.
 *
 * @param marks  by enum snoop_side; sorted by this function
 * @return frames thrown away.
 */
uint32_t port_switch_skip(const struct port_switch *ports_switch, struct frame_marks marks[2]);

#endif
