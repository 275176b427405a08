/* SPDX-License-Identifier: BSD-3-Clause */
/* Two processes meet at a name: who may have it, who called, and how one learns that the other has
 * gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <snoopd/kernel/rendezvous.h>

#define STRANGER 65533
#define PATIENCE_MS 10000

static char name[64];
static int listener;

static int set_up(void **state)
{
	snprintf(name, sizeof(name), "snoopd/test/%d", getpid());
	listener = rendezvous_listen(name);
	return listener >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	return close(listener);
}

static void nobody_listens(void **state)
{
	pid_t pid;

	assert_int_equal(rendezvous_call("snoopd/test/nobody", 0, &pid), -ECONNREFUSED);
}

static void a_name_has_one_process(void **state)
{
	assert_int_equal(rendezvous_listen(name), -EADDRINUSE);
}

static void nobody_calls(void **state)
{
	pid_t pid;

	assert_int_equal(rendezvous_accept(listener, 0, &pid), -EAGAIN);
}

static void both_learn_who_the_other_is(void **state)
{
	pid_t called = 0, caller = 0;
	int ours = rendezvous_call(name, 0, &called), theirs;
	char letter = 'a';

	assert_true(ours >= 0);
	theirs = rendezvous_accept(listener, 0, &caller);
	assert_true(theirs >= 0);
	assert_int_equal(called, getpid());
	assert_int_equal(caller, getpid());
	assert_int_equal(recv(theirs, &letter, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(send(ours, "b", 1, 0), 1);
	assert_int_equal(recv(theirs, &letter, 1, 0), 1);
	assert_int_equal(letter, 'b');
	close(ours);
	assert_int_equal(recv(theirs, &letter, 1, 0), 0); /* the other one has gone */
	close(theirs);
}

/* @return the child that calls or takes the name as somebody else, and lives until it is killed.
 */
static pid_t start_stranger(const char *at, bool calls)
{
	int ready[2];
	char letter;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		pid_t pid;
		int fd = -1;

		if (setuid(STRANGER) == 0)
			fd = calls ? rendezvous_call(at, STRANGER, &pid) : rendezvous_listen(at);
		(void)!write(ready[1], fd >= 0 ? "y" : "n", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &letter, 1), 1);
	assert_int_equal(letter, 'y');
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void end_stranger(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_stranger_may_not_call(void **state)
{
	pid_t pid, child;
	int fd;

	if (getuid() != 0)
		skip();
	child = start_stranger(name, true);
	assert_int_equal(rendezvous_accept(listener, 0, &pid), -EPERM);
	end_stranger(child);
	child = start_stranger(name, true);
	fd = rendezvous_accept(listener, STRANGER, &pid); /* the account that snoopd becomes */
	assert_true(fd >= 0);
	assert_int_equal(pid, child);
	close(fd);
	end_stranger(child);
}

static void a_stranger_is_not_called(void **state)
{
	static const char theirs[] = "snoopd/test/stranger";
	pid_t pid, child;
	int fd;

	if (getuid() != 0)
		skip();
	child = start_stranger(theirs, false);
	assert_int_equal(rendezvous_call(theirs, 0, &pid), -EPERM);
	fd = rendezvous_call(theirs, STRANGER, &pid);
	assert_true(fd >= 0);
	assert_int_equal(pid, child);
	close(fd);
	end_stranger(child);
}

/* However a process ends, its connections and its name do. */
static void an_end_is_noticed_and_frees_the_name(void **state)
{
	static const char theirs[] = "snoopd/test/ends";
	struct pollfd wait = {.events = POLLIN};
	pid_t pid, child;
	char letter;
	int fd;

	if (getuid() != 0)
		skip();
	child = start_stranger(theirs, false);
	wait.fd = rendezvous_call(theirs, STRANGER, &pid);
	assert_true(wait.fd >= 0);
	end_stranger(child);
	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
	assert_true(recv(wait.fd, &letter, 1, 0) <= 0);
	close(wait.fd);
	fd = rendezvous_listen(theirs);
	assert_true(fd >= 0);
	close(fd);
}

/* A name that was passed on is its new owner's, as far as a caller can tell. */
static void a_name_that_is_passed_on_has_a_new_owner(void **state)
{
	pid_t child = fork(), called = 0;
	int fd, status;

	assert_true(child >= 0);
	if (child == 0) {
		rendezvous_own(listener);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	fd = rendezvous_call(name, 0, &called);
	assert_true(fd >= 0);
	assert_int_equal(called, child);
	close(fd);
	rendezvous_own(listener);
	fd = rendezvous_call(name, 0, &called);
	assert_true(fd >= 0);
	assert_int_equal(called, getpid());
	close(fd);
	while ((fd = rendezvous_accept(listener, 0, &called)) >= 0)
		close(fd);
}

static void a_call_ends_a_nap(void **state)
{
	const struct timespec patience = {.tv_sec = PATIENCE_MS / 1000};
	sigset_t signals;
	pid_t pid;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	assert_int_equal(rendezvous_wake(listener, gettid(), SIGUSR1), 0);
	fd = rendezvous_call(name, 0, &pid);
	assert_true(fd >= 0);
	assert_int_equal(sigtimedwait(&signals, NULL, &patience), SIGUSR1);
	close(fd);
	assert_int_equal(rendezvous_wake(-1, gettid(), SIGUSR1), -EBADF);
}

static void ignore(int number)
{
}

/* The connection becomes readable only after the signals. */
static void signals_do_not_end_a_wait(void **state)
{
	const struct sigaction action = {.sa_handler = ignore};
	pid_t child, parent = getpid();
	int pair[2];

	assert_int_equal(sigaction(SIGUSR2, &action, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(rendezvous_wait(pair[0], POLLIN, 1), -ETIMEDOUT);
	assert_int_equal(rendezvous_wait(pair[0], POLLOUT, PATIENCE_MS), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (int i = 0; i < 20; i++) {
			kill(parent, SIGUSR2);
			usleep(2000);
		}
		_exit(send(pair[1], "a", 1, 0) != 1);
	}
	assert_int_equal(rendezvous_wait(pair[0], POLLIN, PATIENCE_MS), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_name_has_one_process),
		cmocka_unit_test(nobody_calls),
		cmocka_unit_test(both_learn_who_the_other_is),
		cmocka_unit_test(a_stranger_may_not_call),
		cmocka_unit_test(a_stranger_is_not_called),
		cmocka_unit_test(an_end_is_noticed_and_frees_the_name),
		cmocka_unit_test(a_name_that_is_passed_on_has_a_new_owner),
		cmocka_unit_test(a_call_ends_a_nap),
		cmocka_unit_test(signals_do_not_end_a_wait),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
