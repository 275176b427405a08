/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A flow begins anew, or is over.
 */
#ifndef SNOOP_ACT_RESET_H
#define SNOOP_ACT_RESET_H

#include <snoop/engine.h>

/** RST: the connection is gone. */
void reset_closed(struct snoop_engine *engine, struct snoop_flow *flow);
/** What comes is not of the connection that is known: another one, or bytes that we missed. */
void reset_foreign(struct snoop_engine *engine, struct snoop_flow *flow);

#endif
