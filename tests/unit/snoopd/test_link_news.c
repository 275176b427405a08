/* SPDX-License-Identifier: BSD-3-Clause */
/* What rtnetlink and packet sockets tell of an interface, with a veth in a network namespace of the
 * test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <snoopd/kernel/link_state.h>
#include <snoopd/kernel/packet_sockets.h>

#define SKIPPED 77
#define FRAMES 512
#define FRAME_BYTES 2048
#define RING_BYTES (FRAMES * FRAME_BYTES)
#define WAIT_MS 5000

_Static_assert(sizeof(struct tpacket2_hdr) % TPACKET_ALIGNMENT == 0, "data follow the head");

static void command(const char *line)
{
	assert_int_equal(system(line), 0);
}

static int make_pair(void **state)
{
	command("ip link add x0 type veth peer name x1 && ip link set x0 up && ip link set x1 up");
	return 0;
}

static int delete_pair(void **state)
{
	command("ip link del x0 2>/dev/null || true");
	return 0;
}

/* ---- Messages ---- */

static struct nlmsghdr *message_of(char *buffer, uint16_t type, uint8_t family, uint32_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(message, sizeof(*link));

	message->nlmsg_type = type;
	link->ifi_family = family;
	link->ifi_index = 7;
	link->ifi_flags = flags;
	return message;
}

static void a_message_changes_what_it_mentions(void **state)
{
	char buffer[NETLINK_REQUEST_BYTES];
	struct link_state link = {.index = 7, .mtu_bytes = 1500, .name = "old"};
	struct nlmsghdr *message = message_of(buffer, RTM_NEWLINK, AF_UNSPEC, IFF_UP);

	assert_int_equal(link_state_index(message), 7);
	link_state_apply(&link, message);
	assert_true(link.present);
	assert_true(link.up);
	assert_false(link.carrier);
	assert_int_equal(link.mtu_bytes, 1500);
	assert_string_equal(link.name, "old");

	message = message_of(buffer, RTM_NEWLINK, AF_UNSPEC, IFF_UP | 1u << 16);
	mnl_attr_put_u32(message, IFLA_MTU, 9000);
	mnl_attr_put_strz(message, IFLA_IFNAME, "new");
	link_state_apply(&link, message);
	assert_true(link.carrier);
	assert_int_equal(link.mtu_bytes, 9000);
	assert_string_equal(link.name, "new");

	message = message_of(buffer, RTM_DELLINK, AF_UNSPEC, IFF_UP | 1u << 16);
	link_state_apply(&link, message);
	assert_false(link.present);
	assert_false(link.up);
	assert_false(link.carrier);
}

static void other_messages_are_no_news(void **state)
{
	char buffer[NETLINK_REQUEST_BYTES];

	/* A port that leaves a bridge is not deleted. */
	assert_int_equal(link_state_index(message_of(buffer, RTM_DELLINK, AF_BRIDGE, 0)), 0);
	assert_int_equal(link_state_index(message_of(buffer, RTM_NEWADDR, AF_UNSPEC, 0)), 0);
	/* Short. */
	assert_int_equal(link_state_index(mnl_nlmsg_put_header(buffer)), 0);
}

/* ---- The kernel ---- */

static int take_news(const struct nlmsghdr *message, void *context)
{
	struct link_state *link = context;

	if (link_state_index(message) == link->index)
		link_state_apply(link, message);
	return MNL_CB_OK;
}

static void await(struct netlink *netlink, struct link_state *link, bool present, bool up)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (int i = 0; i < WAIT_MS; i++) {
		assert_int_equal(netlink_listen(netlink, take_news, link), 0);
		if (link->present == present && link->up == up)
			return;
		nanosleep(&nap, NULL);
	}
	fail_msg("present %d, up %d", link->present, link->up);
}

static void the_kernel_wakes_and_tells(void **state)
{
	struct netlink *news = netlink_open(NETLINK_ROUTE), *answers = netlink_open(NETLINK_ROUTE);
	struct link_state link = {.index = if_nametoindex("x0")};
	const struct timespec patience = {.tv_sec = WAIT_MS / 1000};
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	assert_int_equal(netlink_join(news, RTNLGRP_LINK), 0);
	assert_int_equal(netlink_wake(news, gettid(), SIGUSR1), 0);
	assert_int_equal(link_state_ask(answers, &link), 0);
	assert_true(link.present && link.up && link.carrier);
	assert_int_equal(link.mtu_bytes, 1500);
	assert_string_equal(link.name, "x0");

	command("ip link set x0 down");
	assert_int_equal(sigtimedwait(&signals, NULL, &patience), SIGUSR1);
	await(news, &link, true, false);
	command("ip link del x0");
	await(news, &link, false, false);
	assert_int_equal(link_state_ask(answers, &link), 0);
	assert_false(link.present);
	netlink_close(news);
	netlink_close(answers);
}

/* ---- Packet sockets ---- */

struct ring {
	int fd;
	unsigned char *map;
	unsigned int next;
};

/* As net_af_packet does it. */
static void open_ring(struct ring *ring, const char *name)
{
	const struct tpacket_req size = {4096, FRAMES / 2, FRAME_BYTES, FRAMES};
	const struct sockaddr_ll address = {.sll_family = AF_PACKET,
					    .sll_protocol = htons(ETH_P_ALL),
					    .sll_ifindex = (int)if_nametoindex(name)};
	int version = TPACKET_V2, on = 1;

	ring->next = 0;
	ring->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	assert_true(ring->fd >= 0);
	setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version));
	setsockopt(ring->fd, SOL_PACKET, PACKET_LOSS, &on, sizeof(on));
	setsockopt(ring->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &size, sizeof(size));
	setsockopt(ring->fd, SOL_PACKET, PACKET_TX_RING, &size, sizeof(size));
	ring->map = mmap(NULL, 2 * RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	assert_ptr_not_equal(ring->map, MAP_FAILED);
	assert_int_equal(bind(ring->fd, (const void *)&address, sizeof(address)), 0);
}

static void close_ring(struct ring *ring)
{
	munmap(ring->map, 2 * RING_BYTES);
	close(ring->fd);
}

static void put(struct ring *ring, uint8_t number)
{
	struct tpacket2_hdr *head =
		(void *)(ring->map + RING_BYTES + (size_t)ring->next * FRAME_BYTES);
	unsigned char *data = (unsigned char *)(head + 1);

	assert_int_equal(head->tp_status, TP_STATUS_AVAILABLE);
	memset(data, 0xff, 60);
	data[12] = 0x88;
	data[13] = 0xb5;
	data[14] = number;
	head->tp_len = head->tp_snaplen = 60;
	__atomic_store_n(&head->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
	ring->next = (ring->next + 1) % FRAMES;
}

static void kick(const struct ring *ring)
{
	send(ring->fd, NULL, 0, MSG_DONTWAIT);
}

/* @return the number of the first of our frames that arrives. */
static int first_arrival(int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};
	unsigned char data[2048];

	while (poll(&one, 1, WAIT_MS) > 0)
		if (recv(fd, data, sizeof(data), MSG_DONTWAIT) >= 60 && data[12] == 0x88 &&
		    data[13] == 0xb5)
			return data[14];
	return -1;
}

static int listen_at(const char *name)
{
	const struct sockaddr_ll address = {.sll_family = AF_PACKET,
					    .sll_protocol = htons(ETH_P_ALL),
					    .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	assert_int_equal(bind(fd, (const void *)&address, sizeof(address)), 0);
	return fd;
}

static void what_an_outage_left_is_thrown_away(void **state)
{
	static const char *const outage[][2] = {
		{"ip link set x0 down", "ip link set x0 up"}, /* down */
		{"ip link set x1 down", "ip link set x1 up"}, /* no carrier */
	};
	struct packet_sockets sockets;
	struct packet_ring layout;
	struct ring ring;
	uint32_t frames;
	int peer;

	open_ring(&ring, "x0");
	packet_ring_of(&layout, NULL);
	assert_int_equal(packet_sockets_find(&sockets, if_nametoindex("x0")), 0);
	assert_int_equal(sockets.count, 1);
	for (size_t i = 0; i < sizeof(outage) / sizeof(outage[0]); i++) {
		command(outage[i][0]);
		for (uint8_t number = 1; number <= 100; number++)
			put(&ring, number);
		kick(&ring);
		command(outage[i][1]);
		peer = listen_at("x1");
		frames = 0;
		assert_int_equal(packet_sockets_discard(&sockets, &layout, &frames), 0);
		assert_int_equal(frames, 100);
		put(&ring, 200);
		kick(&ring);
		assert_int_equal(first_arrival(peer), 200);
		close(peer);
	}
	/* A ring of another size is left alone. */
	packet_ring_of(&layout, "iface=x0,framecnt=256");
	assert_int_equal(packet_sockets_discard(&sockets, &layout, &frames), -EINVAL);
	close_ring(&ring);
}

static void what_does_not_fit_is_counted_once(void **state)
{
	struct packet_sockets sockets;
	struct ring from, to;

	open_ring(&to, "x1");
	open_ring(&from, "x0");
	packet_sockets_find(&sockets, if_nametoindex("x1"));
	assert_int_equal(sockets.count, 1);
	assert_int_equal(packet_sockets_drops(&sockets), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < FRAMES; i++)
			put(&from, 1);
		kick(&from);
	}
	assert_int_equal(packet_sockets_drops(&sockets), 2 * FRAMES);
	assert_int_equal(packet_sockets_drops(&sockets), 2 * FRAMES);
	close_ring(&from);
	close_ring(&to);
}

static void the_layout_follows_the_arguments(void **state)
{
	struct packet_ring ring;

	packet_ring_of(&ring, "iface=b1,framesz=40960,blocksz=81920,framecnt=64");
	assert_int_equal(ring.frame_bytes, 40960);
	assert_int_equal(ring.block_bytes, 81920);
	assert_int_equal(ring.frames, 64);
	assert_int_equal(ring.blocks, 32);
	packet_ring_of(&ring, "framesz=0");
	assert_int_equal(ring.blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_changes_what_it_mentions),
		cmocka_unit_test(other_messages_are_no_news),
		cmocka_unit_test(the_layout_follows_the_arguments),
		cmocka_unit_test_setup_teardown(the_kernel_wakes_and_tells, make_pair, delete_pair),
		cmocka_unit_test_setup_teardown(what_an_outage_left_is_thrown_away, make_pair,
						delete_pair),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_counted_once, make_pair,
						delete_pair),
	};

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return SKIPPED;
	if (system("for i in all default; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; "
		   "done 2>/dev/null; ip link add x0 type veth peer name x1 && ip link del x0") !=
	    0)
		return SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
