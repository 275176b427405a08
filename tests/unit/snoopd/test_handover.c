/* SPDX-License-Identifier: BSD-3-Clause */
/* The process that forwards and a standby that this test plays: who is ready, who is refused, and
 * what happens where one falls silent in the middle. The ports are faked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/control/handover.h>
#include <snoopd/control/port_watch.h>
#include <snoopd/kernel/rendezvous.h>

#define MARKS 2500u /* of a port: more than a message holds */

static struct handover handover;
static struct port ports[4];
static char name[HANDOVER_NAME_CHARS];
static int standby;
static int prepared;

void log_write(int level, const char *format, ...)
{
}

uid_t privileges_account(void)
{
	return getuid();
}

void port_switch_prepare(struct port_switch *ports_switch)
{
	prepared = 1;
}

void port_switch_forget(struct port_switch *ports_switch)
{
	prepared = 0;
}

void port_switch_begin(struct port_switch *ports_switch)
{
}

/* Mark n of port p is 1000000 p + n. */
int port_switch_taken(const struct port_switch *ports_switch, uint32_t number,
		      struct frame_marks *marks)
{
	static uint64_t mark[MARKS];

	for (uint32_t i = 0; i < MARKS; i++)
		mark[i] = number * UINT64_C(1000000) + i;
	marks->mark = mark;
	marks->count = MARKS;
	return 0;
}

void frame_marks_free(struct frame_marks *marks)
{
}

/* Two links, of which a standby is told to have the interfaces 11 to 14. */
static int set_up(void **state)
{
	pid_t pid;
	int listener;

	memset(&handover, 0, sizeof(handover));
	for (uint32_t i = 0; i < 4; i++) {
		ports[i].if_index = 11 + i;
		handover.ports_switch.port[i].port = &ports[i];
	}
	handover.ports_switch.count = 4;
	snprintf(name, sizeof(name), "snoopd/test/%d", getpid());
	listener = rendezvous_listen(name);
	handover_start(&handover, listener);
	standby = rendezvous_call(name, getuid(), &pid);
	prepared = 0;
	return listener >= 0 && standby >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	for (int i = 0; i < HANDOVER_STANDBYS_MAX; i++)
		if (handover.peer[i].connection >= 0)
			close(handover.peer[i].connection);
	close(handover.listener);
	return standby >= 0 ? close(standby) : 0;
}

static void say_ready(uint32_t late, uint32_t count, uint64_t first)
{
	struct handover_message message = {.kind = HANDOVER_READY, .late = late, .count = count};

	for (uint32_t i = 0; i < count; i++)
		message.mark[i] = first + i;
	assert_int_equal(handover_send(standby, &message, -1), 0);
	assert_false(handover_look(&handover));
}

/* @return whether the other end has closed the connection. */
static bool is_refused(void)
{
	struct handover_message message;

	return handover_receive(standby, &message, NULL) == 0;
}

static void one_with_the_same_interfaces_is_ready(void **state)
{
	say_ready(0, 4, 11);
	assert_int_equal(handover_ready(&handover), 1);
	assert_true(prepared);
	assert_false(is_refused());
}

static void one_with_others_is_refused(void **state)
{
	say_ready(0, 4, 12);
	assert_int_equal(handover_ready(&handover), 0);
	assert_true(is_refused());
}

static void one_with_fewer_links_is_refused(void **state)
{
	say_ready(0, 2, 11);
	assert_int_equal(handover_ready(&handover), 0);
	assert_true(is_refused());
}

static void one_that_opens_its_ports_later_may_have_any(void **state)
{
	say_ready(1, 0, 0);
	assert_int_equal(handover_ready(&handover), 1);
	assert_false(prepared);
}

static void messages_out_of_bounds_are_refused(void **state)
{
	static const struct handover_message bad[] = {
		{.magic = HANDOVER_MAGIC - 1},
		{.magic = HANDOVER_MAGIC, .count = HANDOVER_MARKS_MAX + 1},
		{.magic = HANDOVER_MAGIC, .count = 2},
		{.magic = HANDOVER_MAGIC, .port = PORT_SWITCH_PORTS_MAX},
	};
	size_t head = offsetof(struct handover_message, mark);
	struct handover_message heard;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(send(pair[0], &bad[i], head, 0), head);
		assert_int_equal(handover_receive(pair[1], &heard, NULL), -EPROTO);
	}
	assert_int_equal(send(pair[0], &bad[2], 3, 0), 3);
	assert_int_equal(handover_receive(pair[1], &heard, NULL), -EPROTO);
	assert_int_equal(handover_receive(pair[1], &heard, NULL), -EAGAIN);
	close(pair[0]);
	assert_int_equal(handover_receive(pair[1], &heard, NULL), 0);
	close(pair[1]);
}

static void next(struct handover_message *message, enum handover_kind kind, int *listener)
{
	int result;

	do
		result = handover_receive(standby, message, listener);
	while (result == -EAGAIN);
	assert_int_equal(result, 1);
	assert_int_equal(message->kind, kind);
}

static void answer(enum handover_kind kind)
{
	struct handover_message message = {.kind = (uint16_t)kind};

	assert_int_equal(handover_send(standby, &message, -1), 0);
}

/* Takes everything, and says that it forwards. */
static void *play_standby(void *argument)
{
	struct handover_message message;
	int listener = -1;

	next(&message, HANDOVER_BEGIN, NULL);
	answer(HANDOVER_OPEN);
	for (uint32_t port = 0; port < 4; port++)
		for (uint32_t heard = 0; heard < MARKS; heard += message.count) {
			next(&message, HANDOVER_MARKS, NULL);
			assert_int_equal(message.port, port);
			assert_int_equal(message.mark[0], port * UINT64_C(1000000) + heard);
		}
	next(&message, HANDOVER_GO, &listener);
	assert_int_equal(message.since_us, 77);
	assert_true(listener >= 0);
	close(listener);
	answer(HANDOVER_FORWARDS);
	return NULL;
}

static void all_ports_of_all_links_are_handed_over(void **state)
{
	struct handover_peer *peer;
	pthread_t thread;

	say_ready(0, 4, 11);
	assert_int_equal(pthread_create(&thread, NULL, play_standby, NULL), 0);
	peer = handover_begin(&handover);
	assert_non_null(peer);
	assert_int_equal(handover_go(&handover, peer, 77), 0);
	pthread_join(thread, NULL);
}

static void one_that_ends_at_the_beginning_is_forgotten(void **state)
{
	say_ready(0, 4, 11);
	close(standby);
	standby = -1;
	assert_null(handover_begin(&handover));
	assert_int_equal(handover_ready(&handover), 0);
	assert_false(prepared);
}

static void one_that_is_refused_learns_it(void **state)
{
	say_ready(0, 4, 11);
	handover_refuse(&handover, &handover.peer[0], "a port cannot be given");
	assert_true(is_refused());
	assert_int_equal(handover_ready(&handover), 0);
}

int main(void)
{
	sigset_t signals;

	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_with_the_same_interfaces_is_ready, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_with_others_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_with_fewer_links_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_opens_its_ports_later_may_have_any, set_up,
						tear_down),
		cmocka_unit_test(messages_out_of_bounds_are_refused),
		cmocka_unit_test_setup_teardown(all_ports_of_all_links_are_handed_over, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_that_ends_at_the_beginning_is_forgotten, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_refused_learns_it, set_up, tear_down),
	};

	/* As the loop does, which they wake. */
	sigemptyset(&signals);
	sigaddset(&signals, CARRIER_SIGNAL);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
