/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/telemetry.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <snoopd/compat.h>
#include <snoopd/log.h>
#include <snoopd/position.h>
#include <snoopd/stats.h>
#include <snoopd/worker.h>

#define ANSWER_TIMEOUT_MS 500
#define POSITION_WORKER_SHIFT 32 /* a position is a record of a worker's table */

static struct {
	pthread_mutex_t lock; /* held for the length of an answer */
	const struct config *config;
	const struct distribution *distribution;
	struct worker *const *workers;
	uint32_t worker_count; /* 0 = not running */
} service = {.lock = PTHREAD_MUTEX_INITIALIZER};

void telemetry_attach(const struct config *config, const struct distribution *distribution,
		      struct worker *const *workers, uint32_t count)
{
	pthread_mutex_lock(&service.lock);
	service.config = config;
	service.distribution = distribution;
	service.workers = workers;
	service.worker_count = count;
	pthread_mutex_unlock(&service.lock);
}

void telemetry_detach(void)
{
	pthread_mutex_lock(&service.lock);
	service.worker_count = 0;
	pthread_mutex_unlock(&service.lock);
}

static int answer_stats(struct rte_tel_data *data)
{
	struct counters sum;

	stats_sum(&sum, service.workers, service.worker_count);
	rte_tel_data_start_dict(data);
#define TELEMETRY_ADD(id, type, unit, help) compat_tel_dict_uint(data, #id, sum.id);
	COUNTERS(TELEMETRY_ADD)
#undef TELEMETRY_ADD
	return 0;
}
_Static_assert(COUNTERS_COUNT <= RTE_TEL_MAX_DICT_ENTRIES, "they fit into one dictionary");

#define ENDPOINT_CHARS (INET6_ADDRSTRLEN + 10)
#define VLAN_CHARS (WIRE_VLAN_MAX * 12)

static void format_endpoint(char *out, const uint8_t *addr, uint16_t port, uint8_t ip_version)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(ip_version == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	snprintf(out, ENDPOINT_CHARS, ip_version == 4 ? "%s:%u" : "[%s]:%u", text, port);
}

/* "8100:5.8100:7", outermost first; empty without tags. */
static void format_vlan(char *out, const struct snoop_key *key)
{
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < WIRE_VLAN_MAX && key->vlan[i] != 0; i++)
		used += (size_t)snprintf(out + used, VLAN_CHARS - used, "%s%04x:%u",
					 used > 0 ? "." : "", key->vlan[i] >> 16,
					 key->vlan[i] & 0xfff);
}

static void add_key(struct rte_tel_data *flow, const struct snoop_key *key)
{
	char wired[ENDPOINT_CHARS], station[ENDPOINT_CHARS], vlan[VLAN_CHARS];
	char text[2 * ENDPOINT_CHARS + VLAN_CHARS + 16];

	format_endpoint(wired, key->wired_addr, key->wired_port, key->ip_version);
	format_endpoint(station, key->station_addr, key->station_port, key->ip_version);
	format_vlan(vlan, key);
	snprintf(text, sizeof(text), "%s > %s%s%s", wired, station, vlan[0] != '\0' ? " vlan " : "",
		 vlan);
	rte_tel_data_add_dict_string(flow, "key", text);
	rte_tel_data_add_dict_string(flow, "wired", wired);
	rte_tel_data_add_dict_string(flow, "station", station);
	if (vlan[0] != '\0')
		rte_tel_data_add_dict_string(flow, "vlan", vlan);
}

static void fill_flow(struct rte_tel_data *flow, const struct request_flow *source, uint64_t worker)
{
	const struct snoop_flow_info *info = &source->info;

	add_key(flow, &source->key);
	compat_tel_dict_uint(flow, "worker", worker);
	rte_tel_data_add_dict_string(flow, "level", snoop_level_name(info->level));
	rte_tel_data_add_dict_string(flow, "reason", snoop_reason_name(info->reason));
#define FLOW_FLAG(field) rte_tel_data_add_dict_int(flow, #field, info->field)
#define FLOW_NUMBER(field) compat_tel_dict_uint(flow, #field, info->field)
	FLOW_FLAG(withholding);
	FLOW_FLAG(midstream);
	FLOW_FLAG(sack);
	FLOW_FLAG(timestamps);
	FLOW_FLAG(window_scale_known);
	FLOW_NUMBER(srtt_us);
	FLOW_NUMBER(rttvar_us);
	FLOW_NUMBER(min_rtt_us);
	FLOW_NUMBER(wired_rtt_us);
	FLOW_NUMBER(queue_delay_us);
	FLOW_NUMBER(cached_segments);
	FLOW_NUMBER(cached_bytes);
	FLOW_NUMBER(parked_acks);
	FLOW_NUMBER(data_segments);
	FLOW_NUMBER(data_bytes);
	FLOW_NUMBER(acked_bytes);
	FLOW_NUMBER(radio_losses);
	FLOW_NUMBER(upstream_holes);
	FLOW_NUMBER(repeats);
	FLOW_NUMBER(repairs_confirmed);
	FLOW_NUMBER(spurious);
	FLOW_NUMBER(given_up);
	FLOW_NUMBER(vetoes);
	FLOW_NUMBER(sender_repeats);
	FLOW_NUMBER(timeouts);
	FLOW_NUMBER(acks_withheld);
	compat_tel_dict_uint(flow, "idle_us", source->idle_us);
#undef FLOW_FLAG
#undef FLOW_NUMBER
}

/* Ask one worker for the page at a position. */
static struct request *ask_flows(uint64_t position)
{
	uint64_t index = position >> POSITION_WORKER_SHIFT;
	struct request *request;

	if (index >= service.worker_count)
		return NULL;
	request = request_begin(service.workers[index]);
	if (request == NULL)
		return NULL;
	request->kind = REQUEST_FLOWS;
	request->position = (uint32_t)position;
	return request_wait(request, ANSWER_TIMEOUT_MS) == 0 ? request : NULL;
}

/* The page after this one, 0 = this was the last. */
static uint64_t next_position(const struct request *request, uint64_t position)
{
	uint64_t index = position >> POSITION_WORKER_SHIFT;

	if (request->next != 0)
		return index << POSITION_WORKER_SHIFT | request->next;
	if (index + 1 < service.worker_count)
		return (index + 1) << POSITION_WORKER_SHIFT;
	return 0;
}

static int answer_flows(const char *parameters, struct rte_tel_data *data)
{
	struct rte_tel_data *list;
	struct request *request;
	uint64_t position;
	struct counters sum;

	if (position_parse(parameters, &position) != 0)
		return -EINVAL;
	request = ask_flows(position);
	if (request == NULL)
		return -ETIMEDOUT;
	stats_sum(&sum, service.workers, service.worker_count);
	rte_tel_data_start_dict(data);
	compat_tel_dict_uint(data, "total", sum.flows_active);
	compat_tel_dict_uint(data, "offset", position);
	compat_tel_dict_uint(data, "next", next_position(request, position));
	list = rte_tel_data_alloc();
	if (list == NULL)
		return -ENOMEM;
	/* 22.11 answers null for an array of dictionaries within a dictionary: number them instead.
	 */
	rte_tel_data_start_dict(list);
	for (uint32_t i = 0; i < request->count; i++) {
		struct rte_tel_data *flow = rte_tel_data_alloc();
		char name[12];

		if (flow == NULL)
			break;
		rte_tel_data_start_dict(flow);
		fill_flow(flow, &request->flows[i], position >> POSITION_WORKER_SHIFT);
		snprintf(name, sizeof(name), "%u", i);
		rte_tel_data_add_dict_container(list, name, flow, 0);
	}
	rte_tel_data_add_dict_container(data, "flows", list, 0);
	return 0;
}

static void fill_worker(struct rte_tel_data *data, const struct worker *worker)
{
	const struct worker_health *health = &worker->health;
	const struct counters *counters = &worker->counters;

	rte_tel_data_add_dict_int(data, "lcore", (int)worker->lcore);
	rte_tel_data_add_dict_int(data, "shares_cpu", worker->shares_cpu);
#define WORKER_NUMBER(source, field)                                                               \
	compat_tel_dict_uint(data, #field, __atomic_load_n(&(source)->field, __ATOMIC_RELAXED))
	WORKER_NUMBER(health, turns);
	WORKER_NUMBER(health, cycles);
	WORKER_NUMBER(health, busy_cycles);
	WORKER_NUMBER(health, turn_cycles_max);
	WORKER_NUMBER(counters, rx_wired_packets);
	WORKER_NUMBER(counters, rx_wireless_packets);
	WORKER_NUMBER(counters, handoff_packets);
	WORKER_NUMBER(counters, handoff_drops);
	WORKER_NUMBER(counters, forwarded_packets);
	WORKER_NUMBER(counters, flows_active);
#undef WORKER_NUMBER
}

static int answer_workers(struct rte_tel_data *data)
{
	struct rte_tel_data *list = rte_tel_data_alloc();

	if (list == NULL)
		return -ENOMEM;
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_string(data, "distribution", distribution_name(service.distribution));
	rte_tel_data_add_dict_string(data, "how", service.distribution->how);
	rte_tel_data_start_dict(list);
	for (uint32_t i = 0; i < service.worker_count; i++) {
		struct rte_tel_data *worker = rte_tel_data_alloc();
		char name[12];

		if (worker == NULL)
			break;
		rte_tel_data_start_dict(worker);
		fill_worker(worker, service.workers[i]);
		snprintf(name, sizeof(name), "%u", i);
		rte_tel_data_add_dict_container(list, name, worker, 0);
	}
	rte_tel_data_add_dict_container(data, "workers", list, 0);
	return 0;
}

/* One dictionary per section: the library takes 256 entries in one, and neither blanks nor dots in
 * a name. */
struct config_answer {
	struct rte_tel_data *data;
	struct rte_tel_data *section;
	char name[64];
	size_t bytes;	  /* of the reply so far, roughly */
	uint32_t omitted; /* keys that no longer fit */
};

#define CONFIG_REPLY_BYTES 12000 /* of the 16 KiB that a reply may have */

static void close_section(struct config_answer *answer)
{
	if (answer->section != NULL)
		rte_tel_data_add_dict_container(answer->data, answer->name, answer->section, 0);
	answer->section = NULL;
}

static void legal_name(char *out, size_t out_bytes, const char *text)
{
	snprintf(out, out_bytes, "%s", text);
	for (; *out != '\0'; out++)
		if (!isalnum((unsigned char)*out) && *out != '_')
			*out = *out == ' ' ? '/' : '_';
}

static void add_config(void *context, const char *section, const char *key, const char *value)
{
	struct config_answer *answer = context;
	char name[sizeof(answer->name)], key_name[64];

	legal_name(name, sizeof(name), section);
	legal_name(key_name, sizeof(key_name), key);
	if (answer->section == NULL || strcmp(name, answer->name) != 0) {
		close_section(answer);
		answer->section = rte_tel_data_alloc();
		if (answer->section != NULL)
			rte_tel_data_start_dict(answer->section);
		snprintf(answer->name, sizeof(answer->name), "%s", name);
		answer->bytes += strlen(name) + 8;
	}
	answer->bytes += strlen(key_name) + strlen(value) + 8;
	if (answer->section == NULL || answer->bytes > CONFIG_REPLY_BYTES)
		answer->omitted++;
	else
		rte_tel_data_add_dict_string(answer->section, key_name, value);
}

static int answer_config(struct rte_tel_data *data)
{
	struct config_answer answer = {.data = data};

	rte_tel_data_start_dict(data);
	config_each(service.config, add_config, &answer);
	close_section(&answer);
	if (answer.omitted > 0)
		compat_tel_dict_uint(data, "omitted", answer.omitted);
	return 0;
}

static int handle_command(const char *command, const char *parameters, struct rte_tel_data *data)
{
	int result = -ENODEV;

	pthread_mutex_lock(&service.lock);
	if (service.worker_count > 0) {
		if (strcmp(command, "/snoop/stats") == 0)
			result = answer_stats(data);
		else if (strcmp(command, "/snoop/flows") == 0)
			result = answer_flows(parameters, data);
		else if (strcmp(command, "/snoop/workers") == 0)
			result = answer_workers(data);
		else
			result = answer_config(data);
	}
	pthread_mutex_unlock(&service.lock);
	return result;
}

void telemetry_register(void)
{
	static const struct {
		const char *name;
		const char *help;
	} commands[] = {
		{"/snoop/stats", "All counters, summed over the workers. No parameters."},
		{"/snoop/flows",
		 "A page of the flow table. Parameter: offset (0, then the last page's "
		 "next until that is 0)."},
		{"/snoop/workers",
		 "How flows find their workers, and what each worker does. No parameters."},
		{"/snoop/config", "The configuration in use. No parameters."},
	};

	for (size_t i = 0; i < RTE_DIM(commands); i++)
		if (rte_telemetry_register_cmd(commands[i].name, handle_command,
					       commands[i].help) != 0)
			log_warning("telemetry command %s could not be registered",
				    commands[i].name);
}
