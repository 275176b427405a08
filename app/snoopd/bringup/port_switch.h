/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Both ports change hands, from the process that forwards to its standby, and each frame is
 * forwarded once. For drivers of which two processes can have the port open (DRIVER_SHARES):
 *
 *	standby                              the one that forwards
 *	port_switch_open(): it hears
 *	what the other one hears       ->
 *	                                     port_switch_shut(): it hears nothing more
 *	                                     its workers empty the rings and stop
 *	                                     port_switch_flush(): everything is sent
 *	                               <-    port_switch_taken(): marks of what it forwarded
 *	port_switch_skip(): not again
 *
 * Who runs here: the control thread, while no worker of its process uses the ports, except for
 * port_switch_shut() and port_switch_stamp(). It calls the room kernel and the ethdev library.
 */
#ifndef SNOOPD_PORT_SWITCH_H
#define SNOOPD_PORT_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include <snoopd/bringup/ports.h>
#include <snoopd/kernel/frame_marks.h>

/** Let frames have the same mark in both processes. Needed before port_switch_open(). */
void port_switch_stamp(const struct ports *ports, bool on);

/** The standby: hear what comes from now on. @return 0, or -1 after one line on stderr. */
int port_switch_open(const struct ports *ports);

/** Hear nothing more. @return 0, or -1 after one line on stderr. */
int port_switch_shut(const struct ports *ports);

/** @return frames that the kernel has not sent after some ms: the carrier is gone. */
uint32_t port_switch_flush(const struct ports *ports);

/** Add the marks of the frames that this process has taken. @return 0, or a negative errno value.
 */
int port_switch_taken(const struct ports *ports, enum snoop_side side, struct frame_marks *marks);

/**
 * The standby: throw away what the other process has forwarded. What was received between such
 * frames is forwarded.
 *
 * @param marks  by enum snoop_side; sorted by this function
 * @return frames thrown away.
 */
uint32_t port_switch_skip(const struct ports *ports, struct frame_marks marks[2]);

#endif
