/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Which network interface of the kernel is behind a port, and how frames reach the port from it.
 *
 * Who runs here: the control thread. It asks the kernel, but changes nothing.
 */
#ifndef SNOOPD_INTERFACE_H
#define SNOOPD_INTERFACE_H

#include <stdbool.h>

/** How a driver gets its frames, as far as the kernel has to do with it. */
enum interface_path {
	INTERFACE_NONE,	      /* no interface: VFIO, UIO, shared memory, files */
	INTERFACE_BIFURCATED, /* the hardware gives the port its own queues (mlx5) */
	INTERFACE_PACKET,     /* packet sockets: the kernel's stack has received the frame */
	INTERFACE_XDP,	      /* XDP sockets: before the stack, the frame without its metadata */
	INTERFACE_TAP,	      /* the port is the cable of the interface */
};

/**
 * @param driver    driver name of the port
 * @param if_index  what the driver says is behind the port, 0 = nothing
 * @param devargs   device arguments of the port, may be NULL
 * @return the index of the interface, 0 = none.
 */
unsigned int interface_behind(const char *driver, unsigned int if_index, const char *devargs);

/** @return how frames come from the interface: INTERFACE_NONE if there is none. */
enum interface_path interface_path_of(const char *driver, unsigned int if_index);

/** @return whether frames come from an interface on the same machine, offloads of which count too.
 */
bool interface_is_veth(unsigned int if_index);

#endif
