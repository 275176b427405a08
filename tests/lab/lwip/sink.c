/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink.h"
#include "netif.h"

#include <errno.h>
#include <inttypes.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PATTERN_PERIOD 251u
#define ARRIVALS_MAX 65536u
#define REPLY_BYTES_MAX 1400u

static struct {
	struct sink_options options;
	const struct netif *netif;
	struct tcp_pcb *pcb;
	double accepted, first, last;
	uint64_t bytes;
	int64_t wrong_at; /* the first byte that was not what was sent, -1 = none */
	uint32_t replies;
	uint32_t arrivals_count;
	struct {
		double time;
		uint64_t bytes;
	} arrivals[ARRIVALS_MAX];
} sink;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void report(const char *error)
{
	printf("{\"accepted\": %.6f, \"first\": %.6f, \"done\": %.6f, \"bytes\": %" PRIu64
	       ", \"wrong_at\": %" PRId64 ", \"socket_drops\": %u, \"error\": \"%s\", "
	       "\"arrivals\": [",
	       sink.accepted, sink.first, sink.last, sink.bytes, sink.wrong_at,
	       station_netif_drops(sink.netif), error);
	for (uint32_t i = 0; i < sink.arrivals_count; i++)
		printf("%s[%.6f, %" PRIu64 "]", i != 0 ? ", " : "", sink.arrivals[i].time,
		       sink.arrivals[i].bytes);
	printf("]}\n");
	fflush(stdout);
}

static void check(const struct pbuf *p)
{
	const uint8_t *data = p->payload;

	for (u16_t i = 0; i < p->len; i++, sink.bytes++)
		if (sink.wrong_at < 0 && data[i] != sink.bytes % PATTERN_PERIOD)
			sink.wrong_at = (int64_t)sink.bytes;
}

static void answer(struct tcp_pcb *pcb)
{
	static const uint8_t reply[REPLY_BYTES_MAX];
	uint32_t bytes = sink.options.reply_bytes;

	if (sink.options.message_bytes == 0)
		return;
	for (; sink.replies < sink.bytes / sink.options.message_bytes; sink.replies++)
		tcp_write(pcb, reply, (u16_t)bytes, TCP_WRITE_FLAG_COPY);
	tcp_output(pcb);
}

static void on_error(void *arg, err_t err)
{
	(void)arg;
	sink.pcb = NULL;
	report(lwip_strerr(err));
}

/* Like a program that closes its socket while data comes in. */
static void on_end_of_time(void *arg)
{
	(void)arg;
	if (sink.pcb == NULL)
		return;
	tcp_err(sink.pcb, NULL);
	tcp_abort(sink.pcb);
	sink.pcb = NULL;
	report("");
}

static err_t on_data(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (p == NULL) {
		tcp_err(pcb, NULL);
		sink.pcb = NULL;
		report("");
		return tcp_close(pcb);
	}
	sink.last = now();
	sink.first = sink.bytes == 0 ? sink.last : sink.first;
	for (const struct pbuf *part = p; part != NULL; part = part->next)
		check(part);
	if (sink.options.arrivals && sink.arrivals_count < ARRIVALS_MAX) {
		sink.arrivals[sink.arrivals_count].time = sink.last;
		sink.arrivals[sink.arrivals_count++].bytes = sink.bytes;
	}
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	answer(pcb);
	return ERR_OK;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err != ERR_OK || pcb == NULL || sink.pcb != NULL)
		return ERR_VAL;
	sink.pcb = pcb;
	sink.accepted = sink.first = sink.last = now();
	tcp_nagle_disable(pcb);
	tcp_recv(pcb, on_data);
	tcp_err(pcb, on_error);
	if (sink.options.seconds > 0)
		sys_timeout((u32_t)(sink.options.seconds * 1000), on_end_of_time, NULL);
	return ERR_OK;
}

int sink_listen(const struct sink_options *options, const struct netif *netif)
{
	struct tcp_pcb *pcb = tcp_new();

	if (pcb == NULL)
		return -ENOMEM;
	if (options->reply_bytes > REPLY_BYTES_MAX)
		return -EINVAL;
	sink.options = *options;
	sink.netif = netif;
	sink.wrong_at = -1;
	if (tcp_bind(pcb, IP4_ADDR_ANY, options->port) != ERR_OK)
		return -EADDRINUSE;
	pcb = tcp_listen(pcb);
	if (pcb == NULL)
		return -ENOMEM;
	tcp_accept(pcb, on_accept);
	return 0;
}
