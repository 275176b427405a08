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

#include <snoopd/kernel/interface.h>
#include <snoopd/kernel/netlink.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_question_has_its_answers),
		cmocka_unit_test(test_families_by_name),
		cmocka_unit_test(test_a_listener_does_not_wait),
		cmocka_unit_test(test_the_interface_behind_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
