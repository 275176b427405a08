/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where two processes of snoopd meet: a name in the abstract namespace of AF_UNIX, which the one
 * that forwards listens at, and its standbys call. It belongs to the network namespace, as the
 * interfaces do. A connection ends with its process, however that ends, and so does the name:
 * nothing stays behind.
 *
 * Anybody may take or call a name, so both ends ask who the other is: root, our own account, or
 * the account that snoopd becomes.
 *
 * Who runs here: the control thread. Messages are datagrams in order (SOCK_SEQPACKET): send(),
 * recv().
 */
#ifndef SNOOPD_RENDEZVOUS_H
#define SNOOPD_RENDEZVOUS_H

#include <sys/types.h>

/** @return a listening descriptor that does not block; -EADDRINUSE: another process has the name.
 */
int rendezvous_listen(const char *name);

/**
 * @param account  beside root and our own that is trusted
 * @param pid      out: whose the name is
 * @return a connection; -ECONNREFUSED: nobody listens; -EPERM: a stranger does; -errno.
 */
int rendezvous_call(const char *name, uid_t account, pid_t *pid);

/** @return a connection that does not block; -EAGAIN: nobody calls; -EPERM: a stranger called. */
int rendezvous_accept(int listener, uid_t account, pid_t *pid);

/** The name was passed to this process by another one: callers shall learn that it is ours. */
void rendezvous_own(int listener);

/** Wait until one of the events of poll(2) is there. Signals, which net_tap uses for its own ends,
 * do not end the wait. @return 0; -ETIMEDOUT; -errno. */
int rendezvous_wait(int fd, short events, unsigned int limit_ms);

/** Let what arrives at the descriptor end the nap of a thread, by a signal that it awaits. @return
 * 0 or -errno. */
int rendezvous_wake(int fd, pid_t thread, int signal);

#endif
