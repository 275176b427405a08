/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A flow begins anew, or is over.
 */
#ifndef SNOOP_ACT_RESET_H
#define SNOOP_ACT_RESET_H

#include <snoop/engine.h>

/** Forget the flow's bytes. The connection goes on: what was seen of its end stays known. */
void reset_bytes(struct snoop_engine *engine, struct snoop_flow *flow);
/** RST: the connection is over. */
void reset_closed(struct snoop_engine *engine, struct snoop_flow *flow);
/** The packet does not fit what is known: another connection, or one that went on without us. */
void reset_foreign(struct snoop_engine *engine, struct snoop_flow *flow);

#endif
