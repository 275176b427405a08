/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/netlink.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <snoopd/kernel/rendezvous.h>

/* The kernel cuts a message that does not fit. The longest are lists of names. */
#define ANSWER_BYTES 32768

struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;
	uint32_t port_id;
	char buffer[ANSWER_BYTES];
};

static int limit_waiting(struct mnl_socket *socket)
{
	const struct timeval wait = {.tv_sec = NETLINK_WAIT_MS / 1000,
				     .tv_usec = NETLINK_WAIT_MS % 1000 * 1000};

	return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

struct netlink *netlink_open(int family)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int error;

	if (netlink == NULL)
		return NULL;
	netlink->socket = mnl_socket_open2(family, SOCK_CLOEXEC);
	if (netlink->socket != NULL && limit_waiting(netlink->socket) == 0 &&
	    mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) == 0) {
		netlink->port_id = mnl_socket_get_portid(netlink->socket);
		return netlink;
	}
	error = errno;
	netlink_close(netlink);
	errno = error;
	return NULL;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink == NULL)
		return;
	if (netlink->socket != NULL)
		mnl_socket_close(netlink->socket);
	free(netlink);
}

/* @return bytes received, or a negative errno value. */
static ssize_t receive(struct netlink *netlink, int flags)
{
	ssize_t bytes;

	do
		bytes = recv(mnl_socket_get_fd(netlink->socket), netlink->buffer,
			     sizeof(netlink->buffer), flags | MSG_TRUNC);
	while (bytes < 0 && errno == EINTR);
	if (bytes < 0)
		return -errno;
	return bytes <= (ssize_t)sizeof(netlink->buffer) ? bytes : -EMSGSIZE;
}

/* Read what a question that was given up has still got as answers. */
static void discard_late_answers(struct netlink *netlink)
{
	while (receive(netlink, MSG_DONTWAIT) >= 0)
		;
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *request, netlink_answer *answer,
		void *context)
{
	int result = MNL_CB_OK;

	discard_late_answers(netlink);
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (result > MNL_CB_STOP) {
		ssize_t bytes = receive(netlink, 0);

		if (bytes < 0)
			return bytes == -EAGAIN ? -ETIMEDOUT : (int)bytes;
		result = mnl_cb_run(netlink->buffer, (size_t)bytes, request->nlmsg_seq,
				    netlink->port_id, answer, context);
	}
	return result < 0 ? -errno : 0;
}

int netlink_join(struct netlink *netlink, uint32_t group)
{
	return setsockopt(mnl_socket_get_fd(netlink->socket), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			  &group, sizeof(group)) == 0
		       ? 0
		       : -errno;
}

int netlink_listen(struct netlink *netlink, netlink_answer *answer, void *context)
{
	int lost = 0;

	for (;;) {
		ssize_t bytes = receive(netlink, MSG_DONTWAIT);

		if (bytes == -EAGAIN)
			return lost;
		if (bytes == -ENOBUFS || bytes == -EMSGSIZE)
			lost = -ENOBUFS;
		else if (bytes < 0)
			return (int)bytes;
		else if (mnl_cb_run(netlink->buffer, (size_t)bytes, 0, 0, answer, context) < 0)
			return -errno;
	}
}

int netlink_wake(struct netlink *netlink, pid_t thread, int signal)
{
	return rendezvous_wake(mnl_socket_get_fd(netlink->socket), thread, signal);
}

/* ---- Generic netlink ---- */

struct family_search {
	const char *group;
	struct netlink_family *family;
};

struct group_search {
	const char *name;
	uint32_t id;
	bool matches;
};

static int read_group(const struct nlattr *attribute, void *context)
{
	struct group_search *search = context;

	if (mnl_attr_get_type(attribute) == CTRL_ATTR_MCAST_GRP_ID &&
	    mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
		search->id = mnl_attr_get_u32(attribute);
	else if (mnl_attr_get_type(attribute) == CTRL_ATTR_MCAST_GRP_NAME &&
		 mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
		search->matches = strcmp(mnl_attr_get_str(attribute), search->name) == 0;
	return MNL_CB_OK;
}

static int read_each_group(const struct nlattr *group, void *context)
{
	const struct family_search *search = context;
	struct group_search found = {.name = search->group};

	if (mnl_attr_parse_nested(group, read_group, &found) >= 0 && found.matches)
		search->family->group = found.id;
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attribute, void *context)
{
	const struct family_search *search = context;

	if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attribute, MNL_TYPE_U16) >= 0)
		search->family->id = mnl_attr_get_u16(attribute);
	else if (mnl_attr_get_type(attribute) == CTRL_ATTR_MCAST_GROUPS && search->group != NULL)
		mnl_attr_parse_nested(attribute, read_each_group, context);
	return MNL_CB_OK;
}

static int read_family(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), read_attribute, context);
}

struct nlmsghdr *netlink_generic_request(void *buffer, uint16_t family, uint8_t command,
					 uint8_t version)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));

	request->nlmsg_type = family;
	generic->cmd = command;
	generic->version = version;
	return request;
}

int netlink_find_family(struct netlink *netlink, const char *name, const char *group,
			struct netlink_family *family)
{
	char buffer[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *request =
		netlink_generic_request(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	struct family_search search = {.group = group, .family = family};
	int result;

	memset(family, 0, sizeof(*family));
	if (!mnl_attr_put_strz_check(request, sizeof(buffer), CTRL_ATTR_FAMILY_NAME, name))
		return -EINVAL;
	result = netlink_ask(netlink, request, read_family, &search);
	return result != 0 ? result : family->id != 0 ? 0 : -ENOENT;
}
