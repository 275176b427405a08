/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A standby: everything is open and made, beside the process that forwards, and waits until that
 * one hands over (handover.h) or ends, however it ends.
 *
 * Who runs here: the control thread, before the workers run.
 */
#ifndef SNOOPD_STANDBY_H
#define SNOOPD_STANDBY_H

#include <stdbool.h>
#include <sys/types.h>

#include <snoopd/bringup/ports.h>
#include <snoopd/control/handover.h>

struct standby {
	bool takes_over;    /* do not wait: ask */
	bool late;	    /* the ports are made when the other process has closed them */
	const char *prefix; /* of the process that came first */
	char name[HANDOVER_NAME_CHARS]; /* where the one that forwards listens */
	int connection;			/* to it, -1 = none: this process is no standby */
	pid_t pid;			/* of it */
	int listener;			/* the name, once this process forwards; -1 = not (yet) */
	uint32_t twice;			/* frames that it had forwarded, and this one threw away */
	uint64_t announced_us;		/* when this process told the other one that it is ready */
	uint64_t begun_us;    /* since when nobody forwards, as far as is known; 0 = not yet */
	uint64_t forwards_us; /* since when this process does */
	struct port_switch ports_switch;
	bool handed; /* by order, or it ended without */
};

enum standby_end {
	STANDBY_FORWARDS,
	STANDBY_STOPPED, /* by a signal; the other process goes on */
	STANDBY_FAILED,	 /* after one line on stderr */
};

/**
 * Before the EAL starts. Take the name of the prefix, or call the process that has it.
 *
 * @param may_wait  --standby: where another process has the name, wait for its end
 * @return 0, or -1 after one line on stderr. A name that cannot be had is only warned of.
 */
int standby_join(struct standby *standby, const char *prefix, bool may_wait, bool takes_over);

/** Before the ports are looked for, the same for one that is late: wait, then make them. */
enum standby_end standby_wait_late(struct standby *standby);

/** Wait; meanwhile the ports hear nothing. For a process that is no standby, or has waited: go on
 * at once. The ports are in standby->ports_switch. */
enum standby_end standby_wait(struct standby *standby);

/** The workers have been launched: tell the other process. */
void standby_forwards(struct standby *standby);

/** The workers run: wait until the other process is gone, and take the name of its telemetry
 * socket. @return whether its claims on the interfaces are free now. */
bool standby_settle(struct standby *standby);

#endif
