/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A slot in which another thread leaves work for a worker: the protocol only. What the work is
 * (request.h) the mailbox does not know.
 *
 * Whoever's turn it is owns the slot and what is around it; `state` hands it over:
 *
 *	IDLE    control side   -> POSTED by mailbox_post()
 *	POSTED  nobody         -> TAKEN by the worker, or IDLE by mailbox_take_back()
 *	TAKEN   worker         -> DONE when its work is finished
 *	DONE    control side   -> POSTED by the next mailbox_post()
 *
 * Control side: any thread that is not a worker, one at a time (the caller's lock).
 */
#ifndef SNOOPD_MAILBOX_H
#define SNOOPD_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

struct mail;
struct worker;

enum mail_state { MAIL_IDLE, MAIL_POSTED, MAIL_TAKEN, MAIL_DONE };

/** What the worker does. It finds its own data around the mail. */
struct mail_work {
	void (*begin)(struct worker *worker, struct mail *mail);
	/** A bounded step. @return true when the work is finished. */
	bool (*step)(struct worker *worker, struct mail *mail);
};

struct mail {
	uint32_t state;		      /* enum mail_state; atomic */
	const struct mail_work *work; /* by the owner of the slot */
};

/** Any thread. */
enum mail_state mailbox_state(const struct mail *mail);

/** Control side: may the slot be filled? No, while the worker still works on abandoned work. */
bool mailbox_is_free(const struct mail *mail);

/** Control side: hand the filled slot to the worker. */
void mailbox_post(struct mail *mail, const struct mail_work *work);

/** Control side. @return false where the worker was faster. */
bool mailbox_take_back(struct mail *mail);

/**
 * Control side: wait for the end of what was posted. After a time-out the work is taken back,
 * unless the worker has begun; then it finishes into a slot that nobody reads.
 *
 * @return 0 with the slot owned by the caller, or -ETIMEDOUT: the slot must then not be read.
 */
int mailbox_wait(struct mail *mail, uint32_t timeout_ms);

/** Worker lcore: does it have work that is not finished? Posted work counts once it is taken. */
static inline bool mailbox_is_open(const struct mail *mail)
{
	return __atomic_load_n(&mail->state, __ATOMIC_RELAXED) == MAIL_TAKEN;
}

/** Worker lcore: take what was posted, and go on with it by a step. */
void mailbox_serve(struct worker *worker, struct mail *mail);

#endif
