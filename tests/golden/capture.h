/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The harness's ends of the wire: pcap files, one packet ahead on the reading side.
 */
#ifndef GOLDEN_CAPTURE_H
#define GOLDEN_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

struct capture_reader {
	const char *path;
	pcap_t *pcap;
	bool ended;
	/* The next packet, unless ended; valid until capture_next(). */
	uint64_t time_us;
	uint32_t bytes;
	const uint8_t *frame;
};

struct capture_writer {
	pcap_t *pcap;
	pcap_dumper_t *dumper;
};

/** Open a file with microsecond or nanosecond stamps and read its first packet. @return 0 or -1. */
int capture_open(struct capture_reader *reader, const char *path);
/** Read the next packet. @return 0, also at the end of the file, or -1. */
int capture_next(struct capture_reader *reader);
void capture_close(struct capture_reader *reader);

/** @return 0 or -1. */
int capture_create(struct capture_writer *writer, const char *path);
void capture_write(struct capture_writer *writer, uint64_t time_us, const void *frame,
		   uint32_t bytes);
/** @return 0, or -1 if the file is not complete. */
int capture_finish(struct capture_writer *writer);

#endif
