/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "dpdk_telemetry.v2"
#define GREETING_BYTES 1024
/* DPDK 22.11 sends at most 16 KiB. The upper bound limits what a server can make us allocate. */
#define REPLY_BYTES_MIN 1024
#define REPLY_BYTES_MAX (16 << 20)
#define OTHERS_MAX 3

#define SYSTEM_DIRECTORY "/var/run" /* of a snoopd that root started */

static const char *runtime_directory(void)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");

	if (directory != NULL && directory[0] != '\0')
		return directory;
	if (getuid() == 0)
		return SYSTEM_DIRECTORY;
	directory = getenv("XDG_RUNTIME_DIR");
	return directory != NULL ? directory : "/tmp";
}

static int socket_path(const char *directory, const char *file_prefix, char *path,
		       size_t path_bytes)
{
	int used = snprintf(path, path_bytes, "%s/dpdk/%s/" SOCKET_NAME, directory, file_prefix);

	return used < 0 || (size_t)used >= path_bytes ? -1 : 0;
}

int client_default_path(const char *file_prefix, char *path, size_t path_bytes)
{
	if (socket_path(runtime_directory(), file_prefix, path, path_bytes) != 0)
		return -1;
	/* A member of the group of [process] uses the snoopd that root started. */
	if (access(path, F_OK) != 0 &&
	    (socket_path(SYSTEM_DIRECTORY, file_prefix, path, path_bytes) != 0 ||
	     access(path, F_OK) != 0))
		return socket_path(runtime_directory(), file_prefix, path, path_bytes);
	return 0;
}

__attribute__((format(printf, 2, 3))) static int fail(struct client *client, const char *format,
						      ...)
{
	va_list args;
	int used = snprintf(client->error, sizeof(client->error), "%s: ", client->path);

	if (used < 0 || (size_t)used >= sizeof(client->error))
		return -1;
	va_start(args, format);
	vsnprintf(client->error + used, sizeof(client->error) - (size_t)used, format, args);
	va_end(args);
	return -1;
}

/* A process that was killed leaves its socket behind. */
static bool has_listener(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	listens = fd >= 0 && (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 ||
			      errno != ECONNREFUSED);
	if (fd >= 0)
		close(fd);
	return listens;
}

/* The sockets of other DPDK processes, in case the user forgot the prefix. */
static void list_others(const struct client *client, char *out, size_t out_bytes)
{
	char pattern[512];
	glob_t found;
	size_t listed = 0, used = 0;

	out[0] = '\0';
	snprintf(pattern, sizeof(pattern), "%s/dpdk/*/" SOCKET_NAME "*", runtime_directory());
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && listed < OTHERS_MAX && used < out_bytes; i++) {
		if (strcmp(found.gl_pathv[i], client->path) == 0 ||
		    !has_listener(found.gl_pathv[i]))
			continue;
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s",
					 listed == 0 ? "; found: " : ", ", found.gl_pathv[i]);
		listed++;
	}
	globfree(&found);
}

static int fail_connect(struct client *client, int error)
{
	char others[300];

	if (error == EACCES || error == EPERM)
		return fail(client,
			    "cannot reach snoopd: %s; run snoopctl as snoopd's user or as root",
			    strerror(error));
	list_others(client, others, sizeof(others));
	return fail(client,
		    "cannot reach snoopd: %s; start it, or name its socket with --file-prefix or "
		    "--socket%s",
		    strerror(error), others);
}

static int receive(struct client *client, char *out, size_t out_bytes)
{
	ssize_t bytes;

	do
		bytes = recv(client->fd, out, out_bytes, MSG_TRUNC);
	while (bytes < 0 && errno == EINTR);
	if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return fail(client, "snoopd does not answer; is it stopped or overloaded?");
	if (bytes < 0)
		return fail(client, "cannot read: %s", strerror(errno));
	if (bytes == 0)
		return fail(client,
			    "snoopd closed the connection; it is ending, or too many clients "
			    "are connected");
	if ((size_t)bytes > out_bytes)
		return fail(client,
			    "reply of %zd bytes where %zu were announced: not a DPDK telemetry "
			    "socket",
			    bytes, out_bytes);
	return (int)bytes;
}

static int greet(struct client *client)
{
	char text[GREETING_BYTES];
	json_int_t reply_bytes;
	json_error_t where;
	json_t *greeting;
	int bytes;

	bytes = receive(client, text, sizeof(text));
	if (bytes < 0)
		return -1;
	greeting = json_loadb(text, (size_t)bytes, 0, &where);
	reply_bytes = json_integer_value(json_object_get(greeting, "max_output_len"));
	json_decref(greeting);
	if (reply_bytes < REPLY_BYTES_MIN || reply_bytes > REPLY_BYTES_MAX)
		return fail(client, "no greeting of DPDK telemetry v2; is this snoopd's socket?");
	client->reply_bytes = (size_t)reply_bytes;
	client->reply = malloc(client->reply_bytes);
	return client->reply != NULL ? 0 : fail(client, "malloc: %s", strerror(errno));
}

int client_open(struct client *client, const char *path, unsigned int timeout_ms)
{
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000,
	};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	*client = (struct client){.fd = -1, .path = path, .timeout_ms = timeout_ms};
	if (strlen(path) >= sizeof(addr.sun_path))
		return fail(client, "path too long for a socket, %zu characters at most",
			    sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return fail(client, "socket: %s", strerror(errno));
	/* The send timeout bounds connect() too. */
	if (setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
	    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0)
		return fail(client, "setsockopt: %s", strerror(errno));
	if (connect(client->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
		return fail_connect(client, errno == EAGAIN ? ETIMEDOUT : errno);
	return greet(client);
}

/* "/snoop/flows,0" of a link is "/snoop/flows,link=NAME 0". */
static const char *about_link(const struct client *client, const char *command, char *full,
			      size_t full_bytes)
{
	size_t chars = strcspn(command, ",");

	if (client->link == NULL)
		return command;
	snprintf(full, full_bytes, "%.*s,link=%s%s%s", (int)chars, command, client->link,
		 command[chars] != '\0' ? " " : "",
		 command[chars] != '\0' ? command + chars + 1 : "");
	return full;
}

json_t *client_ask(struct client *client, const char *command)
{
	size_t name_chars = strcspn(command, ",");
	json_t *reply, *content;
	json_error_t where;
	char name[64], full[512];
	int bytes;

	command = about_link(client, command, full, sizeof(full));
	if (name_chars >= sizeof(name))
		name_chars = sizeof(name) - 1;
	memcpy(name, command, name_chars);
	name[name_chars] = '\0';
	if (send(client->fd, command, strlen(command), MSG_NOSIGNAL) < 0) {
		fail(client, "cannot send %s: %s", command, strerror(errno));
		return NULL;
	}
	bytes = receive(client, client->reply, client->reply_bytes);
	if (bytes < 0)
		return NULL;
	reply = json_loadb(client->reply, (size_t)bytes, 0, &where);
	if (reply == NULL) {
		fail(client, "reply to %s is not JSON (%s at byte %d of %d): cut off?", command,
		     where.text, where.position, bytes);
		return NULL;
	}
	content = json_incref(json_object_get(reply, name));
	json_decref(reply);
	/* snoopd says in one line why it does not do that. */
	if (json_is_string(content)) {
		client->refused = true;
		snprintf(client->error, sizeof(client->error), "%s", json_string_value(content));
		json_decref(content);
		return NULL;
	}
	if (!json_is_object(content)) {
		fail(client, "%s is not known there; is that process snoopd, of this version?",
		     command);
		json_decref(content);
		return NULL;
	}
	return content;
}

void client_refuse(struct client *client, const char *command, const char *what)
{
	fail(client, "reply to %s %s; is that process snoopd, of this version?", command, what);
}

int client_reopen(struct client *client)
{
	const char *link = client->link;
	int failed;
	const char *path = client->path;
	unsigned int timeout_ms = client->timeout_ms;

	client_close(client);
	failed = client_open(client, path, timeout_ms);
	client->link = link;
	return failed;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->reply);
	*client = (struct client){.fd = -1};
}
