/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_TAP_H
#define LINKEMU_TAP_H

/**
 * Create a tap inside a named network namespace (as `ip netns add` makes them). The device lives as
 * long as the file is open, so nothing is left behind when the emulator dies.
 *
 * @return a non-blocking file, one frame per read and write, or a negative errno
 */
int tap_open(const char *netns, const char *ifname);

#endif
