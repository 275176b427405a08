/* SPDX-License-Identifier: BSD-3-Clause */
/* The slot's protocol: who owns it when. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <snoopd/datapath/mailbox.h>

#define STEPS 3u

static struct mail mail;
static uint32_t begun, steps;

static void begin(struct worker *worker, struct mail *slot)
{
	assert_ptr_equal(slot, &mail);
	begun++;
}

static bool step(struct worker *worker, struct mail *slot)
{
	return ++steps == STEPS;
}

static const struct mail_work work = {begin, step};

static int setup(void **state)
{
	mail = (struct mail){0};
	begun = steps = 0;
	return 0;
}

static void work_is_done_in_steps(void **state)
{
	assert_true(mailbox_is_free(&mail));
	mailbox_serve(NULL, &mail); /* nothing was posted */
	assert_int_equal(begun, 0);
	mailbox_post(&mail, &work);
	assert_false(mailbox_is_free(&mail));
	for (uint32_t i = 1; i < STEPS; i++) {
		mailbox_serve(NULL, &mail);
		assert_int_equal(mailbox_state(&mail), MAIL_TAKEN);
		assert_true(mailbox_is_open(&mail));
	}
	mailbox_serve(NULL, &mail);
	assert_int_equal(mailbox_state(&mail), MAIL_DONE);
	assert_int_equal(begun, 1);
	assert_int_equal(steps, STEPS);
	mailbox_serve(NULL, &mail); /* the answer is the control side's now */
	assert_int_equal(steps, STEPS);
	assert_int_equal(mailbox_wait(&mail, 0), 0);
	assert_true(mailbox_is_free(&mail));
}

static void untaken_work_is_taken_back(void **state)
{
	mailbox_post(&mail, &work);
	assert_int_equal(mailbox_wait(&mail, 1), -ETIMEDOUT);
	assert_true(mailbox_is_free(&mail));
	mailbox_serve(NULL, &mail);
	assert_int_equal(begun, 0);
}

static void taken_work_cannot_be_taken_back(void **state)
{
	mailbox_post(&mail, &work);
	mailbox_serve(NULL, &mail);
	assert_false(mailbox_take_back(&mail));
	assert_int_equal(mailbox_wait(&mail, 1), -ETIMEDOUT);
	assert_false(mailbox_is_free(&mail)); /* abandoned, and still the worker's */
	while (!mailbox_is_free(&mail))
		mailbox_serve(NULL, &mail);
	assert_int_equal(steps, STEPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(work_is_done_in_steps, setup),
		cmocka_unit_test_setup(untaken_work_is_taken_back, setup),
		cmocka_unit_test_setup(taken_work_cannot_be_taken_back, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
