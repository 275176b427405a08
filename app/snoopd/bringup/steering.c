/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/steering.h>

#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/rss.h>

/*
 * One RX queue is enough if the workers hand packets over. But if the device's arguments fix the
 * number of queues, packets arrive in all of them.
 */
static struct handoff_plan software_plan(const struct ports *ports, uint32_t workers)
{
	struct handoff_plan plan = {.workers = workers, .software = true};

	for (int side = 0; side < 2; side++) {
		const struct port *port = &ports->port[side];
		bool first_only = (port->traits->flags & DRIVER_ONE_QUEUE) != 0;
		bool all = (port->traits->flags & DRIVER_ALL_QUEUES) != 0;

		plan.rx_queues[side] = all ? port->rx_queues_max : 1;
		plan.tx_queues[side] =
			first_only ? 1 : (uint16_t)RTE_MIN(workers, port->tx_queues_max);
	}
	return plan;
}

static struct handoff_plan rss_plan(const struct ports *ports, uint32_t workers)
{
	struct handoff_plan plan = {.workers = workers};

	for (int side = 0; side < 2; side++) {
		plan.rx_queues[side] = (uint16_t)workers;
		plan.tx_queues[side] = (uint16_t)RTE_MIN(workers, ports->port[side].tx_queues_max);
	}
	return plan;
}

static int refuse(const struct steering *steering, const struct config *config)
{
	log_error(
		"%s: [workers] distribution = rss is not possible here: %s; with auto or software "
		"the workers hand packets over to each other",
		config->file, steering->how);
	return -1;
}

int steering_choose(struct steering *steering, const struct config *config,
		    const struct ports *ports, uint32_t workers)
{
	bool demanded = config->distribution == CONFIG_DISTRIBUTION_RSS;

	memset(steering, 0, sizeof(*steering));
	steering->plan = steering->fallback = software_plan(ports, workers);
	if (workers == 1)
		return 0;
	if (config->distribution == CONFIG_DISTRIBUTION_SOFTWARE) {
		snprintf(steering->how, sizeof(steering->how), "by configuration");
		return 0;
	}
	if (!rss_offered(ports, (uint16_t)workers, steering->how, sizeof(steering->how)))
		return demanded ? refuse(steering, config) : 0;
	steering->plan = rss_plan(ports, workers);
	if (demanded)
		steering->fallback = steering->plan;
	return 0;
}

int steering_establish(struct steering *steering, const struct config *config,
		       const struct ports *ports)
{
	const struct handoff_plan *plan = &steering->plan;

	if (plan->software ||
	    rss_establish(ports, plan->rx_queues[0], steering->how, sizeof(steering->how)))
		return 0;
	if (config->distribution == CONFIG_DISTRIBUTION_RSS)
		return refuse(steering, config);
	log_warning("event=distribution result=software message=\"RSS does not work: %s; falling "
		    "back to hand-over between the workers\"",
		    steering->how);
	steering->plan = steering->fallback;
	return 1;
}

uint32_t steering_rings(const struct steering *steering)
{
	return RTE_MAX(handoff_rings(&steering->plan), handoff_rings(&steering->fallback));
}

const char *steering_name(const struct steering *steering)
{
	if (steering->plan.workers == 1)
		return "none";
	return config_distribution_name(steering->plan.software ? CONFIG_DISTRIBUTION_SOFTWARE
								: CONFIG_DISTRIBUTION_RSS);
}
