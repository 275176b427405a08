/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RSS: the symmetric key, and that nothing is believed that does not read back. The functions of
 * ethdev are faked here, one device per port; rte_softrss() says what a NIC would do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_flow.h>
#include <rte_thash.h>

#include <snoopd/bringup/rss.h>

#define TABLE 128

static struct device {
	struct rte_eth_dev_info info;
	uint8_t key[RSS_KEY_BYTES_MAX];
	uint64_t fields;
	uint16_t table[TABLE];
	int update_result, query_result, conf_result;
	bool takes_key, takes_rules, ignores_table;
	int rules, rules_max;
} devices[2];

static struct ports ports = {
	.port = {{.id = 0, .name = "a", .driver = "net_x"},
		 {.id = 1, .name = "b", .driver = "net_x"}},
};

int rte_eth_dev_info_get(uint16_t port_id, struct rte_eth_dev_info *info)
{
	*info = devices[port_id].info;
	return 0;
}

int rte_eth_dev_rss_reta_update(uint16_t port_id, struct rte_eth_rss_reta_entry64 *groups,
				uint16_t entries)
{
	struct device *device = &devices[port_id];

	assert_int_equal(entries, device->info.reta_size);
	for (uint32_t i = 0; i < entries && !device->ignores_table; i++)
		if (groups[i / 64].mask >> i % 64 & 1)
			device->table[i] = groups[i / 64].reta[i % 64];
	return device->update_result;
}

int rte_eth_dev_rss_reta_query(uint16_t port_id, struct rte_eth_rss_reta_entry64 *groups,
			       uint16_t entries)
{
	for (uint32_t i = 0; i < entries; i++)
		if (groups[i / 64].mask >> i % 64 & 1)
			groups[i / 64].reta[i % 64] = devices[port_id].table[i];
	return devices[port_id].query_result;
}

int rte_eth_dev_rss_hash_update(uint16_t port_id, struct rte_eth_rss_conf *conf)
{
	if (!devices[port_id].takes_key)
		return -ENOTSUP;
	memcpy(devices[port_id].key, conf->rss_key, conf->rss_key_len);
	devices[port_id].fields = conf->rss_hf;
	return 0;
}

int rte_eth_dev_rss_hash_conf_get(uint16_t port_id, struct rte_eth_rss_conf *conf)
{
	assert_in_range(conf->rss_key_len, 40, RSS_KEY_BYTES_MAX);
	memcpy(conf->rss_key, devices[port_id].key, conf->rss_key_len);
	conf->rss_hf = devices[port_id].fields;
	return devices[port_id].conf_result;
}

int rte_flow_validate(uint16_t port_id, const struct rte_flow_attr *attr,
		      const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
		      struct rte_flow_error *error)
{
	const struct rte_flow_action_rss *rss = actions[0].conf;

	assert_int_equal(rss->func, RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ);
	return devices[port_id].takes_rules ? 0 : -ENOTSUP;
}

struct rte_flow *rte_flow_create(uint16_t port_id, const struct rte_flow_attr *attr,
				 const struct rte_flow_item pattern[],
				 const struct rte_flow_action actions[],
				 struct rte_flow_error *error)
{
	if (devices[port_id].rules == devices[port_id].rules_max)
		return NULL;
	devices[port_id].rules++;
	return (struct rte_flow *)&devices[port_id];
}

int rte_flow_flush(uint16_t port_id, struct rte_flow_error *error)
{
	devices[port_id].rules = 0;
	return 0;
}

/* Two devices that take everything, configured as ports.c does. */
static int set_up(void **state)
{
	(void)state;
	memset(devices, 0, sizeof(devices));
	ports.port[1].driver = "net_x";
	for (int i = 0; i < 2; i++) {
		struct rte_eth_conf conf = {0};
		static uint8_t key[RSS_KEY_BYTES_MAX];

		devices[i].info.max_rx_queues = 8;
		devices[i].info.flow_type_rss_offloads = RTE_ETH_RSS_NONFRAG_IPV4_TCP |
							 RTE_ETH_RSS_NONFRAG_IPV6_TCP |
							 RTE_ETH_RSS_IPV4;
		devices[i].info.hash_key_size = 52;
		devices[i].info.reta_size = TABLE;
		devices[i].rules_max = 2;
		rss_configure(&devices[i].info, &conf, key);
		assert_int_equal(conf.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
		assert_int_equal(conf.rx_adv_conf.rss_conf.rss_key_len, 52);
		memcpy(devices[i].key, conf.rx_adv_conf.rss_conf.rss_key, 52);
		devices[i].fields = conf.rx_adv_conf.rss_conf.rss_hf;
	}
	return 0;
}

/* Which queue a device would choose. */
static uint16_t queue_of(const struct device *device, const uint32_t *tuple, uint32_t words)
{
	uint32_t copy[16];

	memcpy(copy, tuple, words * sizeof(*tuple));
	return device->table[rte_softrss(copy, words, device->key) % device->info.reta_size];
}

static void test_both_directions_meet(void **state)
{
	uint32_t flows[3] = {0};
	char how[200];

	(void)state;
	assert_true(rss_offered(&ports, 3, how, sizeof(how)));
	assert_true(rss_establish(&ports, 3, how, sizeof(how)));
	assert_string_equal(how, "symmetric key 6d5a");
	for (int i = 0; i < 100000; i++) {
		/* IPv4: two addresses and the ports; IPv6: four words each. */
		uint32_t words = i % 2 == 0 ? 1 : 4, there[9], back[9];
		uint16_t queue;

		for (uint32_t word = 0; word < 2 * words + 1; word++)
			there[word] = (uint32_t)random() ^ (uint32_t)random() << 16;
		memcpy(back, there + words, words * sizeof(*there));
		memcpy(back + words, there, words * sizeof(*there));
		back[2 * words] = there[2 * words] >> 16 | there[2 * words] << 16;
		queue = queue_of(&devices[0], there, 2 * words + 1);
		assert_int_equal(queue, queue_of(&devices[1], back, 2 * words + 1));
		flows[queue]++;
	}
	/* The symmetric key uses 16 bits of entropy of the tuple; that is enough for the workers.
	 */
	for (int queue = 0; queue < 3; queue++)
		assert_in_range(flows[queue], 25000, 42000);
}

static void refuse(const char *reason)
{
	char how[200] = "";

	assert_false(rss_establish(&ports, 4, how, sizeof(how)));
	if (strstr(how, reason) == NULL)
		fail_msg("'%s', not '%s'", how, reason);
}

static void test_nothing_is_believed(void **state)
{
	(void)state;
	devices[1].key[7] ^= 1;
	refuse("different RSS keys");
	devices[0].key[7] ^= 1;
	refuse("not taken the symmetric RSS key");
	set_up(NULL);
	devices[1].fields = RTE_ETH_RSS_NONFRAG_IPV4_TCP;
	refuse("same fields");
	devices[0].fields = devices[1].fields;
	refuse("same fields");
	set_up(NULL);
	devices[0].ignores_table = true;
	devices[0].table[5] = 3;
	refuse("not taken the RSS table");
	set_up(NULL);
	devices[1].info.reta_size = 64;
	refuse("different sizes");
	set_up(NULL);
	devices[1].update_result = -EINVAL;
	refuse("port b (net_x): RSS table cannot be written: Invalid argument");
	set_up(NULL);
	devices[0].query_result = -ENOTSUP;
	refuse("RSS table cannot be read");
	set_up(NULL);
	devices[0].conf_result = -EIO;
	refuse("RSS key cannot be read");
}

static void test_key_is_written_again(void **state)
{
	char how[200];

	(void)state;
	for (int i = 0; i < 2; i++) {
		devices[i].takes_key = true;
		devices[i].key[3] = 0;
	}
	assert_true(rss_establish(&ports, 4, how, sizeof(how)));
}

static void test_rules_come_first(void **state)
{
	char how[200];

	(void)state;
	devices[0].takes_rules = devices[1].takes_rules = true;
	assert_true(rss_establish(&ports, 4, how, sizeof(how)));
	assert_string_equal(how, "flow rule, symmetric Toeplitz");
	assert_int_equal(devices[0].rules + devices[1].rules, 4);
}

/* The function is symmetric with any key, but TCP behind a VLAN tag matches no rule. */
static void test_rules_do_not_replace_the_key(void **state)
{
	(void)state;
	devices[0].takes_rules = devices[1].takes_rules = true;
	devices[0].key[0] = devices[1].key[0] = 0xff;
	refuse("not taken the symmetric RSS key");
	set_up(NULL);
	devices[0].takes_rules = devices[1].takes_rules = true;
	devices[1].key[0] = 0xfe;
	refuse("different RSS keys");
}

static void test_rules_on_both_or_none(void **state)
{
	char how[200];

	(void)state;
	devices[0].takes_rules = devices[1].takes_rules = true;
	devices[1].rules_max = 1;
	assert_true(rss_establish(&ports, 4, how, sizeof(how)));
	assert_string_equal(how, "symmetric key 6d5a");
	assert_int_equal(devices[0].rules + devices[1].rules, 0);
}

static void not_offered(const char *reason)
{
	char why[200] = "";

	assert_false(rss_offered(&ports, 4, why, sizeof(why)));
	if (strstr(why, reason) == NULL)
		fail_msg("'%s', not '%s'", why, reason);
	set_up(NULL);
}

static void test_what_is_offered(void **state)
{
	(void)state;
	ports.port[1].driver = "net_y";
	not_offered("different drivers (net_x, net_y)");
	devices[0].info.max_rx_queues = 3;
	not_offered("port a (net_x) has 3 RX queues for 4 workers");
	devices[1].info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4;
	not_offered("port b (net_x) has no RSS over the ports of TCP");
	devices[1].info.hash_key_size = 16;
	not_offered("keys of 16 bytes");
	devices[0].info.hash_key_size = RSS_KEY_BYTES_MAX + 1;
	not_offered("keys of 65 bytes");
	devices[0].info.reta_size = 0;
	not_offered("table of 0 entries");
}

/* Whatever a driver says, the key ends where its room does. */
static void test_key_has_a_bound(void **state)
{
	uint8_t room[RSS_KEY_BYTES_MAX + 1] = {0};
	struct rte_eth_conf conf = {0};

	(void)state;
	devices[0].info.hash_key_size = UINT8_MAX;
	room[RSS_KEY_BYTES_MAX] = 0xa5;
	rss_configure(&devices[0].info, &conf, room);
	assert_int_equal(conf.rx_adv_conf.rss_conf.rss_key_len, RSS_KEY_BYTES_MAX);
	assert_int_equal(room[RSS_KEY_BYTES_MAX], 0xa5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_both_directions_meet, set_up),
		cmocka_unit_test_setup(test_nothing_is_believed, set_up),
		cmocka_unit_test_setup(test_key_is_written_again, set_up),
		cmocka_unit_test_setup(test_rules_come_first, set_up),
		cmocka_unit_test_setup(test_rules_do_not_replace_the_key, set_up),
		cmocka_unit_test_setup(test_rules_on_both_or_none, set_up),
		cmocka_unit_test_setup(test_what_is_offered, set_up),
		cmocka_unit_test_setup(test_key_has_a_bound, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
