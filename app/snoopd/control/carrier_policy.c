/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/carrier_policy.h>

static void settle(struct carrier_policy_side *side, uint64_t now_us)
{
	side->up = false;
	side->settling = true;
	side->since_us = now_us;
}

void carrier_policy_init(struct carrier_policy *state, uint64_t now_us)
{
	*state = (struct carrier_policy){.forced = CARRIER_NO_SIDE};
	settle(&state->side[0], now_us);
	settle(&state->side[1], now_us);
}

static void see(struct carrier_policy_side *side, bool up, uint64_t now_us)
{
	if (up == side->up) {
		if (side->settling && now_us - side->since_us >= CARRIER_SETTLE_US)
			side->settling = false;
		return;
	}
	side->up = up;
	side->settling = false;
	side->since_us = now_us;
}

static struct carrier_policy_order give_back(struct carrier_policy *state, uint64_t now_us)
{
	int side = state->forced;

	state->forced = CARRIER_NO_SIDE;
	settle(&state->side[side], now_us);
	return (struct carrier_policy_order){CARRIER_GIVE_BACK, side};
}

struct carrier_policy_order carrier_policy_look(struct carrier_policy *state, const bool up[2],
						bool follow, uint64_t stable_us, uint64_t now_us)
{
	const struct carrier_policy_order leave = {CARRIER_LEAVE, CARRIER_NO_SIDE};

	for (int i = 0; i < 2; i++)
		if (i != state->forced)
			see(&state->side[i], up[i], now_us);
	if (state->forced != CARRIER_NO_SIDE) {
		const struct carrier_policy_side *other = &state->side[!state->forced];

		if (!follow || (other->up && now_us - other->since_us >= stable_us))
			return give_back(state, now_us);
		return leave;
	}
	for (int i = 0; i < 2 && follow; i++) {
		const struct carrier_policy_side *broken = &state->side[i];
		struct carrier_policy_side *other = &state->side[!i];

		if (broken->up || broken->settling || !other->up || other->fixed)
			continue;
		other->up = false;
		state->forced = !i;
		return (struct carrier_policy_order){CARRIER_TAKE_DOWN, !i};
	}
	return leave;
}

void carrier_policy_refused(struct carrier_policy *state, int side)
{
	state->side[side].fixed = true;
	state->forced = CARRIER_NO_SIDE;
}
