/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/packet_sockets.h>

#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The defaults of net_af_packet. */
#define FRAME_BYTES 2048
#define FRAMES 512

/* A length that no interface takes: the kernel passes over such a frame, as the driver has told it
 * to do (PACKET_LOSS). */
#define NO_LENGTH UINT32_MAX

/* How long the kernel may take to send what a transmit ring holds. */
#define FLUSH_LOOKS 100
#define FLUSH_PAUSE_NS 100000

static uint32_t number_of(const char *devargs, const char *key, uint32_t otherwise)
{
	const char *found = devargs != NULL ? strstr(devargs, key) : NULL;

	return found != NULL ? (uint32_t)strtoul(found + strlen(key), NULL, 10) : otherwise;
}

void packet_ring_of(struct packet_ring *ring, const char *devargs)
{
	ring->block_bytes = number_of(devargs, "blocksz=", (uint32_t)sysconf(_SC_PAGESIZE));
	ring->frame_bytes = number_of(devargs, "framesz=", FRAME_BYTES);
	ring->frames = number_of(devargs, "framecnt=", FRAMES);
	ring->blocks = ring->frame_bytes == 0 || ring->frame_bytes > ring->block_bytes
			       ? 0
			       : ring->frames / (ring->block_bytes / ring->frame_bytes);
}

static bool is_bound_to(int fd, unsigned int if_index)
{
	struct sockaddr_ll address = {0};
	socklen_t bytes = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
	       address.sll_family == AF_PACKET && address.sll_ifindex == (int)if_index;
}

uint64_t packet_sockets_drops(struct packet_sockets *sockets)
{
	uint64_t drops = 0;

	for (uint32_t i = 0; i < sockets->count; i++) {
		struct tpacket_stats sums = {0};
		socklen_t bytes = sizeof(sums);

		if (getsockopt(sockets->fd[i], SOL_PACKET, PACKET_STATISTICS, &sums, &bytes) == 0)
			drops += sums.tp_drops;
	}
	return __atomic_add_fetch(&sockets->drops, drops, __ATOMIC_RELAXED);
}

int packet_sockets_find(struct packet_sockets *sockets, unsigned int if_index)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;

	sockets->count = 0;
	sockets->drops = 0;
	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL && sockets->count < PACKET_SOCKETS_MAX) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && is_bound_to(fd, if_index))
			sockets->fd[sockets->count++] = fd;
	}
	closedir(folder);
	packet_sockets_drops(sockets); /* what came before does not count */
	sockets->drops = 0;
	return 0;
}

int packet_sockets_stamp(const struct packet_sockets *sockets, bool on)
{
	const int flag = on, source = on ? SOF_TIMESTAMPING_SOFTWARE : 0;

	for (uint32_t i = 0; i < sockets->count; i++)
		if (setsockopt(sockets->fd[i], SOL_SOCKET, SO_TIMESTAMPNS, &flag, sizeof(flag)) !=
			    0 ||
		    setsockopt(sockets->fd[i], SOL_PACKET, PACKET_TIMESTAMP, &source,
			       sizeof(source)) != 0)
			return -errno;
	return 0;
}

/* ---- Rings ---- */

int packet_sockets_map(const struct packet_sockets *sockets, uint32_t number,
		       const struct packet_ring *ring, struct packet_map *map)
{
	size_t bytes = (size_t)ring->block_bytes * ring->blocks;

	if (bytes == 0 || (size_t)ring->frame_bytes * ring->frames > bytes)
		return -EINVAL;
	memset(map, 0, sizeof(*map));
	map->bytes = 2 * bytes;
	map->rx =
		mmap(NULL, map->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, sockets->fd[number], 0);
	if (map->rx == MAP_FAILED)
		return -errno;
	map->tx = map->rx + bytes;
	return 0;
}

void packet_sockets_unmap(struct packet_map *map)
{
	munmap(map->rx, map->bytes);
}

static uint32_t spoil(unsigned char *frames, const struct packet_ring *ring)
{
	uint32_t spoilt = 0;

	for (uint32_t i = 0; i < ring->frames; i++) {
		struct tpacket2_hdr *head = (void *)(frames + (size_t)i * ring->frame_bytes);

		if (!(__atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_SEND_REQUEST))
			continue;
		head->tp_len = NO_LENGTH;
		spoilt++;
	}
	return spoilt;
}

static int discard_one(const struct packet_sockets *sockets, uint32_t number,
		       const struct packet_ring *ring, uint32_t *frames)
{
	int fd = sockets->fd[number], result, error;
	socklen_t error_bytes = sizeof(error);
	struct packet_map map;

	result = packet_sockets_map(sockets, number, ring, &map);
	if (result != 0)
		return result;
	*frames += spoil(map.tx, ring);
	packet_sockets_unmap(&map);
	/* Send nothing: the kernel takes what was spoilt out of the ring. */
	send(fd, NULL, 0, MSG_DONTWAIT);
	/* The interface was down: otherwise the next packet would fail for that. */
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
	return 0;
}

int packet_sockets_discard(const struct packet_sockets *sockets, const struct packet_ring *ring,
			   uint32_t *frames)
{
	int result = 0;

	for (uint32_t i = 0; i < sockets->count; i++) {
		int each = discard_one(sockets, i, ring, frames);

		if (each != 0)
			result = each;
	}
	return result;
}

/* @return whether the kernel may still have something to send. */
static bool flush_one(int fd)
{
	const struct timespec pause = {.tv_nsec = FLUSH_PAUSE_NS};

	for (int look = 0; look < FLUSH_LOOKS; look++) {
		ssize_t bytes = send(fd, NULL, 0, MSG_DONTWAIT);

		if (bytes == 0)
			return false;
		if (bytes < 0 && errno != EAGAIN && errno != ENOBUFS)
			return true;
		if (bytes < 0)
			nanosleep(&pause, NULL);
	}
	return true;
}

bool packet_sockets_flush(const struct packet_sockets *sockets)
{
	bool left = false;

	for (uint32_t i = 0; i < sockets->count; i++)
		left |= flush_one(sockets->fd[i]);
	return !left;
}
