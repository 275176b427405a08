/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/act/release.h>
#include <snoop/store/withheld.h>

void release_list(struct snoop_engine *engine, struct snoop_flow *flow)
{
	void *packet;

	while ((packet = withheld_pop(engine, flow))) {
		engine->counters->acks_released++;
		engine->ops->release(engine->owner, packet);
	}
}

void release_free_list(struct snoop_engine *engine, struct snoop_flow *flow)
{
	void *packet;

	while ((packet = withheld_pop(engine, flow))) {
		engine->counters->acks_freed++;
		engine->ops->unref(engine->owner, packet);
	}
}
