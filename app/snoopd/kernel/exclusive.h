/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One process per interface. Two on one interface would each forward every frame.
 *
 * A claim is a listening socket in the abstract namespace of AF_UNIX, named after the interface's
 * index: that namespace belongs to the network namespace, as the index does, and a claim ends with
 * its process, however that ends. Anybody may take a name there, so a claim counts only if root
 * made it, or our own account.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_EXCLUSIVE_H
#define SNOOPD_EXCLUSIVE_H

#include <sys/types.h>

#define EXCLUSIVE_NAME_CHARS 32

struct exclusive_holder {
	pid_t pid; /* 0 = in another process namespace, or it does not say */
	uid_t uid;
	char name[EXCLUSIVE_NAME_CHARS]; /* of the program, "?" where unknown */
};

/**
 * Claim an interface.
 *
 * @param holder  receives who has it, after -EADDRINUSE and -EPERM
 * @return a descriptor that holds the claim until it is closed; -EADDRINUSE: another process has
 * it; -EPERM: the name is taken by an account whose claims do not count; -errno.
 */
int exclusive_claim(unsigned int if_index, struct exclusive_holder *holder);

/** Let go of those who asked who holds the claim, so that others can ask. Now and then. */
void exclusive_answer(int claim);

#endif
