/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into snoopd. At SIGRTMIN + 1 the device of the wireless port says that it was removed,
 * at SIGRTMIN + 2 that its host has reset it, as drivers of network cards do in the EAL's interrupt
 * thread.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_ethdev.h>

#define PORT "net_af_packet1"

struct rte_eth_dev;

static sigset_t signals;

/* All threads inherit it: only this library waits for the signals. */
__attribute__((constructor)) static void block_signals(void)
{
	sigemptyset(&signals);
	sigaddset(&signals, SIGRTMIN + 1);
	sigaddset(&signals, SIGRTMIN + 2);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* The functions that drivers call are in no public header. */
static void tell(enum rte_eth_event_type event)
{
	struct rte_eth_dev *(*find)(const char *);
	int (*process)(struct rte_eth_dev *, enum rte_eth_event_type, void *);

	*(void **)&find = dlsym(RTLD_DEFAULT, "rte_eth_dev_allocated");
	*(void **)&process = dlsym(RTLD_DEFAULT, "rte_eth_dev_callback_process");
	if (find == NULL || process == NULL)
		abort();
	process(find(PORT), event, NULL);
}

static void *wait_for_signals(void *unused)
{
	int signo;

	(void)unused;
	while (sigwait(&signals, &signo) == 0)
		tell(signo == SIGRTMIN + 1 ? RTE_ETH_EVENT_INTR_RMV : RTE_ETH_EVENT_INTR_RESET);
	return NULL;
}

/* Not before: snoopd drops what it can while it has one thread, and this one has to inherit it. */
int rte_eal_init(int argc, char **argv)
{
	int (*next)(int, char **);
	pthread_t thread;
	int result;

	*(void **)&next = dlsym(RTLD_NEXT, "rte_eal_init");
	result = next(argc, argv);
	if (result >= 0 && pthread_create(&thread, NULL, wait_for_signals, NULL) != 0)
		abort();
	return result;
}
