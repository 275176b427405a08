/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow table against a list of what is in it: whatever the hashes are, it holds what it was
 * made for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <flow/hash.h>
#include <flow/other_vlan.h>
#include <flow/table.h>

#define FLOWS 1000u
#define KEYS 1500u /* more than there is room for */
#define STEPS 30000u
#define SECRET 0x5eed5eed5eed5eedull

static struct flow_table table;
static struct flow_record *expected[KEYS]; /* by number of the key; NULL = not in the table */
static uint32_t expected_count;

/* Memory without an EAL. */
void *rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	void *memory = aligned_alloc(align, RTE_ALIGN_CEIL(size, align));

	return memory != NULL ? memset(memory, 0, size) : NULL;
}

void rte_free(void *memory)
{
	free(memory);
}

static struct snoop_key key_of(uint32_t number)
{
	uint32_t wired = number % 16, station = number / 256 % 16;
	struct snoop_key key = {.wired_port = 443, .station_port = 50000, .ip_version = 6};

	/* Neighbours differ in one byte, in each part of the key. */
	key.wired_addr[wired] = (uint8_t)(1 + number / 16 % 16);
	key.station_addr[station] = (uint8_t)(1 + number / 256 / 16);
	/* Keys of all kinds: IPv4, some of it in a VLAN, and IPv6. */
	if (wired < 4 && station < 4)
		key.ip_version = 4;
	key.vlan[0] = number % 7 == 0 ? 0x81000001 : 0;
	key.link = number % 5 == 0 ? FLOW_LINKS - 1 : 0;
	return key;
}

typedef uint32_t (*hash_fn)(uint32_t number);

static uint32_t real(uint32_t number)
{
	struct snoop_key key = key_of(number);

	return (uint32_t)flow_hash(&key, SECRET);
}

static uint32_t same(uint32_t number)
{
	return 0x12345600;
}

/* One bucket each for many, all with one tag. */
static uint32_t crowded(uint32_t number)
{
	return number % 3 << 30;
}

/* One bucket, tags that differ by a bit, zero among them. */
static uint32_t similar(uint32_t number)
{
	return 0xfffffe00 | (uint8_t)(1u << number % 9);
}

static const hash_fn hashes[] = {real, same, crowded, similar};

static int setup(void **state)
{
	memset(expected, 0, sizeof(expected));
	expected_count = 0;
	return flow_table_create(&table, "test", FLOWS, 0);
}

static int teardown(void **state)
{
	flow_table_free(&table);
	return 0;
}

static void add(hash_fn hash, uint32_t number)
{
	struct snoop_key key = key_of(number);
	uint32_t changes = table.changes;

	expected[number] = flow_table_add(&table, &key, hash(number));
	if (expected_count == FLOWS) {
		assert_null(expected[number]);
		assert_int_equal(table.changes, changes);
		return;
	}
	assert_non_null(expected[number]);
	assert_int_equal(expected[number]->hash, hash(number));
	assert_true(expected[number]->in_use);
	assert_int_equal(expected[number]->flow.snd_max, 0);
	assert_int_not_equal(table.changes, changes);
	assert_int_equal(table.count, ++expected_count);
	expected[number]->flow.snd_max = number; /* the next owner must not see it */
}

static void take_out(uint32_t number)
{
	uint32_t changes = table.changes;

	flow_table_remove(&table, expected[number]);
	expected[number] = NULL;
	assert_int_not_equal(table.changes, changes);
	assert_int_equal(table.count, --expected_count);
}

/* In two steps. */
static void check_steps(hash_fn hash, uint32_t number)
{
	struct snoop_key key = key_of(number);
	uint32_t place;

	flow_table_prefetch_bucket(&table, hash(number));
	place = flow_table_find_begin(&table, &key, hash(number));
	assert_ptr_equal(flow_table_find_end(&table, &key, hash(number), place), expected[number]);
}

static void check_all(hash_fn hash)
{
	for (uint32_t i = 0; i < KEYS; i++) {
		struct snoop_key key = key_of(i);

		assert_ptr_equal(flow_table_find(&table, &key, hash(i)), expected[i]);
		if (expected[i] != NULL)
			assert_memory_equal(flow_table_key(&table, expected[i]), &key, sizeof(key));
	}
	for (uint32_t i = 0; i < KEYS; i++)
		check_steps(hash, i);
}

static void check_walk(void)
{
	uint32_t budget = FLOWS, seen = 0;
	struct flow_record *record;

	while ((record = flow_table_walk(&table, &budget)) != NULL) {
		assert_ptr_equal(record, expected[record->flow.snd_max]);
		seen++;
	}
	assert_int_equal(seen, expected_count);
	assert_int_equal(table.hand, 0);
}

/* Every flow that it was made for, and no more; then all out, first in first out, and in again. */
static void test_full(void **state)
{
	for (unsigned int h = 0; h < RTE_DIM(hashes); h++) {
		teardown(NULL);
		setup(NULL);
		for (int round = 0; round < 2; round++) {
			for (uint32_t i = 0; i < KEYS; i++)
				add(hashes[h], i);
			assert_int_equal(expected_count, FLOWS);
			check_all(hashes[h]);
			check_walk();
			for (uint32_t i = 0; i < FLOWS; i++)
				take_out(i);
			check_all(hashes[h]);
			check_walk();
		}
	}
}

static void test_last_in_first_out(void **state)
{
	for (uint32_t i = 0; i < FLOWS; i++)
		add(same, i);
	for (uint32_t i = FLOWS; i-- > 0;) {
		take_out(i);
		if (i % 100 == 0)
			check_all(same);
	}
}

static void test_churn(void **state)
{
	for (unsigned int h = 0; h < RTE_DIM(hashes); h++) {
		uint64_t random = 0x9e3779b97f4a7c15ull;

		teardown(NULL);
		setup(NULL);
		for (uint32_t step = 0; step < STEPS; step++) {
			uint32_t number;

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			number = (uint32_t)(random >> 32) % KEYS;
			if (expected[number] != NULL)
				take_out(number);
			else
				add(hashes[h], number);
			if (step % 3000 == 0) {
				check_all(hashes[h]);
				check_walk();
			}
		}
	}
}

static void test_smallest(void **state)
{
	struct snoop_key first = key_of(1), second = key_of(2);
	struct flow_record *record;

	teardown(NULL);
	assert_int_equal(flow_table_create(&table, "test", 1, 0), 0);
	for (int round = 0; round < 3; round++) {
		record = flow_table_add(&table, &first, UINT32_MAX);
		assert_non_null(record);
		assert_null(flow_table_add(&table, &second, 0));
		assert_ptr_equal(flow_table_find(&table, &first, UINT32_MAX), record);
		assert_null(flow_table_find(&table, &second, UINT32_MAX));
		flow_table_remove(&table, record);
		assert_null(flow_table_find(&table, &first, UINT32_MAX));
	}
}

/* One hash, and each part of the key alone makes the difference; each of them in turn is the only
 * one in the table. */
static void test_parts_of_the_key(void **state)
{
	struct snoop_key keys[12];

	for (unsigned int i = 0; i < RTE_DIM(keys); i++)
		keys[i] = (struct snoop_key){.wired_addr = {192, 0, 2, 1},
					     .station_addr = {10, 0, 0, 1},
					     .wired_port = 443,
					     .station_port = 50000,
					     .ip_version = 4};
	keys[1].wired_addr[3] = 2;
	keys[2].station_addr[0] = 11;
	keys[3].wired_port = 444;
	keys[4].station_port = 50001;
	keys[5].ip_version = 6;
	keys[6].vlan[0] = 0x81000001;
	keys[7].vlan[0] = 0x81000001;
	keys[7].ip_version = 6;
	keys[8].link = 1;
	keys[9].link = FLOW_LINKS - 1;
	keys[10].link = 1;
	keys[10].ip_version = 6;
	keys[11].link = 1;
	keys[11].vlan[0] = 0x81000001;
	for (unsigned int in = 0; in < RTE_DIM(keys); in++) {
		struct flow_record *record = flow_table_add(&table, &keys[in], 1);

		assert_int_equal(record->link, keys[in].link);
		for (unsigned int i = 0; i < RTE_DIM(keys); i++) {
			uint32_t place = flow_table_find_begin(&table, &keys[i], 1);

			assert_ptr_equal(flow_table_find(&table, &keys[i], 1),
					 i == in ? record : NULL);
			assert_ptr_equal(flow_table_find_end(&table, &keys[i], 1, place),
					 i == in ? record : NULL);
		}
		flow_table_remove(&table, record);
	}
}

#define TAG(vid) (0x81000000 | (vid))

/* A flow with data up to snd_max and no ACK. */
static struct flow_record *add_one_way(uint32_t number, uint32_t vlan, uint32_t snd_max)
{
	struct snoop_key key = key_of(number);
	struct flow_record *record;

	key.vlan[0] = vlan;
	record = flow_table_add(&table, &key, (uint32_t)flow_hash(&key, SECRET));
	record->flow.started = true;
	record->flow.snd_max = snd_max;
	return record;
}

static struct flow_record *find_ack(const struct flow_other_vlan *memory, uint32_t number,
				    uint32_t outer, uint32_t inner, uint32_t ack)
{
	struct snoop_key key = key_of(number);

	key.vlan[0] = outer;
	key.vlan[1] = inner;
	return flow_other_vlan_find(memory, &table, &key, ack, SECRET);
}

static void acks_with_other_tags_find_their_flow(void **state)
{
	static struct flow_other_vlan memory;
	struct flow_record *flow = add_one_way(1, TAG(10), 5000);

	assert_null(find_ack(&memory, 1, TAG(20), 0, 5000));
	flow_other_vlan_note(&memory, &table, flow, SECRET);
	assert_ptr_equal(find_ack(&memory, 1, TAG(20), 0, 5000), flow);
	assert_ptr_equal(find_ack(&memory, 1, 0, 0, 4000), flow);
	assert_ptr_equal(find_ack(&memory, 1, 0x88a8000a, 0, 5000), flow);
	assert_ptr_equal(find_ack(&memory, 1, TAG(10), TAG(1), (uint32_t)-1000), flow);
	/* Its own tags, another connection, and bytes that it did not send lately. */
	assert_null(find_ack(&memory, 1, TAG(10), 0, 5000));
	assert_null(find_ack(&memory, 2, TAG(20), 0, 5000));
	assert_null(find_ack(&memory, 1, TAG(20), 0, 5001));
	assert_null(find_ack(&memory, 1, TAG(20), 0, 5000 - (1u << 27)));
	/* Its ACKs come after all, or it is gone. */
	flow->flow.two_way = true;
	assert_null(find_ack(&memory, 1, TAG(20), 0, 5000));
	flow->flow.two_way = false;
	flow_table_remove(&table, flow);
	assert_null(find_ack(&memory, 1, TAG(20), 0, 5000));
}

/* Whatever the tags are, one worker owns both directions; without tags it is the flow's hash. */
static void tags_do_not_choose_the_owner(void **state)
{
	for (uint32_t number = 0; number < KEYS; number++) {
		struct snoop_key key = key_of(number);
		uint64_t owner;

		key.vlan[0] = 0;
		assert_false(flow_key_is_tagged(&key));
		owner = flow_hash(&key, SECRET);
		assert_int_equal(flow_hash_untagged(&key, SECRET), owner);
		key.vlan[0] = TAG(number % 4095);
		key.vlan[1] = number % 3 ? 0 : TAG(7);
		assert_true(flow_key_is_tagged(&key));
		assert_int_not_equal(flow_hash(&key, SECRET), owner);
		assert_int_equal(flow_hash_untagged(&key, SECRET), owner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_in_first_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_churn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts_of_the_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_smallest, setup, teardown),
		cmocka_unit_test_setup_teardown(acks_with_other_tags_find_their_flow, setup,
						teardown),
		cmocka_unit_test(tags_do_not_choose_the_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
