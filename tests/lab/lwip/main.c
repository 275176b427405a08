/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwip-station: a station of the lab whose TCP is lwIP's, as in microcontrollers: it delays the ACK
 * of a lone segment by up to 250 ms, and knows neither SACK, D-SACK nor timestamps. It answers
 * pings, and accepts and reports one TCP connection; it ends with a signal.
 */
#include "netif.h"
#include "sink.h"

#include <getopt.h>
#include <lwip/tcpip.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
	"usage: lwip-station [--seconds S] [--message BYTES --reply BYTES] [--arrivals]\n"
	"                    INTERFACE ADDRESS PORT\n"
	"Give the kernel no address on INTERFACE. One JSON object reports the connection.\n";

enum { OPT_SECONDS = 1, OPT_MESSAGE, OPT_REPLY, OPT_ARRIVALS };

static const struct option long_options[] = {
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"message", required_argument, NULL, OPT_MESSAGE},
	{"reply", required_argument, NULL, OPT_REPLY},
	{"arrivals", no_argument, NULL, OPT_ARRIVALS},
	{0},
};

static void on_ready(void *ready)
{
	sem_post(ready);
}

static void start_lwip(void)
{
	sem_t ready;

	sem_init(&ready, 0, 0);
	tcpip_init(on_ready, &ready);
	sem_wait(&ready);
	sem_destroy(&ready);
}

int main(int argc, char **argv)
{
	struct sink_options options = {0};
	static struct netif netif;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (opt == OPT_SECONDS)
			options.seconds = atof(optarg);
		else if (opt == OPT_MESSAGE)
			options.message_bytes = (uint32_t)atoi(optarg);
		else if (opt == OPT_REPLY)
			options.reply_bytes = (uint32_t)atoi(optarg);
		else if (opt == OPT_ARRIVALS)
			options.arrivals = 1;
		else
			break;
	}
	if (opt != -1 || argc - optind != 3) {
		fputs(usage_text, stderr);
		return 2;
	}
	options.port = (uint16_t)atoi(argv[optind + 2]);
	start_lwip();
	LOCK_TCPIP_CORE();
	ret = station_netif_add(&netif, argv[optind], argv[optind + 1]);
	if (ret >= 0)
		ret = sink_listen(&options, &netif);
	UNLOCK_TCPIP_CORE();
	if (ret == 0)
		puts("{\"listening\": true}");
	fflush(stdout);
	while (ret == 0)
		ret = station_netif_poll(&netif);
	fprintf(stderr, "lwip-station: %s: %s\n", argv[optind], strerror(-ret));
	return 1;
}
