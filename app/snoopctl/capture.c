/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "text.h"

#define POLL_MS 100
#define FRAME_BYTES_MAX 4096
#define WIRED 0 /* interfaces of the file */
#define WIRELESS 1

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LENGTH_UNKNOWN 0xffffffffu
#define LINKTYPE_ETHERNET 1u
#define OPTION_END 0
#define OPTION_COMMENT 1
#define OPTION_IF_NAME 2
#define OPTION_FLAGS 2
#define FLAGS_OUTBOUND 2u

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = 1;
}

struct block {
	uint8_t bytes[FRAME_BYTES_MAX + 1024];
	size_t used;
};

static void put(struct block *block, const void *data, size_t bytes)
{
	memcpy(block->bytes + block->used, data, bytes);
	block->used += bytes;
	while (block->used % 4 != 0)
		block->bytes[block->used++] = 0;
}

static void put_u32(struct block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

static void put_option(struct block *block, uint16_t code, const void *data, size_t bytes)
{
	uint16_t head[2] = {code, (uint16_t)bytes};

	put(block, head, sizeof(head));
	put(block, data, bytes);
}

static struct block begin(uint32_t type)
{
	struct block block = {.used = 0};

	put_u32(&block, type);
	put_u32(&block, 0); /* the length, see end() */
	return block;
}

static int end(struct block *block, FILE *out)
{
	uint32_t length;

	put_option(block, OPTION_END, NULL, 0);
	length = (uint32_t)block->used + (uint32_t)sizeof(length);
	memcpy(block->bytes + sizeof(uint32_t), &length, sizeof(length));
	put_u32(block, length);
	return fwrite(block->bytes, block->used, 1, out) == 1 ? 0 : -1;
}

static int write_interface(const char *name, FILE *out)
{
	struct block block = begin(BLOCK_INTERFACE);

	put_u32(&block, LINKTYPE_ETHERNET);
	put_u32(&block, 0); /* no limit of the frames' lengths */
	put_option(&block, OPTION_IF_NAME, name, strlen(name));
	return end(&block, out);
}

static int write_head(FILE *out)
{
	struct block block = begin(BLOCK_SECTION);

	put_u32(&block, BYTE_ORDER_MAGIC);
	put_u32(&block, 1); /* version 1.0 */
	put_u32(&block, LENGTH_UNKNOWN);
	put_u32(&block, LENGTH_UNKNOWN);
	if (end(&block, out) != 0 || write_interface("wired", out) != 0)
		return -1;
	return write_interface("wireless", out);
}

/* frame0, frame1, ... */
static size_t read_frame(const json_t *packet, uint8_t frame[FRAME_BYTES_MAX])
{
	size_t bytes = 0;
	char name[16];

	for (unsigned int part = 0;; part++) {
		const char *digits;
		unsigned int byte;

		snprintf(name, sizeof(name), "frame%u", part);
		digits = json_string_value(json_object_get(packet, name));
		if (digits == NULL)
			return bytes;
		for (; bytes < FRAME_BYTES_MAX && sscanf(digits, "%2x", &byte) == 1; digits += 2)
			frame[bytes++] = (uint8_t)byte;
	}
}

static int write_packet(const json_t *packet, FILE *out)
{
	struct block block = begin(BLOCK_PACKET);
	const char *to = text_of(packet, "to");
	uint8_t frame[FRAME_BYTES_MAX];
	size_t bytes = read_frame(packet, frame);
	uint32_t flags = FLAGS_OUTBOUND;
	int64_t time_us = 0, frame_bytes = 0;
	char comment[256];

	text_number(json_object_get(packet, "time_us"), &time_us);
	text_number(json_object_get(packet, "bytes"), &frame_bytes);
	snprintf(comment, sizeof(comment), "to %s: %s", to, text_of(packet, "comment"));
	put_u32(&block, strcmp(to, "wired") == 0 ? WIRED : WIRELESS);
	put_u32(&block, (uint32_t)(time_us >> 32));
	put_u32(&block, (uint32_t)time_us);
	put_u32(&block, (uint32_t)bytes);
	put_u32(&block, (uint32_t)frame_bytes);
	put(&block, frame, bytes);
	put_option(&block, OPTION_COMMENT, comment, strlen(comment));
	put_option(&block, OPTION_FLAGS, &flags, sizeof(flags));
	return end(&block, out);
}

static int fail_file(struct client *client, const char *path)
{
	snprintf(client->error, sizeof(client->error), "%s: %s", path, strerror(errno));
	return -1;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* @return packets of the page at *position, which moves on; -1 with a line in client->error. */
static int copy_page(struct client *client, int64_t id, int64_t *position, const char *path,
		     FILE *out)
{
	char command[64];
	const char *number;
	int packets = 0;
	json_t *page, *packet;

	snprintf(command, sizeof(command), "/snoop/captured,%lld %lld", (long long)id,
		 (long long)*position);
	page = client_ask(client, command);
	if (page == NULL)
		return -1;
	json_object_foreach(json_object_get(page, "packets"), number, packet)
	{
		packets++;
		if (write_packet(packet, out) != 0) {
			json_decref(page);
			return fail_file(client, path);
		}
	}
	*position += packets;
	json_decref(page);
	return packets;
}

static void report(const struct options *options, int64_t packets)
{
	json_t *summary;

	if (!options->json) {
		fprintf(stderr, "%lld packets\n", (long long)packets);
		return;
	}
	summary = json_pack("{s:s, s:I}", "file", options->operand, "packets", (json_int_t)packets);
	json_dumpf(summary, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(summary);
}

static int copy(struct client *client, const struct options *options, int64_t id, FILE *out)
{
	const struct timespec nap = {.tv_nsec = POLL_MS * 1000000};
	double end_s = now_s() + (double)options->wait_ms / 1000;
	int64_t position = 0;
	int packets = 0;

	if (write_head(out) != 0)
		return fail_file(client, options->operand);
	while (packets >= 0 && (size_t)position < options->count) {
		bool last = interrupted || now_s() >= end_s;

		packets = copy_page(client, id, &position, options->operand, out);
		if (packets == 0 && last)
			break;
		if (packets == 0)
			nanosleep(&nap, NULL);
	}
	if (packets >= 0)
		report(options, position);
	return packets < 0 ? -1 : 0;
}

/* Copy the packets of a capture that runs. */
static int copy_to_file(struct client *client, const struct options *options, int64_t id)
{
	FILE *out = fopen(options->operand, "wbe");
	int result;

	if (out == NULL)
		return fail_file(client, options->operand);
	result = copy(client, options, id, out);
	if (fclose(out) != 0 && result == 0)
		result = fail_file(client, options->operand);
	return result;
}

int capture_run(struct client *client, const struct options *options)
{
	const struct sigaction action = {.sa_handler = interrupt};
	char command[320];
	json_t *reply;
	int64_t id = 0;
	int result;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	snprintf(command, sizeof(command), "/snoop/capture,%zu %s", options->count, options->flow);
	reply = client_ask(client, command);
	if (reply == NULL)
		return -1;
	text_number(json_object_get(reply, "id"), &id);
	json_decref(reply);
	result = copy_to_file(client, options, id);
	if (result == 0 || !client->refused) {
		struct client other = *client; /* keep the error about the file */

		snprintf(command, sizeof(command), "/snoop/capture_stop,%lld", (long long)id);
		json_decref(client_ask(&other, command));
	}
	return result;
}
