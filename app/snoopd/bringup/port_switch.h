/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The ports of all links change hands, from the process that forwards to its standby, and each
 *frame is forwarded once. Either all of them do, or none. For drivers of which two processes can
 *have the port open (DRIVER_SHARES):
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

#include <config/links.h>
#include <snoopd/bringup/ports.h>
#include <snoopd/kernel/frame_marks.h>

struct port_switch_ring {
	struct packet_map map;
	uint32_t newest; /* slot, at port_switch_begin() */
};

struct port_switch_port {
	const struct port *port, *other; /* of the same link */
	uint32_t count;			 /* of rings */
	struct port_switch_ring ring[PACKET_SOCKETS_MAX];
};

#define PORT_SWITCH_PORTS_MAX (2 * CONFIG_LINKS_MAX)

/** All zero has no ports. */
struct port_switch {
	bool prepared;
	uint32_t count; /* of ports: those of the first link, by enum snoop_side, then the next's */
	struct port_switch_port port[PORT_SWITCH_PORTS_MAX];
};

/** Let the ports of one more link change hands. */
void port_switch_add(struct port_switch *ports_switch, const struct ports *ports);

/** Map the rings, and let frames have the same mark in both processes. Warns if it cannot. */
void port_switch_prepare(struct port_switch *ports_switch);
void port_switch_forget(struct port_switch *ports_switch);

/** What the other process is going to hear comes from now on. */
void port_switch_begin(struct port_switch *ports_switch);

/** Hear what comes from now on. @return 0, or -1 after one line on stderr: then no port does. */
int port_switch_open(const struct port_switch *ports_switch);

/** Hear nothing more. @return 0, or -1 after one line on stderr: then every port goes on. */
int port_switch_shut(const struct port_switch *ports_switch);

/** @return whether all is sent; false after some ms without a carrier. */
bool port_switch_flush(const struct port_switch *ports_switch);

/** Add marks of the frames that this process has taken at a port. @return 0, or -ENOMEM. */
int port_switch_taken(const struct port_switch *ports_switch, uint32_t number,
		      struct frame_marks *marks);

/**
 * The standby: throw away what the other process has forwarded. What was received between such
 * frames is forwarded.
 *
 * @param marks  by the number of the port; sorted by this function
 * @return frames thrown away.
 */
uint32_t port_switch_skip(const struct port_switch *ports_switch,
			  struct frame_marks marks[PORT_SWITCH_PORTS_MAX]);

#endif
