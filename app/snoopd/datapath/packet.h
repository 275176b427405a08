/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Who owns an mbuf, and what may be done with one that is both cached and transmitted.
 */
#ifndef SNOOPD_PACKET_H
#define SNOOPD_PACKET_H

/** May a cached packet and its transmission be the same mbuf? A property of the port's driver. */
enum driver_sharing {
	/*
	 * Yes: the driver copies the bytes out, or reads them until it gives its reference back,
	 * and looks at the reference count before it writes into the headroom.
	 */
	DRIVER_SHARE,
	/* No: every transmission of a packet that we keep is a deep copy. */
	DRIVER_COPY,
};

#endif
