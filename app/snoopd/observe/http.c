/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/http.h>

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/link.h>
#include <snoopd/observe/content.h>

#define CONNECTIONS_MAX 32u
#define CONNECTION_TIMEOUT_S 15u
/* What a request may take, parsed. snoopd reads no cookie, but a browser sends along those of all
 * ports of a host name, and libmicrohttpd keeps what it parses: two to three times its length. */
#define CONNECTION_BYTES (256u * 1024u)
#define REFUSED_LOG_S 60u

struct http_server {
	struct MHD_Daemon *daemon;
	/* The HTTP thread alone. */
	uint64_t refused;	 /* requests that libmicrohttpd did not hand on */
	uint64_t refused_log_us; /* when the next one may be logged */
};

static const struct {
	const char *path;
	int (*make)(const struct links *links, const struct link *chosen, bool openmetrics,
		    struct content *content);
} pages[] = {
	{"/", content_page},
	{"/snoop.json", content_json},
	{"/metrics", content_metrics},
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const struct content *content)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		content->bytes, (void *)(uintptr_t)content->data,
		content->owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (response == NULL) {
		if (content->owned)
			free((void *)(uintptr_t)content->data);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", content->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	/* Whatever the page may hold, the browser loads nothing from elsewhere. */
	MHD_add_response_header(response, "Content-Security-Policy",
				"default-src 'none'; connect-src 'self'; img-src data:; "
				"script-src 'unsafe-inline'; style-src 'unsafe-inline'");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned int status,
				   const char *line)
{
	const struct content content = {line, strlen(line), "text/plain; charset=utf-8", false};

	return answer(connection, status, &content);
}

static bool wants_openmetrics(struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");

	return accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *path,
			     const char *method, const char *version, const char *upload,
			     size_t *upload_bytes, void **state)
{
	struct links *links = context;
	const struct link *chosen;
	const char *name;
	struct content content;
	size_t page = 0;
	int failed;

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	while (page < sizeof(pages) / sizeof(pages[0]) && strcmp(pages[page].path, path) != 0)
		page++;
	if (page == sizeof(pages) / sizeof(pages[0]))
		return answer_line(connection, MHD_HTTP_NOT_FOUND,
				   "there is / (the live page), /snoop.json and /metrics\n");
	name = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "link");
	chosen = name == NULL ? &links->link[0] : links_find(links, name);
	if (chosen == NULL)
		return answer_line(connection, MHD_HTTP_NOT_FOUND, "there is no such link\n");
	if (!links_lock(links))
		return answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "snoopd is starting or stopping\n");
	failed = pages[page].make(links, chosen, wants_openmetrics(connection), &content);
	links_unlock(links);
	if (failed)
		return answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory\n");
	return answer(connection, MHD_HTTP_OK, &content);
}

/* Requests that do not fit never reach serve(): libmicrohttpd answers them and tells its log. */
static void note_refused(struct http_server *server, const char *line)
{
	const char *code = strstr(line, "response code is ");
	unsigned int status =
		code != NULL ? (unsigned int)atoi(code + strlen("response code is ")) : 0;
	uint64_t now_us = clock_monotonic_us();

	if (status != MHD_HTTP_URI_TOO_LONG && status != MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE)
		return;
	server->refused++;
	if (now_us < server->refused_log_us)
		return;
	server->refused_log_us = now_us + REFUSED_LOG_S * CLOCK_US_PER_S;
	log_warning("event=http result=refused status=%u requests=%" PRIu64
		    " message=\"the address and headers of a request do not fit into %u KiB, in "
		    "most cases cookies of other services of that host name: delete them, or use "
		    "another name for this address\"",
		    status, server->refused, CONNECTION_BYTES / 1024);
}

__attribute__((format(printf, 2, 0))) static void log_http(void *context, const char *format,
							   va_list args)
{
	char line[256];
	int used = vsnprintf(line, sizeof(line), format, args);

	while (used > 0 && (size_t)used < sizeof(line) && line[used - 1] == '\n')
		line[--used] = '\0';
	log_debug("event=http %s", line);
	note_refused(context, line);
}

/*
 * The listening socket is ours, as libmicrohttpd does not tell why it cannot listen: after 1.0.1
 * errno is EBADF where the address is in use. @return a descriptor, or -1 with errno.
 */
static int listen_at(const struct sockaddr_storage *addr)
{
	bool v6 = addr->ss_family == AF_INET6;
	socklen_t bytes = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int listener = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	int error;

	if (listener < 0)
		return -1;
	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (!v6 || setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(listener, (const struct sockaddr *)addr, bytes) == 0 &&
	    listen(listener, CONNECTIONS_MAX) == 0)
		return listener;
	error = errno;
	close(listener);
	errno = error;
	return -1;
}

/* The daemon takes the listener over. Where it does not start, snoopd ends. */
static struct MHD_Daemon *start_daemon(struct http_server *server, int listener,
				       struct links *links)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG;

	return MHD_start_daemon(
		flags, 0, NULL, NULL, serve, links, MHD_OPTION_EXTERNAL_LOGGER, log_http, server,
		MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
}

int http_server_start(struct http_server **server, const struct config *config, struct links *links)
{
	struct sockaddr_storage addr;
	int listener;

	*server = NULL;
	if (config_listen_addr(config->metrics_listen, &addr) != 0)
		return 0; /* "off", as the reader of the file accepts nothing else */
	*server = calloc(1, sizeof(**server));
	if (*server == NULL) {
		log_error("[metrics] listen: no memory");
		return -1;
	}
	listener = listen_at(&addr);
	if (listener < 0)
		log_error("[metrics] listen = %s: %s; give another address or port, or off",
			  config->metrics_listen, strerror(errno));
	else
		(*server)->daemon = start_daemon(*server, listener, links);
	if ((*server)->daemon == NULL) {
		if (listener >= 0)
			log_error("[metrics] listen = %s: the HTTP server does not start",
				  config->metrics_listen);
		free(*server);
		*server = NULL;
		return -1;
	}
	log_info("event=http listen=%s", config->metrics_listen);
	return 0;
}

void http_server_stop(struct http_server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
