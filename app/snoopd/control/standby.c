/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/standby.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/late_ports.h>
#include <snoopd/bringup/memory.h>
#include <snoopd/bringup/port_switch.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/bringup/rundir.h>
#include <snoopd/control/loop.h>
#include <snoopd/control/systemd.h>
#include <snoopd/kernel/rendezvous.h>

#define NAP_MS 1000   /* at most: systemd wants to hear of us */
#define CALLS_MAX 100 /* from one end to the next process that listens */
#define CALL_PAUSE_US 1000
#define END_TIMEOUT_MS 5000
#define REFUSED_US CLOCK_US_PER_S /* who closes the connection so soon, and runs on, refuses us */
/* A frame that comes while the filter of the socket changes is either in the ring by then, or the
 * process that forwards has heard it. */
#define SETTLE_US 2000

/* ---- Before the EAL ---- */

/* @return 0 with the name or a connection, or -errno. */
static int listen_or_call(struct standby *standby)
{
	for (int i = 0; i < CALLS_MAX; i++) {
		standby->listener = rendezvous_listen(standby->name);
		if (standby->listener != -EADDRINUSE)
			return standby->listener >= 0 ? 0 : standby->listener;
		standby->connection =
			rendezvous_call(standby->name, privileges_account(), &standby->pid);
		if (standby->connection != -ECONNREFUSED && standby->connection != -EAGAIN)
			return standby->connection >= 0 ? 0 : standby->connection;
		usleep(CALL_PAUSE_US); /* it has just ended, or does not listen yet */
	}
	return -EADDRINUSE;
}

int standby_join(struct standby *standby, const char *prefix, bool may_wait, bool takes_over)
{
	int result;

	*standby = (struct standby){.prefix = prefix, .takes_over = takes_over};
	standby->connection = standby->listener = -1;
	handover_name(standby->name, prefix);
	result = may_wait ? listen_or_call(standby) : rendezvous_listen(standby->name);
	if (!may_wait && result >= 0)
		standby->listener = result;
	if (result >= 0)
		return 0;
	standby->connection = standby->listener = -1;
	if (may_wait && result == -EPERM) {
		log_error("--standby: the name of file prefix %s is taken by an account that is "
			  "not ours",
			  prefix);
		return -1;
	}
	log_warning("event=standby message=\"no standby can wait for this process: the name of "
		    "file prefix %s cannot be had: %s\"",
		    prefix, strerror(-result));
	return 0;
}

/* ---- Wait ---- */

struct waiting {
	struct standby *standby;
	struct frame_marks marks[PORT_SWITCH_PORTS_MAX];
};

static int open_ports(struct waiting *waiting)
{
	waiting->standby->begun_us = clock_monotonic_us();
	return waiting->standby->late ? 0 : port_switch_open(&waiting->standby->ports_switch);
}

static int tell(const struct standby *standby, enum handover_kind kind)
{
	struct handover_message message = {.kind = (uint16_t)kind, .late = standby->late};

	if (kind == HANDOVER_READY || kind == HANDOVER_TAKE_OVER)
		handover_interfaces(&message, &standby->ports_switch);
	return handover_send(standby->connection, &message, -1);
}

static void announce(struct standby *standby)
{
	standby->announced_us = clock_monotonic_us();
	log_line("event=standby state=waiting for_pid=%d", standby->pid);
	systemd_status("standby");
	systemd_ready();
	tell(standby, standby->takes_over ? HANDOVER_TAKE_OVER : HANDOVER_READY);
}

/*
 * Another process forwards. @return whether the wait is over: what has asked to take over, or has
 * opened its ports for a while, cannot go on waiting.
 *
 * @param before  whose connection has ended
 */
static bool wait_again(struct standby *standby, pid_t before, enum standby_end *end)
{
	bool refused =
		standby->pid == before && clock_monotonic_us() - standby->announced_us < REFUSED_US;

	if (standby->begun_us != 0 || (refused && standby->takes_over)) {
		log_error(
			"event=standby for_pid=%d message=\"it goes on: it is of another version, "
			"or has other ports, or got no answer in time: see its log\"",
			standby->pid);
		*end = STANDBY_FAILED;
		return true;
	}
	if (refused)
		log_warning("event=standby state=waiting for_pid=%d message=\"it is of another "
			    "version, or has other ports, and hands nothing over: this process "
			    "starts when it ends\"",
			    standby->pid);
	else
		announce(standby);
	return false;
}

/* The connection has ended. @return whether the wait is over. */
static bool succeed(struct waiting *waiting, enum standby_end *end)
{
	struct standby *standby = waiting->standby;
	pid_t pid = standby->pid;
	int result;

	close(standby->connection);
	standby->connection = -1;
	result = listen_or_call(standby);
	if (result == 0 && standby->listener < 0)
		return wait_again(standby, pid, end);
	if (result != 0)
		log_warning("event=standby message=\"no other standby can wait for this process: "
			    "%s\"",
			    strerror(-result));
	standby->pid = pid;
	*end = STANDBY_FORWARDS;
	/* If it ended while it handed over, the ports are open. */
	if (standby->begun_us == 0 && open_ports(waiting) != 0)
		*end = STANDBY_FAILED;
	return true;
}

static int obey(struct waiting *waiting, const struct handover_message *message)
{
	switch (message->kind) {
	case HANDOVER_BEGIN:
		port_switch_begin(&waiting->standby->ports_switch);
		if (open_ports(waiting) != 0)
			return -1;
		usleep(SETTLE_US);
		return tell(waiting->standby, HANDOVER_OPEN);
	case HANDOVER_MARKS:
		return frame_marks_add(&waiting->marks[message->port], message->mark,
				       message->count);
	default:
		return 0;
	}
}

/* Read one message. @return whether the wait is over. */
static bool hear(struct waiting *waiting, enum standby_end *end)
{
	struct standby *standby = waiting->standby;
	struct handover_message message;
	int listener, result;

	result = handover_receive(standby->connection, &message, &listener);
	if (result == -EAGAIN)
		return false;
	if (result <= 0)
		return succeed(waiting, end);
	if (message.kind != HANDOVER_GO) {
		if (obey(waiting, &message) != 0)
			*end = STANDBY_FAILED;
		return *end == STANDBY_FAILED;
	}
	if (!standby->late)
		standby->twice = port_switch_skip(&waiting->standby->ports_switch, waiting->marks);
	standby->begun_us = message.since_us;
	standby->listener = listener;
	standby->handed = true;
	*end = STANDBY_FORWARDS;
	return true;
}

static enum standby_end wait_for_end(struct waiting *waiting)
{
	enum standby_end end = STANDBY_STOPPED;
	int signals = loop_open_signals();

	if (signals < 0) {
		log_error("--standby: signalfd: %s", strerror(errno));
		return STANDBY_FAILED;
	}
	for (;;) {
		struct pollfd wait[] = {
			{.fd = waiting->standby->connection, .events = POLLIN},
			{.fd = signals, .events = POLLIN},
		};

		poll(wait, 2, NAP_MS);
		systemd_alive();
		if (wait[1].revents != 0 && loop_ends_by(signals))
			break;
		if (wait[0].revents != 0 && hear(waiting, &end))
			break;
	}
	close(signals);
	return end;
}

enum standby_end standby_wait(struct standby *standby)
{
	struct waiting waiting = {.standby = standby};
	enum standby_end end;

	if (standby->connection < 0 || standby->late)
		return STANDBY_FORWARDS;
	port_switch_prepare(&standby->ports_switch);
	announce(standby);
	end = wait_for_end(&waiting);
	for (uint32_t i = 0; i < PORT_SWITCH_PORTS_MAX; i++)
		frame_marks_free(&waiting.marks[i]);
	return end;
}

enum standby_end standby_wait_late(struct standby *standby)
{
	struct waiting waiting = {.standby = standby};
	enum standby_end end;

	if (standby->connection < 0 || !standby->late)
		return STANDBY_FORWARDS;
	memory_touch();
	announce(standby);
	end = wait_for_end(&waiting);
	if (end == STANDBY_FORWARDS && late_ports_make() != 0)
		end = STANDBY_FAILED;
	return end;
}

/* ---- Afterwards ---- */

void standby_forwards(struct standby *standby)
{
	standby->forwards_us = clock_monotonic_us();
	if (standby->connection >= 0)
		tell(standby, HANDOVER_FORWARDS);
}

bool standby_settle(struct standby *standby)
{
	if (standby->begun_us == 0)
		return false; /* it was no standby */
	log_line("event=handover from_pid=%d state=taken because=%s gap_us=%" PRIu64
		 " thrown_away=%" PRIu32,
		 standby->pid, standby->handed ? "handed" : "ended",
		 standby->forwards_us - standby->begun_us, standby->twice);
	port_switch_forget(&standby->ports_switch);
	if (standby->connection >= 0) {
		if (rendezvous_wait(standby->connection, POLLIN, END_TIMEOUT_MS) != 0)
			log_warning("event=handover from_pid=%d message=\"it has handed over, but "
				    "does not end\"",
				    standby->pid);
		close(standby->connection);
		standby->connection = -1;
	}
	/* The name belongs to this process from now on, as far as others can tell. */
	if (standby->listener >= 0)
		rendezvous_own(standby->listener);
	rundir_take_name(standby->prefix);
	return true;
}
