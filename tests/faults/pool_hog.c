/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into snoopd. At a first SIGRTMIN + 1 it takes every free packet buffer, and every one
 * that becomes free, until a second one makes it give all of them back. The pool gets no lcore
 * caches, because some buffers would stay in them.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_mbuf.h>

#define POOL "packets" /* app/snoopd/bringup/pool.c */

static sigset_t signals;

/* All threads inherit it: only this library waits for the signal. */
__attribute__((constructor)) static void block_signal(void)
{
	sigemptyset(&signals);
	sigaddset(&signals, SIGRTMIN + 1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static unsigned int take(struct rte_mempool *pool, void **buffers, unsigned int taken)
{
	while (taken < pool->size && rte_mempool_get(pool, &buffers[taken]) == 0)
		taken++;
	return taken;
}

static void *hog(void *unused)
{
	const struct timespec pause = {.tv_nsec = 100000};
	struct rte_mempool *pool;
	unsigned int taken;
	void **buffers;
	int signo;

	(void)unused;
	for (;;) {
		sigwait(&signals, &signo);
		pool = rte_mempool_lookup(POOL);
		buffers = pool == NULL ? NULL : calloc(pool->size, sizeof(*buffers));
		if (buffers == NULL) {
			fprintf(stderr, "pool_hog: no pool\n");
			abort();
		}
		taken = take(pool, buffers, 0);
		fprintf(stderr, "pool_hog: taken=%u\n", taken);
		while (sigtimedwait(&signals, NULL, &pause) < 0)
			taken = take(pool, buffers, taken);
		rte_mempool_put_bulk(pool, buffers, taken);
		free(buffers);
		fprintf(stderr, "pool_hog: returned=%u\n", taken);
	}
	return NULL;
}

struct rte_mempool *rte_pktmbuf_pool_create(const char *name, unsigned int count,
					    unsigned int cache_size, uint16_t priv_size,
					    uint16_t data_room_size, int socket_id)
{
	struct rte_mempool *(*next)(const char *, unsigned int, unsigned int, uint16_t, uint16_t,
				    int);

	(void)cache_size;
	*(void **)&next = dlsym(RTLD_NEXT, "rte_pktmbuf_pool_create");
	return next(name, count, 0, priv_size, data_room_size, socket_id);
}

/* Not before: snoopd drops what it can while it has one thread, and this one has to inherit it. */
int rte_eal_init(int argc, char **argv)
{
	int (*next)(int, char **);
	pthread_t thread;
	int result;

	*(void **)&next = dlsym(RTLD_NEXT, "rte_eal_init");
	result = next(argc, argv);
	if (result >= 0 && pthread_create(&thread, NULL, hog, NULL) != 0)
		abort();
	return result;
}
