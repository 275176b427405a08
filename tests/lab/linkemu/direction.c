/* SPDX-License-Identifier: BSD-3-Clause */
#include "direction.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <linux/virtio_net.h>
#include <sys/uio.h>
#include <unistd.h>

#define ETHER_HEADER_BYTES 14u
#define VLAN_TAGS_BYTES 8u
#define NS_PER_S 1e9
#define LATE_NS 1000000u
#define HEAP_PKTS 4096u

int direction_init(struct direction *dir, struct frame_pool *pool, int rx_fd, int tx_fd)
{
	memset(dir, 0, sizeof(*dir));
#define X(key, value, help) dir->set.key = (value);
	DIRECTION_KEYS(X)
#undef X
	dir->pool = pool;
	dir->rx_fd = rx_fd;
	dir->tx_fd = tx_fd;
	direction_reset(dir);
	return frame_queue_init(&dir->queue, HEAP_PKTS);
}

int direction_set(struct direction *dir, const char *key, const char *value)
{
	char *end;
	double number = strtod(value, &end);

	if (end == value || *end != '\0' || !isfinite(number) || number < 0)
		return -EINVAL;
	if (strcmp(key, "burst_len_pkts") == 0 && number < 1)
		return -EINVAL;
	/* Every key that is a probability ends in one of these words. */
	if (number > 1 && (strcmp(key, "loss") == 0 || strcmp(key, "burst_loss") == 0 ||
			   strcmp(key, "biterror") == 0 || strcmp(key, "reorder") == 0 ||
			   strcmp(key, "duplicate") == 0 || strcmp(key, "corrupt") == 0))
		return -EINVAL;
#define X(name, default_value, help)                                                               \
	if (strcmp(key, #name) == 0) {                                                             \
		dir->set.name = number;                                                            \
		return 0;                                                                          \
	}
	DIRECTION_KEYS(X)
#undef X
	return -ENOENT;
}

void direction_reset(struct direction *dir)
{
	memset(&dir->counters, 0, sizeof(dir->counters));
	for (unsigned int i = 0; i < STREAMS; i++)
		prng_seed(&dir->streams[i], (uint64_t)dir->set.seed, i);
	dir->burst_is_bad = false;
	if (dir->retransmits != NULL)
		retransmits_reset(dir->retransmits);
}

void direction_down(struct direction *dir, uint64_t now_ns, double after_s, double length_s)
{
	dir->down_from_ns = now_ns + (uint64_t)(after_s * NS_PER_S);
	dir->down_to_ns = dir->down_from_ns + (uint64_t)(length_s * NS_PER_S);
}

void direction_stall(struct direction *dir, uint64_t now_ns, double after_s, double length_s)
{
	dir->stall_from_ns = now_ns + (uint64_t)(after_s * NS_PER_S);
	dir->stall_to_ns = dir->stall_from_ns + (uint64_t)(length_s * NS_PER_S);
}

static bool chance(struct direction *dir, enum direction_stream stream, double probability)
{
	return probability > 0 && prng_unit(&dir->streams[stream]) < probability;
}

/* Gilbert's model by its two visible figures: the share lost and the mean length of a burst. */
static bool burst_loses(struct direction *dir)
{
	double leave_bad, enter_bad, share = dir->set.burst_loss;

	if (share <= 0)
		return false;
	leave_bad = 1 / dir->set.burst_len_pkts;
	enter_bad = share < 1 ? leave_bad * share / (1 - share) : 1;
	if (chance(dir, STREAM_BURST, dir->burst_is_bad ? leave_bad : enter_bad))
		dir->burst_is_bad = !dir->burst_is_bad;
	return dir->burst_is_bad;
}

/* Draws for every impairment for every frame, whatever the others say: the patterns stay
 * independent. */
static bool medium_loses(struct direction *dir, uint32_t len_bytes, uint64_t departure_ns)
{
	bool burst = burst_loses(dir);
	bool random = chance(dir, STREAM_LOSS, dir->set.loss);
	double bits = 8.0 * len_bytes;
	bool biterror = dir->set.biterror > 0 &&
			chance(dir, STREAM_BITERROR, -expm1(bits * log1p(-dir->set.biterror)));

	if (departure_ns >= dir->down_from_ns && departure_ns < dir->down_to_ns)
		dir->counters.lost_down++;
	else if (burst)
		dir->counters.lost_burst++;
	else if (random)
		dir->counters.lost_random++;
	else if (biterror)
		dir->counters.lost_biterror++;
	else
		return false;
	return true;
}

/* @return when a frame could start that is next at `at_ns` */
static uint64_t after_stall(const struct direction *dir, uint64_t at_ns)
{
	return at_ns >= dir->stall_from_ns && at_ns < dir->stall_to_ns ? dir->stall_to_ns : at_ns;
}

/* @return how much of [from, to) the transmitter stands still */
static uint64_t stalled_ns(const struct direction *dir, uint64_t from_ns, uint64_t to_ns)
{
	from_ns = from_ns > dir->stall_from_ns ? from_ns : dir->stall_from_ns;
	to_ns = to_ns < dir->stall_to_ns ? to_ns : dir->stall_to_ns;
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

/* @return the end of the frame's transmission, 0 when the queue has no room */
static uint64_t transmit(struct direction *dir, uint32_t len_bytes, uint64_t now_ns)
{
	double rate = dir->set.rate_bps, backlog_bytes = 0;
	uint64_t start_ns = now_ns;

	if (rate <= 0)
		return after_stall(dir, now_ns);
	if (dir->last_departure_ns > now_ns)
		start_ns = dir->last_departure_ns;
	start_ns = after_stall(dir, start_ns);
	if (start_ns > now_ns) {
		backlog_bytes = (double)(start_ns - now_ns - stalled_ns(dir, now_ns, start_ns)) *
				rate / 8 / NS_PER_S;
		if (dir->set.queue_bytes > 0 && backlog_bytes + len_bytes > dir->set.queue_bytes)
			return 0;
	}
	if ((uint64_t)backlog_bytes + len_bytes > dir->counters.queue_max_bytes)
		dir->counters.queue_max_bytes = (uint64_t)backlog_bytes + len_bytes;
	dir->last_departure_ns = start_ns + (uint64_t)(8 * NS_PER_S * len_bytes / rate);
	return dir->last_departure_ns;
}

static uint64_t arrival_ns(struct direction *dir, uint64_t departure_ns)
{
	uint64_t due_ns = departure_ns + (uint64_t)(dir->set.delay_us * 1000);

	if (dir->set.jitter_us > 0)
		due_ns += (uint64_t)(dir->set.jitter_us * 1000 *
				     prng_unit(&dir->streams[STREAM_JITTER]));
	if (chance(dir, STREAM_REORDER, dir->set.reorder)) {
		dir->counters.reordered++;
		/* The frames after it must not wait for it: leave last_due_ns alone. */
		return due_ns + (uint64_t)(dir->set.reorder_delay_us * 1000);
	}
	if (due_ns < dir->last_due_ns && dir->set.jitter_reorders <= 0)
		due_ns = dir->last_due_ns;
	if (due_ns > dir->last_due_ns)
		dir->last_due_ns = due_ns;
	return due_ns;
}

static void put(struct direction *dir, struct frame *frame, uint64_t due_ns)
{
	frame->due_ns = due_ns;
	if (frame_queue_put(&dir->queue, frame) < 0) {
		dir->counters.buffer_drops++;
		frame_free(dir->pool, frame);
	}
}

static void duplicate(struct direction *dir, const struct frame *frame, uint64_t due_ns)
{
	struct frame *copy = frame_alloc(dir->pool);

	if (copy == NULL) {
		dir->counters.buffer_drops++;
		return;
	}
	copy->len_bytes = frame->len_bytes;
	memcpy(copy->data, frame->data, frame->len_bytes);
	dir->counters.duplicated++;
	put(dir, copy, due_ns);
}

static void corrupt(struct direction *dir, struct frame *frame)
{
	uint64_t random = prng_next(&dir->streams[STREAM_CORRUPT]);

	/* Addresses stay whole: a frame to a stranger would be lost, not corrupted. */
	if (frame->len_bytes <= ETHER_HEADER_BYTES)
		return;
	frame->data[ETHER_HEADER_BYTES + (random >> 8) % (frame->len_bytes - ETHER_HEADER_BYTES)] ^=
		(uint8_t)(1u << (random & 7));
	dir->counters.corrupted++;
}

static void note_fate(struct direction *dir, const struct frame *frame, enum segment_fate fate,
		      uint64_t now_ns, uint64_t due_ns)
{
	if (dir->retransmits != NULL)
		retransmits_note(dir->retransmits, frame->data, frame->len_bytes, fate, now_ns,
				 due_ns);
}

void direction_admit(struct direction *dir, struct frame *frame, uint64_t now_ns)
{
	double mtu_bytes = dir->set.mtu_bytes;
	uint64_t departure_ns, due_ns;

	dir->counters.in_pkts++;
	dir->counters.in_bytes += frame->len_bytes;

	if (mtu_bytes > 0 && frame->len_bytes > mtu_bytes + ETHER_HEADER_BYTES + VLAN_TAGS_BYTES) {
		dir->counters.oversize_drops++;
		frame_free(dir->pool, frame);
		return;
	}
	departure_ns = transmit(dir, frame->len_bytes, now_ns);
	if (departure_ns == 0) {
		dir->counters.queue_drops++;
		dir->counters.queue_drops_bytes += frame->len_bytes;
		note_fate(dir, frame, SEGMENT_QUEUE_DROP, now_ns, 0);
		frame_free(dir->pool, frame);
		return;
	}
	if (medium_loses(dir, frame->len_bytes, departure_ns)) {
		note_fate(dir, frame, SEGMENT_LOST, now_ns, 0);
		frame_free(dir->pool, frame);
		return;
	}
	due_ns = arrival_ns(dir, departure_ns);
	note_fate(dir, frame, SEGMENT_DELIVERED, now_ns, due_ns);
	if (chance(dir, STREAM_DUPLICATE, dir->set.duplicate))
		duplicate(dir, frame, due_ns);
	if (chance(dir, STREAM_CORRUPT, dir->set.corrupt))
		corrupt(dir, frame);
	put(dir, frame, due_ns);
}

static ssize_t write_frame(const struct direction *dir, struct frame *frame)
{
	/* As from a card that verifies nothing: its host does. */
	static struct virtio_net_hdr nothing_to_do;
	struct iovec parts[] = {
		{.iov_base = &nothing_to_do, .iov_len = sizeof(nothing_to_do)},
		{.iov_base = frame->data, .iov_len = frame->len_bytes},
	};

	return dir->tx_offloads ? writev(dir->tx_fd, parts, 2) : writev(dir->tx_fd, parts + 1, 1);
}

void direction_deliver(struct direction *dir, uint64_t now_ns)
{
	struct frame *frame;

	while ((frame = frame_queue_take(&dir->queue, now_ns)) != NULL) {
		uint64_t late_ns = now_ns - frame->due_ns;

		dir->counters.late_sum_ns += late_ns;
		dir->counters.late_over_1ms += late_ns > LATE_NS;
		if (late_ns > dir->counters.late_max_ns)
			dir->counters.late_max_ns = late_ns;
		if (write_frame(dir, frame) < 0) {
			dir->counters.write_errors++;
		} else {
			dir->counters.delivered_pkts++;
			dir->counters.delivered_bytes += frame->len_bytes;
		}
		frame_free(dir->pool, frame);
	}
}

void direction_print_json(const struct direction *dir, FILE *out)
{
	const char *separator = "";

	fputs("{\"set\":{", out);
#define X(key, value, help)                                                                        \
	fprintf(out, "%s\"%s\":%.17g", separator, #key, dir->set.key);                             \
	separator = ",";
	DIRECTION_KEYS(X)
#undef X
	fputc('}', out);
#define X(counter) fprintf(out, ",\"%s\":%" PRIu64, #counter, dir->counters.counter);
	DIRECTION_COUNTERS(X)
#undef X
	if (dir->retransmits != NULL) {
		fputs(",\"retransmits\":", out);
		retransmits_print_json(dir->retransmits, out);
	}
	fputc('}', out);
}
