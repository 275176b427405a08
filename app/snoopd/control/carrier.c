/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/carrier.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <snoopd/base/log.h>
#include <snoopd/control/link.h>
#include <snoopd/control/port_watch.h>

static const char *const side_names[] = {[SNOOP_WIRED] = "wired", [SNOOP_WIRELESS] = "wireless"};

/* Runs in the EAL's interrupt thread. */
static int wake_up(uint16_t port, enum rte_eth_event_type event, void *argument, void *unused)
{
	const struct carrier *carrier = argument;

	pthread_kill(carrier->control, CARRIER_SIGNAL);
	return 0;
}

/* A port that starts without a carrier is told only where somebody can bring it up: others may
 * just be negotiating. */
/* For log lines. */
static const char *label_of(const struct carrier *carrier)
{
	return carrier->watch->link->label;
}

static void read_carrier(struct carrier *carrier, enum snoop_side side)
{
	struct port *port = &carrier->ports->port[side];
	char text[128];
	const char *advice;
	struct rte_eth_link link;
	bool up;

	if (port->gone || rte_eth_link_get_nowait(port->id, &link) != 0)
		return;
	up = link.link_status == RTE_ETH_LINK_UP && port_watch_up(carrier->watch, side);
	advice = up || port->link_taken
			 ? ""
			 : port_watch_advice(carrier->watch, side, text, sizeof(text));
	if (up == port->link_up && (carrier->seen[side] || advice[0] == '\0'))
		return;
	carrier->seen[side] = true;
	__atomic_store_n(&port->link_up, up, __ATOMIC_RELAXED);
	log_line("event=link%s side=%s port=%s state=%s%s", label_of(carrier), side_names[side],
		 port->name, up ? "up" : "down", advice);
}

void carrier_start(struct carrier *carrier, struct ports *ports, const struct port_watch *watch,
		   uint64_t now_us)
{
	carrier->ports = ports;
	carrier->watch = watch;
	carrier->seen[SNOOP_WIRED] = carrier->seen[SNOOP_WIRELESS] = false;
	carrier->control = pthread_self();
	carrier_policy_init(&carrier->policy, now_us);
	for (int side = 0; side < 2; side++) {
		/* A driver without a link interrupt never calls it. */
		rte_eth_dev_callback_register(ports->port[side].id, RTE_ETH_EVENT_INTR_LSC, wake_up,
					      carrier);
		/* Who asks before the first look must not hear that it is down. */
		read_carrier(carrier, (enum snoop_side)side);
	}
}

static void take_down(struct carrier *carrier, int side)
{
	struct port *port = &carrier->ports->port[side];
	int result = rte_eth_dev_set_link_down(port->id);

	if (result != 0) {
		carrier_policy_refused(&carrier->policy, side);
		log_warning("event=propagate%s side=%s port=%s result=refused driver=%s "
			    "message=\"the driver cannot take its carrier down: %s; it stays up "
			    "when the other side is down\"",
			    label_of(carrier), side_names[side], port->name, port->driver,
			    rte_strerror(-result));
		return;
	}
	__atomic_store_n(&port->link_taken, true, __ATOMIC_RELAXED);
	log_line("event=propagate%s side=%s port=%s state=down because=%s", label_of(carrier),
		 side_names[side], port->name, side_names[!side]);
}

static void give_back(struct carrier *carrier, int side)
{
	struct port *port = &carrier->ports->port[side];
	int result = port->gone ? 0 : rte_eth_dev_set_link_up(port->id);

	__atomic_store_n(&port->link_taken, false, __ATOMIC_RELAXED);
	if (result != 0)
		log_error("event=propagate%s side=%s port=%s result=failed driver=%s message=\"the "
			  "driver does not bring its carrier up again: %s; restart snoopd\"",
			  label_of(carrier), side_names[side], port->name, port->driver,
			  rte_strerror(-result));
	else
		log_line("event=propagate%s side=%s port=%s state=up because=%s", label_of(carrier),
			 side_names[side], port->name, side_names[!side]);
}

void carrier_look(struct carrier *carrier, uint64_t now_us)
{
	struct port *port = carrier->ports->port;
	struct carrier_policy_order order;
	bool up[2];

	for (int side = 0; side < 2; side++) {
		read_carrier(carrier, (enum snoop_side)side);
		up[side] = port[side].link_up;
	}
	order = carrier_policy_look(&carrier->policy, up, carrier->follow, carrier->stable_us,
				    now_us);
	if (order.action == CARRIER_TAKE_DOWN)
		take_down(carrier, order.side);
	else if (order.action == CARRIER_GIVE_BACK)
		give_back(carrier, order.side);
}

void carrier_stop(struct carrier *carrier)
{
	int side = carrier->policy.forced;

	for (int i = 0; i < 2; i++)
		rte_eth_dev_callback_unregister(carrier->ports->port[i].id, RTE_ETH_EVENT_INTR_LSC,
						wake_up, carrier);
	if (side != CARRIER_NO_SIDE)
		give_back(carrier, side);
}
