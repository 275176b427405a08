/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/port_return.h>

#include <net/if.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/control/link.h>
#include <snoopd/control/port_watch.h>
#include <snoopd/datapath/worker.h>

#define RETRY_US CLOCK_US_PER_S

bool port_return_waits(const struct link *link, const struct port *port)
{
	return link->lost == CONFIG_LOST_WAIT && (port->traits->flags & DRIVER_REOPENS) != 0;
}

void port_return_explain(const struct link *link, const struct port *port)
{
	if (link->lost == CONFIG_LOST_WAIT && !port_return_waits(link, port))
		log_warning("event=port%s port=%s driver=%s message=\"[ports] lost = wait has no "
			    "effect: snoopd cannot open a port of this driver again while it runs; "
			    "it will end if the port is lost\"",
			    link->label, port->name, port->driver);
}

/* The driver makes the interface by itself, or it has to be there. */
static bool can_be_opened(const struct port *port)
{
	return (port->traits->flags & DRIVER_MAKES_INTERFACE) != 0 ||
	       if_nametoindex(port->interface) != 0;
}

static void tell_workers(const struct link *link, enum snoop_side side)
{
	for (uint32_t i = 0; i < link->worker_count; i++) {
		struct worker_link *part = link_part(link, i);

		/* They see it once the gate is open, which publishes it. */
		part->port[side].port_id = link->ports.port[side].id;
		part->output[side].port_id = link->ports.port[side].id;
	}
}

static bool reopen(struct port_watch_side *side)
{
	struct link *link = side->watch->link;
	struct port *port = &link->ports.port[side->side];

	if (ports_reopen(&link->ports, port, link->config, !link->steering.plan.software,
			 link->workers[0]->pool) != 0) {
		ports_shut(port);
		if (!side->refused)
			log_error("event=port%s port=%s interface=%s state=gone message=\"the "
				  "interface is there, but the port does not open: see the line "
				  "above; snoopd goes on trying\"",
				  link->label, port->name, port->interface);
		side->refused = true;
		return false;
	}
	side->refused = side->shut = false;
	side->event = PORT_EVENT_NONE;
	tell_workers(link, side->side);
	__atomic_store_n(&port->gone, false, __ATOMIC_RELAXED);
	log_line("event=port%s port=%s interface=%s state=back mtu=%u", link->label, port->name,
		 port->interface, port->mtu_bytes);
	return true;
}

bool port_return_try(struct port_watch_side *side, uint64_t now_us)
{
	struct port *port = &side->watch->link->ports.port[side->side];
	bool back = false;

	if (now_us < side->retry_us || !port_watch_is_left(side) ||
	    (side->shut && !can_be_opened(port)) || link_try_lock(side->watch->link) == NULL)
		return false;
	if (!side->shut) {
		ports_shut(port);
		side->shut = true;
	} else {
		back = reopen(side);
		side->retry_us = back ? 0 : now_us + RETRY_US;
	}
	link_unlock(side->watch->link);
	return back;
}
