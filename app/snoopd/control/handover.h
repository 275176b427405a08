/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The process that forwards, towards its standbys (standby.h): who waits, and how the ports pass to
 * one of them without a lost frame. Order and meaning of the messages:
 *
 *	standby                            forwarding
 *	READY, or TAKE_OVER       ->
 *	                          <-       BEGIN
 *	(hears everything)
 *	OPEN                      ->
 *	                                   (hears nothing more, forwards what it has, stops)
 *	                          <-       MARKS ... of what it has forwarded
 *	                          <-       GO, with the listening socket of the name
 *	FORWARDS                  ->
 *	                                   (ends, and with it the connection)
 *
 * A standby that is late cannot open the ports beside another process: there is no BEGIN, OPEN and
 * MARKS, and the ports are closed before GO.
 *
 * Nobody closes a connection before: its end says that the process has let go of everything.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_HANDOVER_H
#define SNOOPD_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <snoopd/bringup/port_switch.h>

#define HANDOVER_NAME_CHARS 96
#define HANDOVER_STANDBYS_MAX 4
#define HANDOVER_MARKS_MAX 1000

/* "snp" and the version of all this. Others are refused: their standby starts when we have ended.
 */
#define HANDOVER_MAGIC 0x736e7002u

enum handover_kind {
	HANDOVER_READY,
	HANDOVER_TAKE_OVER,
	HANDOVER_BEGIN,
	HANDOVER_OPEN,
	HANDOVER_MARKS,
	HANDOVER_GO,
	HANDOVER_FORWARDS,
};

struct handover_message {
	uint32_t magic;
	uint16_t kind; /* enum handover_kind */
	uint16_t port; /* MARKS: number in struct port_switch */
	uint32_t count;
	uint32_t late;			   /* READY, TAKE_OVER: see below */
	uint64_t since_us;		   /* GO: since when nobody forwards, CLOCK_MONOTONIC */
	uint64_t mark[HANDOVER_MARKS_MAX]; /* READY, TAKE_OVER: the interfaces of all ports */
};

/** @param fd_to_pass  goes with the message, -1 = none. @return 0 or -errno. */
int handover_send(int connection, struct handover_message *message, int fd_to_pass);

/**
 * @param passed  out: the descriptor that came with it, -1 = none; NULL: none is expected
 * @return 1; 0: the other end has gone; -EAGAIN; -EPROTO: it speaks another version; -errno.
 */
int handover_receive(int connection, struct handover_message *message, int *passed);

struct handover_peer {
	int connection; /* -1 = free */
	pid_t pid;
	bool ready, asks, late;
};

struct handover {
	int listener; /* -1 = nobody can wait for our end */
	struct handover_peer peer[HANDOVER_STANDBYS_MAX];
	struct port_switch ports_switch; /* prepared while a standby is there */
};

/** @param prefix  of the process that came first. Writes the name for rendezvous.h. */
void handover_name(char name[HANDOVER_NAME_CHARS], const char *prefix);

/** Write which interfaces the ports have, which both processes must agree on. */
void handover_interfaces(struct handover_message *message, const struct port_switch *ports_switch);

/** The ports are in handover->ports_switch. @param listener  of rendezvous.h, -1 = none */
void handover_start(struct handover *handover, int listener);

/** @return how many standbys are ready. */
uint32_t handover_ready(const struct handover *handover);

/** Look who has come and gone. @return whether one asks to take over now. */
bool handover_look(struct handover *handover);

/** @return the standby that answers, hears what we hear now (unless it is late), and goes on from
 * here; NULL: there is none. */
struct handover_peer *handover_begin(struct handover *handover);

/** It is not to go on from here: this process does. */
void handover_refuse(struct handover *handover, struct handover_peer *peer, const char *why);

/** The workers have stopped: it may forward; wait until it does. @param since_us  when they had
 * sent all. @return 0, or -1 after a line on stderr. */
int handover_go(struct handover *handover, struct handover_peer *peer, uint64_t since_us);

#endif
