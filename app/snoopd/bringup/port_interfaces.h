/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the kernel does with the interface behind a port, and what it must not do: another process
 * of snoopd has it, it changes frames before the port gets them, or what this box sends there
 * crosses the wire.
 *
 * Who runs here: the control thread, before the first packet, and once more for a port that was
 * opened again. It calls the room kernel.
 */
#ifndef SNOOPD_PORT_INTERFACES_H
#define SNOOPD_PORT_INTERFACES_H

#include <snoopd/bringup/ports.h>

/**
 * After ports_find(): claim the interfaces, leave out what this box sends, read the offloads. A
 * standby (ports->beside) hears nothing at all for now, and leaves the claims to the other process.
 *
 * @return 0, or -1 after one line on stderr. The cause lies outside of the configuration and may
 * end by itself.
 */
int port_interfaces_take(struct ports *ports, const struct config *config);

/** The same for a port that comes back while snoopd runs: harmful offloads are warned of only, as
 * for one that did not go, because the wire is worth more than what cannot be carried whole. */
int port_interface_take_again(struct port *port);

/** Claim what a standby has left. @return 0, or -1 after one line on stderr. */
int port_interfaces_claim(struct ports *ports);

/** Let go of the claims. */
void port_interfaces_release(struct ports *ports);
void port_interface_release(struct port *port);

/** The port has new sockets: leave out what this box sends. Warns if that cannot be done. */
void port_interface_leave_out_own(const struct port *port);

/**
 * The port was just started: free what it received before the filter was there. Only a packet
 * socket has such frames.
 */
void port_interface_drain(const struct port *port);

/** Once the MTU is known: limits of what the port carries whole, if the kernel has an interface. */
void port_interface_set_carriage(struct port *port);

#endif
