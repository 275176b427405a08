/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <stdio.h>
#include <string.h>

#define US_PER_SECOND 1000000u
#define SNAPSHOT_BYTES 65535

int capture_open(struct capture_reader *reader, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];

	memset(reader, 0, sizeof(*reader));
	reader->path = path;
	reader->pcap =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (reader->pcap == NULL) {
		fprintf(stderr, "golden-harness: %s: %s\n", path, error);
		return -1;
	}
	return capture_next(reader);
}

int capture_next(struct capture_reader *reader)
{
	struct pcap_pkthdr *header;
	uint64_t last_us = reader->time_us;
	int result = pcap_next_ex(reader->pcap, &header, &reader->frame);

	if (result == PCAP_ERROR_BREAK) {
		reader->ended = true;
		return 0;
	}
	if (result != 1) {
		fprintf(stderr, "golden-harness: %s: %s\n", reader->path,
			pcap_geterr(reader->pcap));
		return -1;
	}
	/* tv_usec holds nanoseconds at this precision. */
	reader->time_us =
		(uint64_t)header->ts.tv_sec * US_PER_SECOND + (uint64_t)header->ts.tv_usec / 1000u;
	reader->bytes = header->caplen;
	if (reader->time_us < last_us) {
		fprintf(stderr, "golden-harness: %s: time runs backwards\n", reader->path);
		return -1;
	}
	return 0;
}

void capture_close(struct capture_reader *reader)
{
	if (reader->pcap != NULL)
		pcap_close(reader->pcap);
}

int capture_create(struct capture_writer *writer, const char *path)
{
	writer->pcap = pcap_open_dead(DLT_EN10MB, SNAPSHOT_BYTES);
	if (writer->pcap == NULL)
		return -1;
	writer->dumper = pcap_dump_open(writer->pcap, path);
	if (writer->dumper != NULL)
		return 0;
	fprintf(stderr, "golden-harness: %s: %s\n", path, pcap_geterr(writer->pcap));
	pcap_close(writer->pcap);
	return -1;
}

void capture_write(struct capture_writer *writer, uint64_t time_us, const void *frame,
		   uint32_t bytes)
{
	struct pcap_pkthdr header = {
		.ts = {.tv_sec = (time_t)(time_us / US_PER_SECOND),
		       .tv_usec = (suseconds_t)(time_us % US_PER_SECOND)},
		.caplen = bytes,
		.len = bytes,
	};

	pcap_dump((u_char *)writer->dumper, &header, frame);
}

int capture_finish(struct capture_writer *writer)
{
	int result = pcap_dump_flush(writer->dumper);

	pcap_dump_close(writer->dumper);
	pcap_close(writer->pcap);
	return result;
}
