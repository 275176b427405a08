/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_TAP_H
#define LINKEMU_TAP_H

#include <stdbool.h>

/**
 * Create a tap inside a named network namespace (as `ip netns add` makes them). The device lives as
 * long as the file is open, so nothing is left behind when the emulator dies.
 *
 * @param offloads  the host leaves checksums and TCP segmentation to its card, as it does by
 * default with real ones: each frame begins with a struct virtio_net_hdr, see card.h
 * @return a non-blocking file, one frame per read and write, or a negative errno
 */
int tap_open(const char *netns, const char *ifname, bool offloads);

#endif
