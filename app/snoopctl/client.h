/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The client side of DPDK's telemetry socket, version 2: one SOCK_SEQPACKET message per command and
 * per reply, JSON in the reply. Every wait is bounded.
 */
#ifndef SNOOPCTL_CLIENT_H
#define SNOOPCTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define CLIENT_ERROR_BYTES 800

struct client {
	int fd;
	const char *path;		/* of the socket; the caller's */
	const char *link;		/* that commands are about, NULL = the only one */
	char *reply;			/* buffer of reply_bytes */
	unsigned int timeout_ms;	/* longest wait for a message */
	bool refused;			/* the failure is snoopd's answer, not one of the socket */
	size_t reply_bytes;		/* what the server said it sends at most */
	char error[CLIENT_ERROR_BYTES]; /* one line after a failure: which socket, what, what to do
					 */
};

/**
 * Where a DPDK process of this user with that --file-prefix has its socket (EAL's rules:
 * $RUNTIME_DIRECTORY, else /var/run for root, else $XDG_RUNTIME_DIR, else /tmp).
 *
 * @return 0, or -1 if it does not fit.
 */
int client_default_path(const char *file_prefix, char *path, size_t path_bytes);

/**
 * Connect and read the greeting.
 *
 * @param path        has to stay valid until client_close()
 * @param timeout_ms  longest wait for each message
 * @return 0, or -1 with a line in client->error; client_close() is allowed in both cases.
 */
int client_open(struct client *client, const char *path, unsigned int timeout_ms);

/**
 * Send a command with its parameters and wait for the reply.
 *
 * @return what the reply holds under the command's name, to be given back with json_decref(); NULL
 *         with a line in client->error.
 */
json_t *client_ask(struct client *client, const char *command);

/** Put a line into client->error: the reply to the command was understood, but is not what it
 * should be. */
void client_refuse(struct client *client, const char *command, const char *what);

/** Connect again, after a failure or a message that came too late. @return as client_open(). */
int client_reopen(struct client *client);

void client_close(struct client *client);

#endif
