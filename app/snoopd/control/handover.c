/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/handover.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/port_switch.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/control/port_watch.h>
#include <snoopd/kernel/rendezvous.h>

/* A standby that does not answer by then has no CPU, or stands still. */
#define ANSWER_TIMEOUT_MS 1000

/* ---- Messages ---- */

union passing {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int handover_send(int connection, struct handover_message *message, int fd_to_pass)
{
	size_t bytes =
		offsetof(struct handover_message, mark) + message->count * sizeof(message->mark[0]);
	struct iovec part = {.iov_base = message, .iov_len = bytes};
	union passing passing = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS}};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	message->magic = HANDOVER_MAGIC;
	if (fd_to_pass >= 0) {
		memcpy(CMSG_DATA(&passing.header), &fd_to_pass, sizeof(fd_to_pass));
		header.msg_control = &passing;
		header.msg_controllen = sizeof(passing);
	}
	return sendmsg(connection, &header, MSG_NOSIGNAL) == (ssize_t)bytes ? 0 : -errno;
}

int handover_receive(int connection, struct handover_message *message, int *passed)
{
	struct iovec part = {.iov_base = message, .iov_len = sizeof(*message)};
	union passing passing;
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &passing,
				.msg_controllen = passed != NULL ? sizeof(passing) : 0};
	ssize_t bytes = recvmsg(connection, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *control;

	if (bytes <= 0)
		return bytes == 0 || errno == ECONNRESET ? 0 : -errno;
	if (passed != NULL) {
		control = CMSG_FIRSTHDR(&header);
		*passed = -1;
		if (control != NULL && control->cmsg_type == SCM_RIGHTS &&
		    control->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(passed, CMSG_DATA(control), sizeof(*passed));
	}
	if (bytes < (ssize_t)offsetof(struct handover_message, mark) ||
	    message->magic != HANDOVER_MAGIC || message->count > HANDOVER_MARKS_MAX ||
	    message->port >= PORT_SWITCH_PORTS_MAX ||
	    bytes != (ssize_t)(offsetof(struct handover_message, mark) +
			       message->count * sizeof(message->mark[0])))
		return -EPROTO;
	return 1;
}

/* ---- Who waits ---- */

void handover_name(char name[HANDOVER_NAME_CHARS], const char *prefix)
{
	snprintf(name, HANDOVER_NAME_CHARS, "snoopd/standby/%s", prefix);
}

void handover_interfaces(struct handover_message *message, const struct port_switch *ports_switch)
{
	message->count = ports_switch->count;
	for (uint32_t i = 0; i < ports_switch->count; i++)
		message->mark[i] = ports_switch->port[i].port->if_index;
}

/* One that opens its ports later may have others. */
static bool has_our_ports(const struct handover *handover, const struct handover_message *message)
{
	struct handover_message ours;

	if (message->late)
		return true;
	handover_interfaces(&ours, &handover->ports_switch);
	return message->count == ours.count &&
	       memcmp(message->mark, ours.mark, ours.count * sizeof(ours.mark[0])) == 0;
}

void handover_start(struct handover *handover, int listener)
{
	handover->listener = listener;
	for (int i = 0; i < HANDOVER_STANDBYS_MAX; i++)
		handover->peer[i] = (struct handover_peer){.connection = -1};
	if (listener >= 0)
		rendezvous_wake(listener, gettid(), CARRIER_SIGNAL);
}

/* Without a standby frames need no times, which cost a little. */
static void prepare_if_needed(struct handover *handover)
{
	bool needed = false;

	for (int i = 0; i < HANDOVER_STANDBYS_MAX; i++)
		needed |= handover->peer[i].ready && !handover->peer[i].late;
	if (needed)
		port_switch_prepare(&handover->ports_switch);
	else
		port_switch_forget(&handover->ports_switch);
}

static void forget(struct handover *handover, struct handover_peer *peer, const char *why)
{
	log_warning("event=standby pid=%d state=gone message=\"%s\"", peer->pid, why);
	close(peer->connection);
	*peer = (struct handover_peer){.connection = -1};
	prepare_if_needed(handover);
}

uint32_t handover_ready(const struct handover *handover)
{
	uint32_t count = 0;

	for (int i = 0; i < HANDOVER_STANDBYS_MAX && handover->listener >= 0; i++)
		count += handover->peer[i].ready;
	return count;
}

void handover_refuse(struct handover *handover, struct handover_peer *peer, const char *why)
{
	forget(handover, peer, why);
}

static void accept_one(struct handover *handover, struct handover_peer *peer)
{
	peer->connection = rendezvous_accept(handover->listener, privileges_account(), &peer->pid);
	if (peer->connection < 0)
		peer->connection = -1;
	else
		rendezvous_wake(peer->connection, gettid(), CARRIER_SIGNAL);
}

static void enter(struct handover *handover, struct handover_peer *peer,
		  const struct handover_message *message)
{
	if (!has_our_ports(handover, message)) {
		forget(handover, peer,
		       "its links have other interfaces, or another order: it may "
		       "start when this process has ended");
		return;
	}
	peer->ready = true;
	peer->late = message->late != 0;
	peer->asks = message->kind == HANDOVER_TAKE_OVER;
	log_line("event=standby pid=%d state=ready", peer->pid);
	if (peer->asks)
		log_line("event=handover pid=%d state=asked", peer->pid);
	prepare_if_needed(handover);
}

static void hear(struct handover *handover, struct handover_peer *peer)
{
	struct handover_message message;
	int result = handover_receive(peer->connection, &message, NULL);

	if (result == -EAGAIN)
		return;
	if (result == 0) {
		forget(handover, peer,
		       "it has ended: nobody takes over from this process if it "
		       "was the only one");
	} else if (result < 0) {
		forget(handover, peer,
		       result == -EPROTO ? "it is of another version: it may "
					   "start when this process has ended"
					 : strerror(-result));
	} else if (message.kind == HANDOVER_READY || message.kind == HANDOVER_TAKE_OVER) {
		enter(handover, peer, &message);
	}
}

bool handover_look(struct handover *handover)
{
	bool asked = false;

	for (int i = 0; i < HANDOVER_STANDBYS_MAX && handover->listener >= 0; i++) {
		struct handover_peer *peer = &handover->peer[i];

		if (peer->connection < 0)
			accept_one(handover, peer);
		if (peer->connection >= 0)
			hear(handover, peer);
		asked |= peer->asks;
	}
	return asked;
}

/* ---- Hand over ---- */

static struct handover_peer *choose(struct handover *handover)
{
	struct handover_peer *chosen = NULL;

	for (int i = 0; i < HANDOVER_STANDBYS_MAX; i++) {
		struct handover_peer *peer = &handover->peer[i];

		if (peer->ready && (chosen == NULL || (peer->asks && !chosen->asks)))
			chosen = peer;
	}
	return chosen;
}

static int wait_for(const struct handover_peer *peer, enum handover_kind kind)
{
	struct handover_message message;
	int result;

	do {
		result = rendezvous_wait(peer->connection, POLLIN, ANSWER_TIMEOUT_MS);
		if (result != 0)
			return result;
		result = handover_receive(peer->connection, &message, NULL);
		if (result <= 0)
			return result == 0 ? -EPIPE : result;
	} while (message.kind != kind);
	return 0;
}

struct handover_peer *handover_begin(struct handover *handover)
{
	struct handover_message message = {.kind = HANDOVER_BEGIN};
	struct handover_peer *peer;
	int result;

	handover_look(handover);
	while ((peer = choose(handover)) != NULL) {
		port_switch_begin(&handover->ports_switch);
		result = handover_send(peer->connection, &message, -1);
		if (result == 0)
			result = wait_for(peer, HANDOVER_OPEN);
		if (result == 0)
			return peer;
		forget(handover, peer, strerror(-result));
	}
	return NULL;
}

static int send_marks(const struct handover_peer *peer, uint32_t number,
		      const struct frame_marks *marks)
{
	struct handover_message message = {.kind = HANDOVER_MARKS, .port = (uint16_t)number};
	int result = 0;

	for (uint32_t at = 0; at < marks->count && result == 0; at += message.count) {
		message.count = RTE_MIN(marks->count - at, (uint32_t)HANDOVER_MARKS_MAX);
		memcpy(message.mark, marks->mark + at, message.count * sizeof(message.mark[0]));
		result = handover_send(peer->connection, &message, -1);
		if (result == -EAGAIN &&
		    rendezvous_wait(peer->connection, POLLOUT, ANSWER_TIMEOUT_MS) == 0)
			result = handover_send(peer->connection, &message, -1);
	}
	return result;
}

int handover_go(struct handover *handover, struct handover_peer *peer, uint64_t since_us)
{
	struct handover_message go = {.kind = HANDOVER_GO, .since_us = since_us};
	int result = 0;

	for (uint32_t i = 0; i < handover->ports_switch.count && result == 0 && !peer->late; i++) {
		struct frame_marks marks = {0};

		result = port_switch_taken(&handover->ports_switch, i, &marks);
		if (result == 0)
			result = send_marks(peer, i, &marks);
		frame_marks_free(&marks);
	}
	if (result == 0)
		result = handover_send(peer->connection, &go, handover->listener);
	if (result == 0)
		result = wait_for(peer, HANDOVER_FORWARDS);
	if (result == 0)
		return 0;
	log_error("event=handover pid=%d state=failed message=\"%s\"", peer->pid,
		  strerror(-result));
	return -1;
}
