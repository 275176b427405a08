/* SPDX-License-Identifier: BSD-3-Clause */
/* Links: who may look when, and that two links have nothing in common. Workers are faked here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include <snoopd/control/link.h>
#include <snoopd/datapath/worker.h>

#define WORKERS 3

static struct link links[2];
static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static struct config configs[2];
static struct worker *workers[WORKERS];
static const struct worker *busy, *silent, *owner; /* how a worker behaves, NULL = none does */

struct request *request_begin(struct worker *worker, uint32_t link)
{
	worker->request.link = link;
	return worker == busy ? NULL : &worker->request;
}

int request_wait(struct request *request, uint32_t timeout_ms)
{
	request->count = owner != NULL && request == &owner->request ? 1 : 0;
	return silent != NULL && request == &silent->request ? -ETIMEDOUT : 0;
}

int request_await(struct request *request, uint32_t timeout_ms)
{
	return silent != NULL && request == &silent->request ? -ETIMEDOUT : 0;
}

static int start(void **state)
{
	for (int i = 0; i < 2; i++) {
		link_init(&links[i], (uint32_t)i, i == 0 ? "main" : "north", &locks[i]);
		links[i].worker_count = WORKERS;
		memcpy(links[i].workers, workers, sizeof(workers));
	}
	busy = silent = owner = NULL;
	return 0;
}

static void nobody_sees_a_link_that_does_not_run(void **state)
{
	assert_null(link_lock(&links[0]));
	link_attach(&links[0], &configs[0], NULL);
	assert_ptr_equal(link_lock(&links[0]), &links[0]);
	link_unlock(&links[0]);
	link_detach(&links[0]);
	/* The lock is free again: detaching takes it. */
	assert_null(link_lock(&links[0]));
	assert_null(link_try_lock(&links[0]));
	link_detach(&links[0]);
}

static void a_link_that_is_looked_at_is_not_waited_for(void **state)
{
	link_attach(&links[0], &configs[0], NULL);
	assert_non_null(link_lock(&links[0]));
	assert_null(link_try_lock(&links[0]));
	link_unlock(&links[0]);
	assert_non_null(link_try_lock(&links[0]));
	link_unlock(&links[0]);
}

static void two_links_have_nothing_in_common(void **state)
{
	link_attach(&links[0], &configs[0], NULL);
	assert_non_null(link_lock(&links[0]));
	assert_null(link_lock(&links[1]));
	link_attach(&links[1], &configs[1], NULL);
	assert_non_null(link_lock(&links[1]));
	assert_ptr_equal(links[0].config, &configs[0]);
	assert_ptr_equal(links[1].config, &configs[1]);
	link_unlock(&links[1]);
	link_unlock(&links[0]);
	link_detach(&links[1]);
	assert_non_null(link_lock(&links[0]));
	link_unlock(&links[0]);
}

static void only_the_owner_of_a_flow_has_it(void **state)
{
	const struct snoop_key key = {0};
	struct request *answer = NULL;
	uint32_t worker = UINT32_MAX;

	owner = workers[1];
	assert_int_equal(link_find_flow(&links[0], &key, &answer, &worker), 0);
	assert_int_equal(worker, 1);
	assert_ptr_equal(answer, &workers[1]->request);

	owner = NULL;
	assert_int_equal(link_find_flow(&links[0], &key, &answer, &worker), -ENOENT);
}

static void a_worker_that_does_not_answer_ends_the_search(void **state)
{
	const struct snoop_key key = {0};
	struct request *answer = NULL;
	uint32_t worker;

	owner = workers[2];
	busy = workers[1];
	assert_int_equal(link_find_flow(&links[0], &key, &answer, &worker), -ETIMEDOUT);
	assert_null(link_ask(&links[0], 1));
	busy = NULL;
	silent = workers[0];
	assert_int_equal(link_find_flow(&links[0], &key, &answer, &worker), -ETIMEDOUT);
	assert_null(link_wait(&workers[0]->request));
	assert_null(link_collect(&workers[0]->request));
	assert_null(link_ask(&links[0], WORKERS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_sees_a_link_that_does_not_run, start),
		cmocka_unit_test_setup(a_link_that_is_looked_at_is_not_waited_for, start),
		cmocka_unit_test_setup(two_links_have_nothing_in_common, start),
		cmocka_unit_test_setup(only_the_owner_of_a_flow_has_it, start),
		cmocka_unit_test_setup(a_worker_that_does_not_answer_ends_the_search, start),
	};
	int failed;

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*workers[i]));
		if (workers[i] == NULL)
			return 1;
		memset(workers[i], 0, sizeof(*workers[i]));
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = 0; i < WORKERS; i++)
		free(workers[i]);
	return failed;
}
