/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/carrier.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <snoopd/base/log.h>

static const char *const side_names[] = {[SNOOP_WIRED] = "wired", [SNOOP_WIRELESS] = "wireless"};

/* EAL's interrupt thread. */
static int wake_up(uint16_t port, enum rte_eth_event_type event, void *argument, void *unused)
{
	const struct carrier *links = argument;

	pthread_kill(links->control, CARRIER_SIGNAL);
	return 0;
}

void carrier_start(struct carrier *links, struct ports *ports, uint64_t now_us)
{
	links->ports = ports;
	links->control = pthread_self();
	carrier_policy_init(&links->state, now_us);
	/* A driver without that interrupt never calls it. */
	for (int side = 0; side < 2; side++)
		rte_eth_dev_callback_register(ports->port[side].id, RTE_ETH_EVENT_INTR_LSC, wake_up,
					      links);
}

static void poll(struct port *port, int side)
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(port->id, &link) != 0 ||
	    (link.link_status == RTE_ETH_LINK_UP) == port->link_up)
		return;
	__atomic_store_n(&port->link_up, link.link_status == RTE_ETH_LINK_UP, __ATOMIC_RELAXED);
	log_line("event=link side=%s port=%s state=%s", side_names[side], port->name,
		 port->link_up ? "up" : "down");
}

static void obey(struct carrier *links, const struct carrier_policy_order *order)
{
	struct port *port = &links->ports->port[order->side];
	bool down = order->action == CARRIER_TAKE_DOWN;
	int result = down ? rte_eth_dev_set_link_down(port->id) : rte_eth_dev_set_link_up(port->id);

	if (result != 0 && down) {
		carrier_policy_refused(&links->state, order->side);
		log_warning("event=propagate side=%s port=%s result=refused driver=%s message=\"it "
			    "cannot take its link down: %s; it stays up when the other side is "
			    "down\"",
			    side_names[order->side], port->name, port->driver,
			    rte_strerror(-result));
		return;
	}
	if (result != 0)
		log_error(
			"event=propagate side=%s port=%s result=failed driver=%s message=\"it does "
			"not bring its link up again: %s; restart snoopd\"",
			side_names[order->side], port->name, port->driver, rte_strerror(-result));
	else
		log_line("event=propagate side=%s port=%s state=%s because=%s",
			 side_names[order->side], port->name, down ? "down" : "up",
			 side_names[!order->side]);
	__atomic_store_n(&port->link_taken, down, __ATOMIC_RELAXED);
}

void carrier_look(struct carrier *links, uint64_t now_us)
{
	struct port *port = links->ports->port;
	struct carrier_policy_order order;
	bool up[2];

	for (int side = 0; side < 2; side++) {
		poll(&port[side], side);
		up[side] = port[side].link_up;
	}
	order = carrier_policy_look(&links->state, up, links->follow, links->withhold_us, now_us);
	if (order.action != CARRIER_LEAVE)
		obey(links, &order);
}

void carrier_stop(struct carrier *links)
{
	int side = links->state.forced;

	for (int i = 0; i < 2; i++)
		rte_eth_dev_callback_unregister(links->ports->port[i].id, RTE_ETH_EVENT_INTR_LSC,
						wake_up, links);
	if (side != CARRIER_NO_SIDE)
		obey(links, &(struct carrier_policy_order){CARRIER_GIVE_BACK, side});
}
