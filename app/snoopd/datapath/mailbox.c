/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/mailbox.h>

#include <errno.h>
#include <time.h>

#define WAIT_NAP_NS 200000

enum mail_state mailbox_state(const struct mail *mail)
{
	return (enum mail_state)__atomic_load_n(&mail->state, __ATOMIC_ACQUIRE);
}

bool mailbox_is_free(const struct mail *mail)
{
	enum mail_state state = mailbox_state(mail);

	return state == MAIL_IDLE || state == MAIL_DONE;
}

void mailbox_post(struct mail *mail, const struct mail_work *work)
{
	mail->work = work;
	__atomic_store_n(&mail->state, MAIL_POSTED, __ATOMIC_RELEASE);
}

bool mailbox_take_back(struct mail *mail)
{
	uint32_t posted = MAIL_POSTED;

	return __atomic_compare_exchange_n(&mail->state, &posted, MAIL_IDLE, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static int64_t elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

int mailbox_wait(struct mail *mail, uint32_t timeout_ms)
{
	const struct timespec nap = {.tv_nsec = WAIT_NAP_NS};
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (mailbox_state(mail) == MAIL_DONE)
			return 0;
		nanosleep(&nap, NULL);
	} while (elapsed_ms(&start) < timeout_ms);
	mailbox_take_back(mail);
	return -ETIMEDOUT;
}

static bool take(struct mail *mail)
{
	uint32_t posted = MAIL_POSTED;

	return __atomic_compare_exchange_n(&mail->state, &posted, MAIL_TAKEN, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mailbox_serve(struct worker *worker, struct mail *mail)
{
	uint32_t state = __atomic_load_n(&mail->state, __ATOMIC_RELAXED);

	if (state == MAIL_POSTED && take(mail))
		mail->work->begin(worker, mail);
	else if (state != MAIL_TAKEN)
		return;
	if (mail->work->step(worker, mail))
		__atomic_store_n(&mail->state, MAIL_DONE, __ATOMIC_RELEASE);
}
