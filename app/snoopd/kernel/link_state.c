/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/link_state.h>

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/* <net/if.h> and <linux/if.h> exclude each other. */
#define LOWER_UP (1u << 16)

unsigned int link_state_index(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return 0;
	/* A bridge tells of its ports with a family of its own: leaving one deletes nothing. */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*link) || link->ifi_family != AF_UNSPEC ||
	    link->ifi_index <= 0)
		return 0;
	return (unsigned int)link->ifi_index;
}

static void take_statistics(struct link_state *state, const struct nlattr *attribute)
{
	struct rtnl_link_stats64 sums = {0};
	size_t bytes = mnl_attr_get_payload_len(attribute);

	memcpy(&sums, mnl_attr_get_payload(attribute), bytes < sizeof(sums) ? bytes : sizeof(sums));
	state->rx_dropped = sums.rx_dropped;
	state->rx_missed = sums.rx_missed_errors;
	state->tx_dropped = sums.tx_dropped;
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
	struct link_state *state = context;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(state->name, sizeof(state->name), "%s",
				 mnl_attr_get_str(attribute));
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
			state->mtu_bytes = mnl_attr_get_u32(attribute);
		break;
	case IFLA_STATS64:
		take_statistics(state, attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

void link_state_apply(struct link_state *state, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);

	state->present = message->nlmsg_type == RTM_NEWLINK;
	state->up = state->present && (link->ifi_flags & IFF_UP) != 0;
	state->carrier = state->present && (link->ifi_flags & LOWER_UP) != 0;
	mnl_attr_parse(message, sizeof(*link), take_attribute, state);
}

static int take_answer(const struct nlmsghdr *message, void *context)
{
	struct link_state *state = context;

	if (link_state_index(message) == state->index)
		link_state_apply(state, message);
	return MNL_CB_OK;
}

int link_state_ask(struct netlink *netlink, struct link_state *state)
{
	char buffer[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	int result;

	request->nlmsg_type = RTM_GETLINK;
	link->ifi_index = (int)state->index;
	result = netlink_ask(netlink, request, take_answer, state);
	if (result != -ENODEV)
		return result;
	state->present = state->up = state->carrier = false;
	return 0;
}

/* One line a CPU, numbers in hexadecimal: packets, dropped, ... */
uint64_t link_state_backlog_drops(void)
{
	FILE *file = fopen("/proc/net/softnet_stat", "re");
	uint64_t sum = 0;
	unsigned int dropped;

	if (file == NULL)
		return 0;
	while (fscanf(file, "%*x %x%*[^\n]", &dropped) == 1)
		sum += dropped;
	fclose(file);
	return sum;
}
