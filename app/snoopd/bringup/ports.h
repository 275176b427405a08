/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The room bringup: everything that is opened before the first packet and closed after the last.
 * The control thread runs here, before the workers run and after they have stopped. It may touch
 * DPDK's ports and memory, and user, rights and files of the process. It may call datapath (sizes
 * and types), base and lib; control, observe and appliance.c call it.
 *
 * This file: the two ports of a link, found by name or index, checked as a pair, configured,
 * started, closed. Order: ports_find(), ports_configure(), (pool_create()), ports_start(),
 * ports_close(). It calls port_checks.h, driver_table.h, rss.h and the ethdev library.
 */
#ifndef SNOOPD_PORTS_H
#define SNOOPD_PORTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include <config/config.h>
#include <snoop/snoop.h>
#include <snoopd/bringup/driver_table.h>
#include <snoopd/base/carriage.h>
#include <snoopd/bringup/port_behind.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/kernel/interface.h>

/** Written by ports.c while no worker runs, then constant, except for the last fields. */
struct port {
	/* Set by ports_find(). */
	uint16_t id;
	char name[RTE_ETH_NAME_MAX_LEN];
	const char *driver; /* its name */
	const struct driver_traits *traits;
	int socket;			       /* SOCKET_ID_ANY for devices without one */
	uint16_t rx_queues_max, tx_queues_max; /* that the device can have */
	uint32_t room_min_bytes;	       /* smallest buffer that the driver takes */
	unsigned int if_index;		       /* network interface below the port, 0 = none */
	char *devargs;			       /* what the device was made with; NULL = nothing */
	char interface[IF_NAMESIZE];
	enum interface_path path; /* from there to the port */

	/* Set by ports_configure(). */
	uint16_t rx_queues, tx_queues;
	uint16_t rx_descriptors, tx_descriptors; /* per queue, as the driver takes them */
	uint16_t mtu_bytes;
	uint64_t rx_offloads, tx_offloads;

	bool configured, started;
	struct port_behind *behind; /* set by ports_start() */

	/* Set by port_interfaces_take(). */
	bool claimed;
	int claim;		   /* holds the interface against other processes */
	uint32_t offloads_watched; /* those that change frames on their way to the port */

	/* Set by ports_configure(); the workers read it, and its MTU may change at any time. */
	struct carriage carriage;

	/* Written by control/interfaces.c while workers run; other threads read it atomically. */
	uint32_t offloads_on; /* of offloads_watched: see offloads_list() */

	/* Written by the room control while workers run; other threads read them atomically. */
	bool link_up;
	bool link_taken; /* snoopd took the carrier down: it follows the other side */
	bool gone;	 /* the interface or device vanished: nobody touches the port */
	uint16_t mtu_now_bytes;
};

struct ports {
	struct port port[2]; /* by enum snoop_side */
	uint16_t mtu_bytes;
	uint32_t room_min_bytes; /* smallest buffer that both drivers take */
	int socket;		 /* where pools and tables go */
	pid_t beside;		 /* the process that forwards while this one waits, 0 = none */
};

/**
 * Find both and check what can be checked of a pair.
 *
 * @return 0, or after one line on stderr -1, or -ENODEV: the EAL was told of a port, but there is
 * no such device or interface now.
 */
int ports_find(struct ports *ports, const struct config *config);

/**
 * Set the number of queues, RSS, offloads and MTU. Once more after ports_stop() if need be.
 *
 * @return 0, or -1 after one line on stderr.
 */
int ports_configure(struct ports *ports, const struct config *config,
		    const struct handoff_plan *plan);

/** Set up the queues, start, promiscuous. @return 0, or -1 after one line on stderr. */
int ports_start(struct ports *ports, struct rte_mempool *mempool);

/** Any thread. @return "up", "down" or "gone". */
static inline const char *ports_link_name(const struct port *port)
{
	if (__atomic_load_n(&port->gone, __ATOMIC_RELAXED))
		return "gone";
	return __atomic_load_n(&port->link_up, __ATOMIC_RELAXED) ? "up" : "down";
}

/** Stop what was started. */
void ports_stop(struct ports *ports);

/** Close a port whose interface is gone, and take its device out of DPDK. No worker touches it. */
void ports_shut(struct port *port);

/**
 * Make the device again with the arguments that it had, configure and start it. Its id, MTU and
 * interface may be others.
 *
 * @param rss  as it was configured at the start
 * @return 0, or -1 after one line on stderr; then ports_shut() it.
 */
int ports_reopen(struct ports *ports, struct port *port, const struct config *config, bool rss,
		 struct rte_mempool *mempool);

/** Stop and close what was started or configured. Buffers go back to their pool. */
void ports_close(struct ports *ports);

#endif
