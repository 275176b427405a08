/* SPDX-License-Identifier: BSD-3-Clause */
/** @file One box of a link: an end, and the queue in front of it. Called by link.c only. */
#ifndef SIM_ARQ_BOX_H
#define SIM_ARQ_BOX_H

#include "link.h"

void box_init(struct box *box, struct link *link, uint8_t side);
void box_start(struct box *box, enum box_mode mode);
/** All references are given back; the box is a wire then. */
void box_stop(struct box *box);
/** From the LAN; the reference passes on. */
void box_send(struct box *box, struct frame *frame);
/** From the radio; references of frames pass on. */
void box_tagged(struct box *box, struct frame *frame, const struct arq_tag *tag);
void box_plain(struct box *box, struct frame *frame);
void box_control(struct box *box, const struct signal *signal);

/* Of link.c. */
void link_deliver(struct link *link, uint8_t side, struct frame *frame);
/** What arrived was handled. @param excused  a counter says that it is not in order */
void link_arrival_ends(struct link *link, bool excused);
struct signal *link_signal(struct link *link, struct frame *frame, const struct arq_tag *tag);
void link_destroy_signal(struct signal *signal);

#endif
