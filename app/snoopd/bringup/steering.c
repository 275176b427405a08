/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/steering.h>

#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/rss.h>

/* One RX queue is enough where the workers hand over, unless the device's arguments fix how many
 * there are: packets arrive in all of them then. */
static struct handoff_plan software_plan(const struct ports *ports, uint32_t workers)
{
	struct handoff_plan plan = {.workers = workers, .software = true};

	for (int side = 0; side < 2; side++) {
		const struct port *port = &ports->port[side];
		bool first_only = (port->quirk->flags & DRIVER_ONE_QUEUE) != 0;
		bool all = (port->quirk->flags & DRIVER_ALL_QUEUES) != 0;

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

static int refuse(const struct steering *distribution, const struct config *config)
{
	log_error(
		"%s: [workers] distribution = rss is not possible here: %s; with auto or software "
		"the workers hand over by themselves",
		config->file, distribution->how);
	return -1;
}

int steering_choose(struct steering *distribution, const struct config *config,
			const struct ports *ports, uint32_t workers)
{
	bool demanded = config->distribution == CONFIG_DISTRIBUTION_RSS;

	memset(distribution, 0, sizeof(*distribution));
	distribution->plan = distribution->fallback = software_plan(ports, workers);
	if (workers == 1)
		return 0;
	if (config->distribution == CONFIG_DISTRIBUTION_SOFTWARE) {
		snprintf(distribution->how, sizeof(distribution->how), "by configuration");
		return 0;
	}
	if (!rss_offered(ports, (uint16_t)workers, distribution->how, sizeof(distribution->how)))
		return demanded ? refuse(distribution, config) : 0;
	distribution->plan = rss_plan(ports, workers);
	if (demanded)
		distribution->fallback = distribution->plan;
	return 0;
}

int steering_establish(struct steering *distribution, const struct config *config,
			   const struct ports *ports)
{
	const struct handoff_plan *plan = &distribution->plan;

	if (plan->software ||
	    rss_establish(ports, plan->rx_queues[0], distribution->how, sizeof(distribution->how)))
		return 0;
	if (config->distribution == CONFIG_DISTRIBUTION_RSS)
		return refuse(distribution, config);
	log_warning("event=distribution result=software message=\"no RSS: %s: the workers hand "
		    "over by themselves\"",
		    distribution->how);
	distribution->plan = distribution->fallback;
	return 1;
}

uint32_t steering_rings(const struct steering *distribution)
{
	return RTE_MAX(handoff_rings(&distribution->plan), handoff_rings(&distribution->fallback));
}

const char *steering_name(const struct steering *distribution)
{
	if (distribution->plan.workers == 1)
		return "none";
	return config_distribution_name(distribution->plan.software ? CONFIG_DISTRIBUTION_SOFTWARE
								    : CONFIG_DISTRIBUTION_RSS);
}
