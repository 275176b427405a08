/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/port_behind.h>

#include <rte_common.h>

#include <snoopd/kernel/link_state.h>

static void ask(struct link_state *state)
{
	struct netlink *netlink = state->index != 0 ? netlink_open(NETLINK_ROUTE) : NULL;

	if (netlink == NULL)
		return;
	link_state_ask(netlink, state);
	netlink_close(netlink);
}

uint16_t port_behind_mtu(unsigned int if_index)
{
	struct link_state state = {.index = if_index};

	ask(&state);
	return state.mtu_bytes <= UINT16_MAX ? (uint16_t)state.mtu_bytes : 0;
}

/* What the kernel has dropped instead of giving it to the port, since the interface was made. All
 * is 0 where the interface is gone. */
static struct port_drops dropped(enum interface_path path, unsigned int if_index)
{
	struct link_state state = {.index = if_index};
	struct port_drops drops = {0};

	if (path == INTERFACE_NONE || path == INTERFACE_BIFURCATED)
		return drops; /* the driver counts, or nobody does */
	ask(&state);
	if (path == INTERFACE_TAP) {
		/* The other end of a cable: what it did not send, the port did not get. */
		drops.interface = state.tx_dropped;
		return drops;
	}
	drops.interface = state.rx_missed;
	drops.unclear = state.rx_dropped;
	drops.backlog = link_state_backlog_drops();
	return drops;
}

static uint64_t growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void port_behind_find(struct port_behind *behind, enum interface_path path, unsigned int if_index,
		      bool rings, const char *devargs)
{
	behind->before = dropped(path, if_index);
	behind->sockets.count = 0;
	if (!rings)
		return;
	packet_ring_of(&behind->ring, devargs);
	packet_sockets_find(&behind->sockets, if_index);
}

uint64_t port_behind_missed(struct port_behind *behind, enum interface_path path,
			    unsigned int if_index)
{
	struct port_drops now = dropped(path, if_index);

	return packet_sockets_drops(&behind->sockets) +
	       growth(now.interface, behind->before.interface) +
	       RTE_MIN(growth(now.unclear, behind->before.unclear),
		       growth(now.backlog, behind->before.backlog));
}

int port_behind_discard(const struct port_behind *behind, uint32_t *frames)
{
	*frames = 0;
	return packet_sockets_discard(&behind->sockets, &behind->ring, frames);
}
