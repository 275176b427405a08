/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/flow_name.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <config/config.h>

void flow_name_addr(char *out, size_t out_bytes, const uint8_t addr[16], uint8_t ip_version)
{
	inet_ntop(ip_version == 4 ? AF_INET : AF_INET6, addr, out, (socklen_t)out_bytes);
}

static void format_endpoint(char *out, const uint8_t addr[16], uint16_t port, uint8_t ip_version)
{
	char text[INET6_ADDRSTRLEN];

	flow_name_addr(text, sizeof(text), addr, ip_version);
	snprintf(out, FLOW_NAME_ENDPOINT_CHARS, ip_version == 4 ? "%s:%u" : "[%s]:%u", text, port);
}

void flow_name_wired(char out[FLOW_NAME_ENDPOINT_CHARS], const struct snoop_key *key)
{
	format_endpoint(out, key->wired_addr, key->wired_port, key->ip_version);
}

void flow_name_station(char out[FLOW_NAME_ENDPOINT_CHARS], const struct snoop_key *key)
{
	format_endpoint(out, key->station_addr, key->station_port, key->ip_version);
}

void flow_name_vlan(char out[FLOW_NAME_VLAN_CHARS], const uint32_t vlan[WIRE_VLAN_MAX])
{
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < WIRE_VLAN_MAX && vlan[i] != 0; i++)
		used += (size_t)snprintf(out + used, FLOW_NAME_VLAN_CHARS - used, "%s%04x:%u",
					 used > 0 ? "." : "", vlan[i] >> 16, vlan[i] & 0xfff);
}

void flow_name_format(char out[FLOW_NAME_CHARS], const struct snoop_key *key)
{
	char wired[FLOW_NAME_ENDPOINT_CHARS], station[FLOW_NAME_ENDPOINT_CHARS];
	char vlan[FLOW_NAME_VLAN_CHARS];

	flow_name_wired(wired, key);
	flow_name_station(station, key);
	flow_name_vlan(vlan, key->vlan);
	snprintf(out, FLOW_NAME_CHARS, "%s > %s%s%s", wired, station,
		 vlan[0] != '\0' ? " vlan " : "", vlan);
}

static int parse_endpoint(const char *text, uint8_t addr[16], uint16_t *port, uint8_t *ip_version)
{
	struct sockaddr_storage storage;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;

	if (config_listen_addr(text, &storage) != 0)
		return -1;
	*ip_version = storage.ss_family == AF_INET ? 4 : 6;
	*port = ntohs(*ip_version == 4 ? v4->sin_port : v6->sin6_port);
	if (*ip_version == 4)
		memcpy(addr, &v4->sin_addr, sizeof(v4->sin_addr));
	else
		memcpy(addr, &v6->sin6_addr, sizeof(v6->sin6_addr));
	return 0;
}

static int parse_vlan(const char *text, uint32_t vlan[WIRE_VLAN_MAX])
{
	for (int i = 0; i < WIRE_VLAN_MAX; i++) {
		unsigned int tpid, vid;
		int used = 0;

		if (sscanf(text, "%4x:%4u%n", &tpid, &vid, &used) != 2 || vid == 0 || vid > 0xfff)
			return -1;
		vlan[i] = tpid << 16 | vid;
		text += used;
		if (*text == '\0')
			return 0;
		if (*text++ != '.')
			return -1;
	}
	return -1;
}

int flow_name_parse(const char *text, struct snoop_key *key)
{
	char copy[FLOW_NAME_CHARS], *word, *rest = NULL;
	uint8_t version;

	memset(key, 0, sizeof(*key));
	if (strlen(text) >= sizeof(copy))
		return -1;
	memcpy(copy, text, strlen(text) + 1);
	word = strtok_r(copy, " ", &rest);
	if (word == NULL ||
	    parse_endpoint(word, key->wired_addr, &key->wired_port, &key->ip_version) != 0)
		return -1;
	word = strtok_r(NULL, " ", &rest);
	if (word != NULL && strcmp(word, ">") == 0)
		word = strtok_r(NULL, " ", &rest);
	if (word == NULL ||
	    parse_endpoint(word, key->station_addr, &key->station_port, &version) != 0 ||
	    version != key->ip_version)
		return -1;
	word = strtok_r(NULL, " ", &rest);
	if (word == NULL)
		return 0;
	if (strcmp(word, "vlan") != 0)
		return -1;
	word = strtok_r(NULL, " ", &rest);
	if (word == NULL || parse_vlan(word, key->vlan) != 0)
		return -1;
	return strtok_r(NULL, " ", &rest) == NULL ? 0 : -1;
}
