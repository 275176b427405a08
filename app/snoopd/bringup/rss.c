/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/rss.h>

#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_flow.h>

#define KEY_BYTES_MIN 40u /* what addresses and ports of IPv6 take, and every common NIC has */
#define TABLE_MAX 4096u
#define GROUPS_MAX (TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE)
#define FIELDS_NEEDED (RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP)
/* Spread other packets too if the port offers that. Packets with none of the fields go to queue 0.
 */
#define FIELDS_WANTED                                                                              \
	(FIELDS_NEEDED | RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_IPV6 |             \
	 RTE_ETH_RSS_FRAG_IPV6)

/* What a port reads back. */
struct state {
	uint8_t key[RSS_KEY_BYTES_MAX];
	uint32_t key_bytes;
	uint64_t fields;
	uint16_t table[TABLE_MAX];
	uint32_t table_entries;
};

/* A driver that states no length takes the common one. At most RSS_KEY_BYTES_MAX. */
static uint8_t key_bytes_of(const struct rte_eth_dev_info *info)
{
	if (info->hash_key_size == 0)
		return KEY_BYTES_MIN;
	return (uint8_t)RTE_MIN(info->hash_key_size, RSS_KEY_BYTES_MAX);
}

static void fill_key(uint8_t *key, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a;
}

static bool port_offers(const struct port *port, uint16_t queues, char *why, size_t why_bytes)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(port->id, &info) != 0)
		snprintf(why, why_bytes, "port %s gives no device information", port->name);
	else if (info.max_rx_queues < queues)
		snprintf(why, why_bytes, "port %s (%s) has %u RX queues for %u workers", port->name,
			 port->driver, info.max_rx_queues, queues);
	else if ((info.flow_type_rss_offloads & FIELDS_NEEDED) != FIELDS_NEEDED)
		snprintf(why, why_bytes, "port %s (%s) has no RSS over the ports of TCP",
			 port->name, port->driver);
	else if (key_bytes_of(&info) < KEY_BYTES_MIN || info.hash_key_size > RSS_KEY_BYTES_MAX)
		snprintf(why, why_bytes, "port %s (%s) takes RSS keys of %u bytes", port->name,
			 port->driver, info.hash_key_size);
	else if (info.reta_size == 0 || info.reta_size > TABLE_MAX)
		snprintf(why, why_bytes, "port %s (%s) has an RSS table of %u entries", port->name,
			 port->driver, info.reta_size);
	else
		return true;
	return false;
}

bool rss_offered(const struct ports *ports, uint16_t queues, char *why, size_t why_bytes)
{
	const struct port *wired = &ports->port[SNOOP_WIRED];
	const struct port *wireless = &ports->port[SNOOP_WIRELESS];

	/* Each driver parses tags, tunnels and extension headers in its own way. */
	if (strcmp(wired->driver, wireless->driver) != 0) {
		snprintf(why, why_bytes, "the ports have different drivers (%s, %s)", wired->driver,
			 wireless->driver);
		return false;
	}
	return port_offers(wired, queues, why, why_bytes) &&
	       port_offers(wireless, queues, why, why_bytes);
}

void rss_configure(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf,
		   uint8_t key[RSS_KEY_BYTES_MAX])
{
	fill_key(key, key_bytes_of(info));
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = key,
		.rss_key_len = key_bytes_of(info),
		.rss_hf = info->flow_type_rss_offloads & FIELDS_WANTED,
	};
}

static int write_table(const struct port *port, uint32_t entries, uint16_t queues)
{
	struct rte_eth_rss_reta_entry64 groups[GROUPS_MAX] = {0};

	for (uint32_t i = 0; i < entries; i++) {
		groups[i / RTE_ETH_RETA_GROUP_SIZE].mask |= 1ull << i % RTE_ETH_RETA_GROUP_SIZE;
		groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			(uint16_t)(i % queues);
	}
	return rte_eth_dev_rss_reta_update(port->id, groups, (uint16_t)entries);
}

static int read_table(const struct port *port, struct state *state)
{
	struct rte_eth_rss_reta_entry64 groups[GROUPS_MAX] = {0};
	int result;

	for (uint32_t i = 0; i < state->table_entries; i++)
		groups[i / RTE_ETH_RETA_GROUP_SIZE].mask |= 1ull << i % RTE_ETH_RETA_GROUP_SIZE;
	result = rte_eth_dev_rss_reta_query(port->id, groups, (uint16_t)state->table_entries);
	for (uint32_t i = 0; result == 0 && i < state->table_entries; i++)
		state->table[i] =
			groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
	return result;
}

/* Repeat what rss_configure() said: some drivers take the key only here. Reading back decides. */
static void write_key(const struct port *port, const struct rte_eth_dev_info *info)
{
	uint8_t key[RSS_KEY_BYTES_MAX];
	struct rte_eth_conf conf;

	rss_configure(info, &conf, key);
	rte_eth_dev_rss_hash_update(port->id, &conf.rx_adv_conf.rss_conf);
}

static int read_key(const struct port *port, struct state *state)
{
	struct rte_eth_rss_conf conf = {
		.rss_key = state->key,
		.rss_key_len = (uint8_t)state->key_bytes,
	};
	int result = rte_eth_dev_rss_hash_conf_get(port->id, &conf);

	state->fields = conf.rss_hf;
	return result;
}

static bool set_up(const struct port *port, uint16_t queues, struct state *state, char *how,
		   size_t how_bytes)
{
	const char *what = "device information";
	struct rte_eth_dev_info info;
	int result = rte_eth_dev_info_get(port->id, &info);

	if (result == 0) {
		state->key_bytes = key_bytes_of(&info);
		state->table_entries = RTE_MIN(info.reta_size, TABLE_MAX);
		what = "RSS table cannot be written";
		result = write_table(port, state->table_entries, queues);
		write_key(port, &info);
	}
	if (result != 0)
		snprintf(how, how_bytes, "port %s (%s): %s: %s", port->name, port->driver, what,
			 rte_strerror(-result));
	return result == 0;
}

static bool read_back(const struct port *port, struct state *state, char *how, size_t how_bytes)
{
	const char *what = "RSS table cannot be read";
	int result = read_table(port, state);

	if (result == 0) {
		what = "RSS key cannot be read";
		result = read_key(port, state);
	}
	if (result != 0)
		snprintf(how, how_bytes, "port %s (%s): %s: %s", port->name, port->driver, what,
			 rte_strerror(-result));
	return result == 0;
}

/* Use the port's own key and table, because only those can be read back. */
static int add_rule(const struct port *port, enum rte_flow_item_type ip, uint64_t fields)
{
	const struct rte_flow_attr attr = {.ingress = 1};
	const struct rte_flow_item pattern[] = {
		{.type = RTE_FLOW_ITEM_TYPE_ETH},
		{.type = ip},
		{.type = RTE_FLOW_ITEM_TYPE_TCP},
		{.type = RTE_FLOW_ITEM_TYPE_END},
	};
	const struct rte_flow_action_rss rss = {
		.func = RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ,
		.types = fields,
	};
	const struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
		{.type = RTE_FLOW_ACTION_TYPE_END},
	};
	struct rte_flow_error error;

	if (rte_flow_validate(port->id, &attr, pattern, actions, &error) != 0)
		return -1;
	return rte_flow_create(port->id, &attr, pattern, actions, &error) == NULL ? -1 : 0;
}

static bool add_rules(const struct ports *ports)
{
	struct rte_flow_error error;

	for (int side = 0; side < 2; side++) {
		const struct port *port = &ports->port[side];

		if (add_rule(port, RTE_FLOW_ITEM_TYPE_IPV4, RTE_ETH_RSS_NONFRAG_IPV4_TCP) == 0 &&
		    add_rule(port, RTE_FLOW_ITEM_TYPE_IPV6, RTE_ETH_RSS_NONFRAG_IPV6_TCP) == 0)
			continue;
		for (; side >= 0; side--)
			rte_flow_flush(ports->port[side].id, &error);
		return false;
	}
	return true;
}

/*
 * The symmetric key is required even with rules: a rule matches Ethernet, IP and TCP in a row, so
 * TCP after a VLAN tag may be hashed by the key alone.
 *
 * @return what is wrong with the pair, or NULL.
 */
static const char *compare(const struct state state[2], uint16_t queues)
{
	uint8_t key[RSS_KEY_BYTES_MAX];

	fill_key(key, state[0].key_bytes);
	if (state[0].key_bytes != state[1].key_bytes ||
	    memcmp(state[0].key, state[1].key, state[0].key_bytes) != 0)
		return "the ports have different RSS keys";
	if (memcmp(state[0].key, key, state[0].key_bytes) != 0)
		return "the ports have not taken the symmetric RSS key";
	if (state[0].fields != state[1].fields ||
	    (state[0].fields & FIELDS_NEEDED) != FIELDS_NEEDED)
		return "the ports do not hash the same fields, or not the ports of TCP";
	if (state[0].table_entries != state[1].table_entries)
		return "the ports have RSS tables of different sizes";
	for (uint32_t i = 0; i < state[0].table_entries; i++)
		if (state[0].table[i] != i % queues || state[1].table[i] != i % queues)
			return "the ports have not taken the RSS table";
	return NULL;
}

bool rss_establish(const struct ports *ports, uint16_t queues, char *how, size_t how_bytes)
{
	struct state state[2] = {0};
	const char *wrong;
	bool ruled;

	for (int side = 0; side < 2; side++)
		if (!set_up(&ports->port[side], queues, &state[side], how, how_bytes))
			return false;
	ruled = add_rules(ports);
	for (int side = 0; side < 2; side++)
		if (!read_back(&ports->port[side], &state[side], how, how_bytes))
			return false;
	wrong = compare(state, queues);
	snprintf(how, how_bytes, "%s",
		 wrong != NULL ? wrong
		 : ruled       ? "flow rule, symmetric Toeplitz"
			       : "symmetric key 6d5a");
	return wrong == NULL;
}
