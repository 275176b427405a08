/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The room kernel: what the kernel says of the network interfaces behind ports, and what it is told
 * about them. The control thread runs here, at the start and between packets; no worker does,
 * because every question is a system call. A question may wait for the kernel's lock on its network
 * interfaces, which a driver holds while it resets one. The room may touch sockets and files of the
 * process. It includes no header of DPDK and may call base; bringup and control call it.
 *
 * This file: netlink, by libmnl. A socket either asks and gets answers, or listens to a group.
 * Reading needs no capability, so all of this works after root is given up; it needs AF_NETLINK in
 * RestrictAddressFamilies of the service.
 */
#ifndef SNOOPD_NETLINK_H
#define SNOOPD_NETLINK_H

#include <stdint.h>
#include <sys/types.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

/* How long an answer may take. The kernel answers within the system call, so this is a net. */
#define NETLINK_WAIT_MS 1000

/* Room for a request: a question has a name and a few numbers. */
#define NETLINK_REQUEST_BYTES 512

struct netlink;

/** @return a message to look at; the callback returns MNL_CB_OK, or MNL_CB_ERROR with errno set. */
typedef int netlink_answer(const struct nlmsghdr *message, void *context);

/**
 * @param family  NETLINK_ROUTE, NETLINK_GENERIC, ...
 * @return a socket for netlink_close(), or NULL with errno set.
 */
struct netlink *netlink_open(int family);

/** @param netlink  may be NULL */
void netlink_close(struct netlink *netlink);

/**
 * Ask, and call back with each message of the answer until it is complete.
 *
 * @param request  in a buffer of NETLINK_REQUEST_BYTES: type, flags (NLM_F_DUMP for lists) and
 *                 payload are set, the rest is filled in here
 * @return 0, or a negative errno value: the kernel's, the callback's, -ETIMEDOUT.
 */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *request, netlink_answer *answer,
		void *context);

/** Listen to a multicast group, on a socket that asks nothing. @return 0 or -errno. */
int netlink_join(struct netlink *netlink, uint32_t group);

/**
 * Call back with what was said since the last call, without waiting.
 *
 * @return 0; -ENOBUFS if something was lost, so that everything has to be asked anew; -errno.
 */
int netlink_listen(struct netlink *netlink, netlink_answer *answer, void *context);

/**
 * Let what is said on a socket that listens end the nap of a thread, by a signal that it awaits.
 *
 * @param thread  of gettid(). @return 0 or -errno.
 */
int netlink_wake(struct netlink *netlink, pid_t thread, int signal);

/* ---- Generic netlink ---- */

struct netlink_family {
	uint16_t id;
	uint32_t group; /* of the name that was asked for, 0 = the family has none of it */
};

/**
 * Find a family by name, on a socket of NETLINK_GENERIC.
 *
 * @param group  name of one of its multicast groups, or NULL
 * @return 0, or -ENOENT if the kernel has no such family, or -errno.
 */
int netlink_find_family(struct netlink *netlink, const char *name, const char *group,
			struct netlink_family *family);

/** Begin a request in a buffer of NETLINK_REQUEST_BYTES. */
struct nlmsghdr *netlink_generic_request(void *buffer, uint16_t family, uint8_t command,
					 uint8_t version);

#endif
