/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/loop.h>

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/apply.h>
#include <snoopd/control/handover.h>
#include <snoopd/control/link.h>
#include <snoopd/control/port_watch.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/datapath/totals.h>

#define NAP_US 250000u	   /* how often the thread wakes up when nothing happens */
#define NAP_TEST_US 10000u /* the same with --exit-when-idle */

static void fill_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, CARRIER_SIGNAL);
}

void loop_block_signals(void)
{
	sigset_t signals;

	fill_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* A log pipe or a telemetry client that is gone must not take the wire with it. */
	signal(SIGPIPE, SIG_IGN);
}

static uint64_t received_packets(const struct supervisor *supervisor)
{
	struct counters sum;

	totals_sum_all(&sum, supervisor->workers, supervisor->health.count);
	return sum.rx_wired_packets + sum.rx_wireless_packets;
}

int loop_open_signals(void)
{
	sigset_t signals;

	fill_signals(&signals);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void log_stop(int number)
{
	log_line("event=stop signal=%s", number == SIGINT ? "SIGINT" : "SIGTERM");
}

bool loop_ends_by(int signals)
{
	struct signalfd_siginfo signal;

	while (read(signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
		if (signal.ssi_signo == SIGINT || signal.ssi_signo == SIGTERM) {
			log_stop((int)signal.ssi_signo);
			return true;
		}
		if (signal.ssi_signo == SIGHUP)
			log_warning("event=reload message=\"a standby keeps the configuration of "
				    "its start: start it anew\"");
	}
	return false;
}

/* @return true if it was a signal to stop. */
static bool obey_signal(struct links *links, int number)
{
	char line[APPLY_LINE_CHARS];

	if (number == CARRIER_SIGNAL)
		return false; /* It ended the nap: the next tick looks at the carriers. */
	if (number == SIGHUP) {
		apply_reload(links, line, sizeof(line)); /* logs the result */
		return false;
	}
	log_stop(number);
	return true;
}

enum loop_end loop_run(struct links *links, struct supervisor *supervisor,
		       struct handover *handover, uint64_t exit_when_idle_us)
{
	uint64_t nap_us = exit_when_idle_us != 0 ? NAP_TEST_US : NAP_US;
	const struct timespec nap = {.tv_nsec = (long)nap_us * 1000};
	uint64_t now_us = clock_monotonic_us(), active_us = now_us, received = 0;
	sigset_t signals;
	int number;

	fill_signals(&signals);
	for (;;) {
		number = sigtimedwait(&signals, NULL, &nap);
		if (number > 0 && obey_signal(links, number))
			return LOOP_STOPPED;
		if (handover_look(handover))
			return LOOP_ASKED;
		__atomic_store_n(&supervisor->standbys, handover_ready(handover), __ATOMIC_RELAXED);
		now_us = clock_monotonic_us();
		if (!supervisor_tick(supervisor, now_us))
			return LOOP_PORT_LOST;
		if (exit_when_idle_us == 0)
			continue;
		if (received_packets(supervisor) != received) {
			received = received_packets(supervisor);
			active_us = now_us;
		} else if (now_us - active_us >= exit_when_idle_us) {
			return LOOP_STOPPED;
		}
	}
}
