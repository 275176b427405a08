/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/port_losses.h>

void port_losses_read(const struct port *port, struct port_losses *losses)
{
	struct rte_eth_stats stats;

	*losses = (struct port_losses){0};
	if (__atomic_load_n(&port->gone, __ATOMIC_RELAXED) ||
	    rte_eth_stats_get(port->id, &stats) != 0)
		return;
	losses->known = true;
	losses->missed_known = (port->traits->flags & DRIVER_MISSES_UNCOUNTED) == 0;
	if (losses->missed_known)
		losses->missed = stats.imissed + stats.rx_nombuf +
				 port_behind_missed(port->behind, port->path, port->if_index);
	losses->rx_errors = stats.ierrors;
	losses->tx_errors = stats.oerrors;
}
