/* SPDX-License-Identifier: BSD-3-Clause */
/* The room kernel, asked without any right: the loopback interface and generic netlink's own
 * family. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#include <snoopd/kernel/interface.h>
#include <snoopd/kernel/exclusive.h>
#include <snoopd/kernel/netlink.h>
#include <snoopd/kernel/offloads.h>
#include <snoopd/kernel/outgoing.h>

static int count_link(const struct nlmsghdr *message, void *context)
{
	unsigned int *found = context;

	assert_int_equal(message->nlmsg_type, RTM_NEWLINK);
	found[0]++;
	if (((const struct ifinfomsg *)mnl_nlmsg_get_payload(message))->ifi_flags & IFF_LOOPBACK)
		found[1]++;
	return MNL_CB_OK;
}

static int refuse(const struct nlmsghdr *message, void *context)
{
	errno = EPROTO;
	return MNL_CB_ERROR;
}

static struct nlmsghdr *link_request(char *buffer, uint16_t flags, int index)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = flags;
	link->ifi_index = index;
	return request;
}

static void test_one_question_has_its_answers(void **state)
{
	struct netlink *netlink = netlink_open(NETLINK_ROUTE);
	char buffer[NETLINK_REQUEST_BYTES];
	unsigned int found[2] = {0};
	int lo = (int)if_nametoindex("lo");

	assert_non_null(netlink);
	assert_int_equal(
		netlink_ask(netlink, link_request(buffer, NLM_F_DUMP, 0), count_link, found), 0);
	assert_true(found[0] >= 1);
	assert_int_equal(found[1], 1);
	assert_int_equal(netlink_ask(netlink, link_request(buffer, 0, lo), count_link, found), 0);
	assert_int_equal(found[1], 2);
	assert_int_equal(
		netlink_ask(netlink, link_request(buffer, 0, INT32_MAX), count_link, found),
		-ENODEV);
	/* What is left of an answer that was given up does not answer the next question. */
	assert_int_equal(netlink_ask(netlink, link_request(buffer, 0, lo), refuse, NULL), -EPROTO);
	assert_int_equal(netlink_ask(netlink, link_request(buffer, 0, lo), count_link, found), 0);
	assert_int_equal(found[1], 3);
	netlink_close(netlink);
	netlink_close(NULL);
}

static void test_families_by_name(void **state)
{
	struct netlink *netlink = netlink_open(NETLINK_GENERIC);
	struct netlink_family family;

	assert_non_null(netlink);
	assert_int_equal(netlink_find_family(netlink, "nlctrl", "notify", &family), 0);
	assert_int_equal(family.id, GENL_ID_CTRL);
	assert_int_not_equal(family.group, 0);
	assert_int_equal(netlink_find_family(netlink, "nlctrl", "none of it", &family), 0);
	assert_int_equal(family.group, 0);
	assert_int_equal(netlink_find_family(netlink, "nobody", NULL, &family), -ENOENT);
	netlink_close(netlink);
}

static void test_a_listener_does_not_wait(void **state)
{
	struct netlink *netlink = netlink_open(NETLINK_ROUTE);

	assert_non_null(netlink);
	assert_int_equal(netlink_join(netlink, RTNLGRP_LINK), 0);
	assert_int_equal(netlink_listen(netlink, refuse, NULL), 0);
	netlink_close(netlink);
}

static void test_the_interface_behind_a_port(void **state)
{
	unsigned int lo = if_nametoindex("lo");

	assert_int_equal(interface_behind("net_af_packet", 7, "iface=lo"), 7);
	assert_int_equal(interface_behind("net_virtio_user", 0, "path=/dev/vhost-net,iface=lo"),
			 lo);
	assert_int_equal(interface_behind("net_virtio_user", 0, "iface=lo,queues=1"), lo);
	assert_int_equal(interface_behind("net_virtio_user", 0, "path=/run/vhost.sock"), 0);
	assert_int_equal(interface_behind("net_virtio_user", 0, "iface="), 0);
	assert_int_equal(interface_behind("net_virtio_user", 0, NULL), 0);
	assert_int_equal(interface_behind("net_virtio_user", 0, "otheriface=lo"), 0);
	assert_int_equal(interface_behind("net_virtio_user", 0, "iface=much-too-long-a-name"), 0);
	/* Here it is the path of a socket. */
	assert_int_equal(interface_behind("net_vhost", 0, "iface=lo"), 0);
	assert_int_equal(interface_behind("net_ice", 0, NULL), 0);

	assert_int_equal(interface_path_of("net_ice", 0), INTERFACE_NONE);
	assert_int_equal(interface_path_of("net_af_packet", 0), INTERFACE_NONE);
	assert_int_equal(interface_path_of("net_af_packet", 7), INTERFACE_PACKET);
	assert_int_equal(interface_path_of("net_af_xdp", 7), INTERFACE_XDP);
	assert_int_equal(interface_path_of("net_tap", 7), INTERFACE_TAP);
	assert_int_equal(interface_path_of("mlx5_pci", 7), INTERFACE_BIFURCATED);
}

static void test_one_claim_per_interface(void **state)
{
	/* No interface has this index, so nobody else claims it. */
	unsigned int index = (unsigned int)getpid() | 1u << 30;
	struct exclusive_holder holder;
	int claim = exclusive_claim(index, &holder), other;

	assert_true(claim >= 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(exclusive_claim(index, &holder), -EADDRINUSE);
		exclusive_answer(claim);
	}
	assert_int_equal(holder.pid, getpid());
	assert_int_equal(holder.uid, getuid());
	assert_string_equal(holder.name, "test_kernel");
	other = exclusive_claim(index + 1, &holder);
	assert_true(other >= 0);
	close(other);
	close(claim);
	claim = exclusive_claim(index, &holder);
	assert_true(claim >= 0);
	close(claim);
}

/* Its queue is full: it is no snoopd, which empties it. */
static void test_a_claim_that_never_answers_does_not_count(void **state)
{
	unsigned int index = (unsigned int)getpid() | 1u << 30;
	struct exclusive_holder holder;
	int claim = exclusive_claim(index, &holder);
	int result = -EADDRINUSE;

	for (int i = 0; i < 1000 && result == -EADDRINUSE; i++)
		result = exclusive_claim(index, &holder);
	assert_int_equal(result, -EPERM);
	assert_string_equal(holder.name, "?");
	close(claim);
}

static void test_sets_of_offloads_are_said(void **state)
{
	char text[OFFLOADS_TEXT_CHARS];
	uint32_t all = (1u << OFFLOAD_COUNT) - 1;

	offloads_list(0, text);
	assert_string_equal(text, "");
	offloads_list(OFFLOAD_BIT(GRO) | OFFLOAD_BIT(GRO_HW), text);
	assert_string_equal(text, "gro, rx-gro-hw");
	offloads_command(OFFLOAD_BIT(VLAN), "b0", text);
	assert_string_equal(text, "ethtool -K b0 rxvlan off");
	offloads_command(all, "fifteen-letters", text);
	assert_string_equal(text,
			    "ethtool -K fifteen-letters gro off lro off rx-gro-hw off rxvlan off "
			    "rx-vlan-stag-hw-parse off rx-fcs off");
	assert_int_equal(offloads_harmful(INTERFACE_PACKET), OFFLOAD_BIT(GRO) | OFFLOAD_BIT(LRO) |
								     OFFLOAD_BIT(GRO_HW) |
								     OFFLOAD_BIT(FCS));
	assert_int_equal(offloads_harmful(INTERFACE_XDP),
			 OFFLOAD_BIT(VLAN) | OFFLOAD_BIT(VLAN_STAG) | OFFLOAD_BIT(FCS));
	assert_int_equal(offloads_harmful(INTERFACE_TAP), 0);
	assert_int_equal(offloads_harmful(INTERFACE_BIFURCATED), 0);
	assert_int_equal(offloads_harmful(INTERFACE_NONE), 0);
	assert_non_null(strstr(offloads_harm(OFFLOAD_BIT(GRO) | OFFLOAD_BIT(FCS)), "merged"));
	assert_non_null(strstr(offloads_harm(OFFLOAD_BIT(VLAN)), "VLAN tags"));
	assert_non_null(strstr(offloads_harm(OFFLOAD_BIT(FCS)), "checksum"));
}

static void test_the_offloads_of_the_loopback_are_read(void **state)
{
	struct netlink *netlink = netlink_open(NETLINK_GENERIC);
	struct netlink_family family;
	struct offloads offloads;

	assert_non_null(netlink);
	if (offloads_family(netlink, &family) == -ENOENT)
		skip(); /* Linux before 5.6 */
	assert_int_not_equal(family.group, 0);
	assert_int_equal(offloads_read(netlink, family.id, if_nametoindex("lo"), &offloads), 0);
	/* GRO is on wherever nobody switched it off, and the loopback has no card. */
	assert_int_equal(offloads.on & (OFFLOAD_BIT(GRO_HW) | OFFLOAD_BIT(FCS)), 0);
	assert_int_equal(offloads.fixed & OFFLOAD_BIT(GRO), 0);
	assert_int_equal(offloads_read(netlink, family.id, INT32_MAX, &offloads), -ENODEV);
	netlink_close(netlink);
}

static void test_a_process_without_packet_sockets_filters_none(void **state)
{
	assert_int_equal(outgoing_ignore(if_nametoindex("lo")), 0);
	assert_true(outgoing_expected("lo")); /* 127.0.0.1 */
	assert_false(outgoing_expected("no-such-thing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_question_has_its_answers),
		cmocka_unit_test(test_families_by_name),
		cmocka_unit_test(test_a_listener_does_not_wait),
		cmocka_unit_test(test_the_interface_behind_a_port),
		cmocka_unit_test(test_one_claim_per_interface),
		cmocka_unit_test(test_a_claim_that_never_answers_does_not_count),
		cmocka_unit_test(test_sets_of_offloads_are_said),
		cmocka_unit_test(test_the_offloads_of_the_loopback_are_read),
		cmocka_unit_test(test_a_process_without_packet_sockets_filters_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
