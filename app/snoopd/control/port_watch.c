/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/port_watch.h>

#include <errno.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <snoopd/base/log.h>
#include <snoopd/control/link.h>
#include <snoopd/control/port_return.h>
#include <snoopd/datapath/worker.h>

static const char *const side_names[] = {[SNOOP_WIRED] = "wired", [SNOOP_WIRELESS] = "wireless"};

static struct port *port_of(const struct port_watch_side *side)
{
	return &side->watch->link->ports.port[side->side];
}

/* ---- Gates ---- */

static void set_gate(struct port_watch_side *side, enum worker_gate gate)
{
	const struct link *link = side->watch->link;

	if (gate == side->gate)
		return;
	side->gate = gate;
	for (uint32_t i = 0; i < link->worker_count; i++) {
		worker_set_gate(link_part(link, i), side->side, gate);
		side->turns[i] = __atomic_load_n(&link->workers[i]->health.turns, __ATOMIC_ACQUIRE);
	}
}

bool port_watch_is_left(const struct port_watch_side *side)
{
	const struct link *link = side->watch->link;

	for (uint32_t i = 0; i < link->worker_count; i++)
		if (!worker_has_seen_gate(link->workers[i], side->turns[i]))
			return false;
	return true;
}

/* The outage has ended. What the driver kept of it must not come out now. */
static void open_gate(struct port_watch_side *side)
{
	const struct port *port = port_of(side);
	uint32_t frames = 0;
	int result;

	if (side->gate == GATE_OPEN || !port_watch_is_left(side))
		return; /* a worker that does not move may still send: look again */
	result = port_behind_discard(port->behind, &frames);
	if (result != 0)
		log_warning(
			"event=port%s side=%s port=%s message=\"frames from before the outage may "
			"come out now: cannot empty the ring of the packet socket (%s)\"",
			side->watch->link->label, side_names[side->side], port->name,
			strerror(-result));
	else if (frames > 0)
		log_line("event=port%s side=%s port=%s discarded=%" PRIu32
			 " message=\"threw away frames that were waiting since before the "
			 "outage\"",
			 side->watch->link->label, side_names[side->side], port->name, frames);
	set_gate(side, GATE_OPEN);
}

static void follow_carrier(struct port_watch_side *side)
{
	const struct port *port = port_of(side);

	/* A driver that neither interrupts nor has an interface may not know its carrier. */
	if (port->link_up || (!side->watched && !side->interrupts))
		open_gate(side);
	else
		set_gate(side, GATE_CLOSED);
}

/* ---- What happens to a port ---- */

static void lose(struct port_watch_side *side, const char *what)
{
	struct port *port = port_of(side);
	bool waits = port_return_waits(side->watch->link, port);

	if (port->gone)
		return;
	__atomic_store_n(&port->gone, true, __ATOMIC_RELAXED);
	__atomic_store_n(&port->link_up, false, __ATOMIC_RELAXED);
	set_gate(side, GATE_ABSENT);
	log_error("event=port%s side=%s port=%s interface=%s state=gone message=\"%s; %s\"",
		  side->watch->link->label, side_names[side->side], port->name,
		  port->interface[0] != '\0' ? port->interface : "none", what,
		  waits ? "the wire is cut until it is back ([ports] lost = wait)"
			: "snoopd ends, so that the service manager starts it again ([ports] lost "
			  "= restart)");
}

/* Runs in the EAL's interrupt thread. */
static int removed(uint16_t port, enum rte_eth_event_type event, void *argument, void *unused)
{
	struct port_watch_side *side = argument;
	const struct link *link = side->watch->link;

	/* The device's registers may be gone: let the workers leave it now. */
	for (uint32_t i = 0; i < link->worker_count; i++)
		worker_set_gate(link_part(link, i), side->side, GATE_ABSENT);
	__atomic_store_n(&side->event,
			 event == RTE_ETH_EVENT_INTR_RMV ? PORT_EVENT_REMOVED : PORT_EVENT_RESET,
			 __ATOMIC_RELEASE);
	pthread_kill(side->watch->control, CARRIER_SIGNAL);
	return 0;
}

static void note_mtu(struct port_watch_side *side, uint32_t mtu_bytes)
{
	struct port *port = port_of(side);
	const struct port *other = &side->watch->link->ports.port[!side->side];
	uint16_t now_bytes = (uint16_t)RTE_MIN(mtu_bytes, (uint32_t)UINT16_MAX);

	if (now_bytes == port->mtu_now_bytes || now_bytes == 0)
		return;
	log_warning(
		"event=port%s side=%s port=%s interface=%s mtu=%u was=%u message=\"%s\"",
		side->watch->link->label, side_names[side->side], port->name, side->now.name,
		now_bytes, port->mtu_now_bytes,
		now_bytes == other->mtu_now_bytes
			? "the MTU was changed: both ports have the same one again"
			: "the MTU was changed, and the other port has another one: a wire needs "
			  "the same on both; what is longer than a port's is lost there: ip link "
			  "set dev INTERFACE mtu BYTES");
	__atomic_store_n(&port->mtu_now_bytes, now_bytes, __ATOMIC_RELAXED);
	/* The workers drop what is longer from now on, unless the port takes every length. */
	if (port->carriage.tx_mtu_bytes != CARRIAGE_ANY)
		carriage_set_mtu(&port->carriage, now_bytes);
}

static void compare(struct port_watch_side *side, const struct link_state *before)
{
	const struct port *port = port_of(side);
	const struct link_state *now = &side->now;

	if (!now->present) {
		lose(side, "its interface has vanished: deleted, unplugged, or moved to another "
			   "network namespace");
		return;
	}
	if (before->name[0] != '\0' && strcmp(before->name, now->name) != 0)
		log_warning(
			"event=port%s side=%s port=%s interface=%s was=%s message=\"the interface "
			"was renamed: the port keeps it, but the next start looks for the old "
			"name\"",
			side->watch->link->label, side_names[side->side], port->name, now->name,
			before->name);
	note_mtu(side, now->mtu_bytes);
}

/* ---- News ---- */

static int take_news(const struct nlmsghdr *message, void *context)
{
	struct port_watch *watch = context;
	unsigned int index = link_state_index(message);

	for (int i = 0; i < 2; i++) {
		struct port_watch_side *side = &watch->side[i];
		struct link_state before = side->now;

		if (!side->watched || index != side->now.index || port_of(side)->gone)
			continue;
		link_state_apply(&side->now, message);
		compare(side, &before);
	}
	return MNL_CB_OK;
}

/* @return 0, or a negative errno value: the kernel does not answer. */
static int ask(struct port_watch_side *side)
{
	struct link_state before = side->now;
	int result;

	if (!side->watched || port_of(side)->gone)
		return 0;
	result = link_state_ask(side->watch->answers, &side->now);
	if (result == 0)
		compare(side, &before);
	return result;
}

void port_watch_look(struct port_watch *watch)
{
	static const char *const what[] = {
		[PORT_EVENT_REMOVED] = "the device was removed",
		[PORT_EVENT_RESET] = "the device was reset by its host, or by a fault",
	};

	if (watch->news != NULL && netlink_listen(watch->news, take_news, watch) != 0)
		for (int i = 0; i < 2; i++)
			ask(&watch->side[i]);
	for (int i = 0; i < 2; i++) {
		uint32_t event = __atomic_load_n(&watch->side[i].event, __ATOMIC_ACQUIRE);

		if (event != PORT_EVENT_NONE)
			lose(&watch->side[i], what[event]);
	}
}

bool port_watch_up(const struct port_watch *watch, enum snoop_side side)
{
	const struct port_watch_side *each = &watch->side[side];

	return !port_of(each)->gone && (!each->watched || (each->now.up && each->now.carrier));
}

const char *port_watch_advice(const struct port_watch *watch, enum snoop_side side, char *out,
			      size_t out_bytes)
{
	const struct port_watch_side *each = &watch->side[side];

	if (!each->watched || each->now.up)
		return "";
	snprintf(out, out_bytes,
		 " message=\"the interface %s is administratively down: ip link set dev %s up\"",
		 each->now.name, each->now.name);
	return out;
}

/* ---- Look after them, from the start to the end ---- */

static void watch_port(struct port_watch_side *side)
{
	const struct port *port = port_of(side);
	struct rte_eth_dev_info info;
	int result;

	side->interrupts = rte_eth_dev_info_get(port->id, &info) == 0 && info.dev_flags != NULL &&
			   (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	side->watched = side->watch->news != NULL && port->path != INTERFACE_NONE &&
			port->path != INTERFACE_BIFURCATED;
	side->now = (struct link_state){.index = port->if_index};
	/* A driver without such interrupts never calls it. */
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RMV, removed, side);
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RESET, removed, side);
	result = ask(side);
	if (result == 0)
		return;
	/* Without a first answer the port would pass for down. */
	side->watched = false;
	log_warning(
		"event=port%s side=%s port=%s interface=%s message=\"the kernel does not tell of "
		"it (%s): its carrier is what the driver says\"",
		side->watch->link->label, side_names[side->side], port->name, port->interface,
		strerror(-result));
}

bool port_watch_act(struct port_watch *watch, uint64_t now_us)
{
	for (int i = 0; i < 2; i++) {
		struct port_watch_side *side = &watch->side[i];

		if (!port_of(side)->gone)
			follow_carrier(side);
		else if (!port_return_waits(watch->link, port_of(side)))
			return false;
		else if (port_return_try(side, now_us))
			watch_port(side);
	}
	return true;
}

void port_watch_start(struct port_watch *watch, struct link *link)
{
	int result = 0;

	memset(watch, 0, sizeof(*watch));
	watch->link = link;
	watch->control = pthread_self();
	watch->news = netlink_open(NETLINK_ROUTE);
	watch->answers = netlink_open(NETLINK_ROUTE);
	if (watch->news == NULL || watch->answers == NULL)
		result = -errno;
	if (result == 0)
		result = netlink_join(watch->news, RTNLGRP_LINK);
	if (result == 0)
		result = netlink_wake(watch->news, gettid(), CARRIER_SIGNAL);
	if (result != 0) {
		log_warning("event=port message=\"the kernel does not tell of its interfaces (%s): "
			    "carriers are what the drivers say\"",
			    strerror(-result));
		netlink_close(watch->news);
		watch->news = NULL;
	}
	for (int i = 0; i < 2; i++) {
		watch->side[i].watch = watch;
		watch->side[i].side = (enum snoop_side)i;
		watch_port(&watch->side[i]);
		port_return_explain(link, port_of(&watch->side[i]));
	}
}

void port_watch_stop(struct port_watch *watch)
{
	for (int i = 0; i < 2; i++) {
		uint16_t id = port_of(&watch->side[i])->id;

		if (watch->side[i].shut)
			continue;
		rte_eth_dev_callback_unregister(id, RTE_ETH_EVENT_INTR_RMV, removed,
						&watch->side[i]);
		rte_eth_dev_callback_unregister(id, RTE_ETH_EVENT_INTR_RESET, removed,
						&watch->side[i]);
	}
	netlink_close(watch->news);
	netlink_close(watch->answers);
}
