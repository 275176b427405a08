/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * linkemu: emulate links between taps, for kernels without sch_netem.
 *
 * One thread: deliver what is due, read what has arrived, answer control commands, sleep until the
 * next frame is due. It normally shares its core with the TCP end points, under SCHED_FIFO: a link
 * does not wait for the hosts at its ends.
 */
#include "card.h"
#include "emulator.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define POOL_PKTS 16384u
#define FRAME_BYTES_DEFAULT 1536
#define READS_PER_TURN 32
#define EVENTS_MAX 32
#define COMMAND_BYTES_MAX 512
#define REALTIME_PRIORITY 10

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

/* What an epoll event stands for: a direction to read, the listening socket, or a client. */
struct source {
	struct direction *dir;
	int fd;
};

static const char usage_text[] =
	"usage: linkemu --control PATH --link NAME,a=NETNS:TAP[/offloads],b=... [--link ...]\n"
	"               [--dir LINK:fwd|rev|both:key=value,...] [--track LINK ...]\n"
	"               [--frame-bytes N] [--realtime]\n"
	"keys of --dir:\n"
#define X(key, value, help) "  " #key " (" #value "): " help "\n"
	DIRECTION_KEYS(X)
#undef X
	;

static int control_listen(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 8) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* One command in, one answer out, then the client is gone: no per-client state to keep. */
static void control_serve(struct emulator *emu, int listen_fd)
{
	char line[COMMAND_BYTES_MAX], *answer = NULL;
	struct timeval patience = {
		.tv_usec = 5000}; /* the links wait meanwhile; the client asks again */
	size_t answer_bytes = 0;
	ssize_t got;
	FILE *out;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	got = recv(fd, line, sizeof(line) - 1, 0);
	out = got > 0 ? open_memstream(&answer, &answer_bytes) : NULL;
	if (out != NULL) {
		line[got] = '\0';
		emulator_command(emu, line, out);
		fclose(out);
		if (send(fd, answer, answer_bytes, MSG_NOSIGNAL) < 0)
			fprintf(stderr, "linkemu: send: %s\n", strerror(errno));
		free(answer);
	}
	close(fd);
}

/* Read a packet as the host's stack made it, and do what the host left to its card. */
static bool read_packet(struct emulator *emu, struct direction *dir)
{
	static struct card_packet packet;
	struct iovec parts[] = {
		{.iov_base = &packet.header, .iov_len = sizeof(packet.header)},
		{.iov_base = packet.data, .iov_len = sizeof(packet.data)},
	};
	ssize_t got = readv(dir->rx_fd, parts, 2);
	long frame_bytes = -1;
	struct frame *frame;

	if (got <= (ssize_t)sizeof(packet.header))
		return false;
	packet.len_bytes = (size_t)got - sizeof(packet.header);
	packet.offset = 0;
	if (packet.header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		dir->counters.super_frames++;
	else if (packet.header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		dir->counters.checksums_completed++;
	while ((frame = frame_alloc(&emu->pool)) != NULL) {
		frame_bytes = card_next(&packet, frame->data, emu->pool.data_bytes_max);
		if (frame_bytes <= 0)
			break;
		frame->len_bytes = (uint32_t)frame_bytes;
		direction_admit(dir, frame, emulator_now_ns());
	}
	if (frame != NULL)
		frame_free(&emu->pool, frame);
	dir->counters.buffer_drops += frame == NULL || frame_bytes < 0;
	return true;
}

static void read_packets(struct emulator *emu, struct direction *dir)
{
	for (unsigned int i = 0; i < READS_PER_TURN; i++)
		if (!read_packet(emu, dir))
			return;
}

static void read_frames(struct emulator *emu, struct direction *dir)
{
	for (unsigned int i = 0; i < READS_PER_TURN; i++) {
		struct frame *frame = frame_alloc(&emu->pool);
		ssize_t got;

		if (frame == NULL) {
			/* Read it all the same, or the loop would spin on a readable tap. */
			char sink[2048];

			if (read(dir->rx_fd, sink, sizeof(sink)) < 0)
				return;
			dir->counters.buffer_drops++;
			continue;
		}
		got = read(dir->rx_fd, frame->data, emu->pool.data_bytes_max);
		if (got <= 0) {
			frame_free(&emu->pool, frame);
			return;
		}
		frame->len_bytes = (uint32_t)got;
		direction_admit(dir, frame, emulator_now_ns());
	}
}

/* @return when the next frame of any link is due */
static uint64_t deliver_due(struct emulator *emu)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned int i = 0; i < emu->links_count; i++) {
		for (unsigned int j = 0; j < DIRS; j++) {
			struct direction *dir = &emu->links[i].dirs[j];
			uint64_t due_ns;

			direction_deliver(dir, emulator_now_ns());
			due_ns = frame_queue_next_due_ns(&dir->queue);
			next_ns = due_ns < next_ns ? due_ns : next_ns;
		}
	}
	return next_ns;
}

static int add_source(int epoll_fd, struct source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

static int run(struct emulator *emu, int listen_fd)
{
	struct source sources[LINKS_MAX * DIRS + 1] = {{.fd = listen_fd}};
	struct epoll_event events[EVENTS_MAX];
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), ret = 0;
	unsigned int count = 1;

	if (epoll_fd < 0)
		return -errno;
	for (unsigned int i = 0; i < emu->links_count; i++) {
		for (unsigned int j = 0; j < DIRS; j++) {
			sources[count].dir = &emu->links[i].dirs[j];
			sources[count].fd = sources[count].dir->rx_fd;
			count++;
		}
	}
	for (unsigned int i = 0; i < count && ret == 0; i++)
		ret = add_source(epoll_fd, &sources[i]);

	while (ret == 0 && !stop) {
		uint64_t due_ns = deliver_due(emu), now_ns = emulator_now_ns();
		uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
		struct timespec timeout = {.tv_sec = (time_t)(wait_ns / 1000000000u),
					   .tv_nsec = (long)(wait_ns % 1000000000u)};
		int ready = epoll_pwait2(epoll_fd, events, EVENTS_MAX,
					 due_ns != UINT64_MAX ? &timeout : NULL, NULL);

		if (ready < 0 && errno != EINTR)
			ret = -errno;
		emu->wakeups++;
		for (int i = 0; i < ready; i++) {
			const struct source *source = events[i].data.ptr;

			if (source->dir == NULL)
				control_serve(emu, listen_fd);
			else if (source->dir->rx_offloads)
				read_packets(emu, source->dir);
			else
				read_frames(emu, source->dir);
		}
	}
	close(epoll_fd);
	return ret;
}

static void go_realtime(struct emulator *emu)
{
	struct sched_param param = {.sched_priority = REALTIME_PRIORITY};

	if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
		fprintf(stderr, "linkemu: sched_setscheduler: %s, going on without\n",
			strerror(errno));
	else
		emu->realtime = true;
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		fprintf(stderr, "linkemu: mlockall: %s, going on without\n", strerror(errno));
	prctl(PR_SET_TIMERSLACK, 1UL);
}

enum { OPT_CONTROL = 1, OPT_LINK, OPT_DIR, OPT_TRACK, OPT_FRAME_BYTES, OPT_REALTIME, OPT_HELP };

static const struct option options[] = {
	{"control", required_argument, NULL, OPT_CONTROL},
	{"link", required_argument, NULL, OPT_LINK},
	{"dir", required_argument, NULL, OPT_DIR},
	{"track", required_argument, NULL, OPT_TRACK},
	{"frame-bytes", required_argument, NULL, OPT_FRAME_BYTES},
	{"realtime", no_argument, NULL, OPT_REALTIME},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

int main(int argc, char **argv)
{
	static struct emulator emu;
	const char *control_path = NULL;
	bool realtime = false;
	int opt, listen_fd, frame_bytes = FRAME_BYTES_DEFAULT, ret = 0;

	/* Buffers first: links are attached to the pool. */
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_FRAME_BYTES)
			frame_bytes = atoi(optarg);
		if (opt == OPT_HELP || opt == '?') {
			fputs(usage_text, opt == OPT_HELP ? stdout : stderr);
			return opt == OPT_HELP ? 0 : 2;
		}
	}
	if (frame_bytes < 64 || frame_bytes > 65536 ||
	    frame_pool_init(&emu.pool, POOL_PKTS, (size_t)frame_bytes) < 0) {
		fprintf(stderr, "linkemu: --frame-bytes %d: want 64..65536\n", frame_bytes);
		return 2;
	}
	optind = 1;
	while (ret == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_CONTROL)
			control_path = optarg;
		else if (opt == OPT_LINK)
			ret = emulator_add_link(&emu, optarg);
		else if (opt == OPT_DIR)
			ret = emulator_set(&emu, optarg);
		else if (opt == OPT_TRACK)
			ret = emulator_track(&emu, optarg);
		else if (opt == OPT_REALTIME)
			realtime = true;
	}
	if (ret < 0)
		return 2;
	if (emu.links_count == 0 || control_path == NULL) {
		fputs(usage_text, stderr);
		return 2;
	}
	for (unsigned int i = 0; i < emu.links_count * DIRS; i++)
		direction_reset(&emu.links[i / DIRS].dirs[i % DIRS]); /* apply the seeds */

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	if (realtime)
		go_realtime(&emu);
	listen_fd = control_listen(control_path);
	if (listen_fd < 0) {
		fprintf(stderr, "linkemu: --control %s: %s\n", control_path, strerror(-listen_fd));
		return 1;
	}
	emu.started_ns = emulator_now_ns();
	ret = run(&emu, listen_fd);
	unlink(control_path);
	if (ret < 0)
		fprintf(stderr, "linkemu: %s\n", strerror(-ret));
	return ret < 0;
}
