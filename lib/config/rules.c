/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/rules.h>

#include <arpa/inet.h>
#include <string.h>

#include <config/value.h>

void config_rule_init(struct config_rule *rule, const char *name, enum snoop_level level)
{
	memset(rule, 0, sizeof(*rule));
	snprintf(rule->name, sizeof(rule->name), "%s", name);
	rule->wired_port_max = UINT16_MAX;
	rule->station_port_max = UINT16_MAX;
	rule->level = level;
}

/* Reads a plain number of up to five digits; -1 where there is none or it is above max. */
static int read_small(const char **text, int max)
{
	int value = 0, digits = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++)
		if (++digits <= 5)
			value = value * 10 + (**text - '0');
	return digits == 0 || digits > 5 || value > max ? -1 : value;
}

static bool prefix_matches(const uint8_t *addr, const uint8_t *prefix, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(addr, prefix, whole) != 0)
		return false;
	return rest == 0 || (addr[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static bool host_bits_set(const uint8_t *addr, unsigned int addr_bytes, unsigned int bits)
{
	uint8_t network[16] = {0};

	memcpy(network, addr, bits / 8);
	if (bits % 8 != 0)
		network[bits / 8] = (uint8_t)(addr[bits / 8] & (0xff << (8 - bits % 8)));
	return memcmp(network, addr, addr_bytes) != 0;
}

static const char *parse_prefix(const char *text, uint8_t addr[16], uint8_t *version,
				uint8_t *prefix)
{
	char host[INET6_ADDRSTRLEN];
	size_t host_chars = strcspn(text, "/");
	uint8_t parsed[16] = {0};
	int bits, family;

	if (host_chars >= sizeof(host))
		return "is not an address";
	memcpy(host, text, host_chars);
	host[host_chars] = '\0';
	family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(family, host, parsed) != 1)
		return "is not an address";
	bits = family == AF_INET6 ? 128 : 32;
	if (text[host_chars] == '/') {
		const char *tail = text + host_chars + 1;

		bits = read_small(&tail, bits);
		if (bits < 0 || *tail != '\0')
			return "has a bad prefix length";
	}
	if (host_bits_set(parsed, family == AF_INET6 ? 16 : 4, (unsigned int)bits))
		return "has address bits set after its prefix length";
	memcpy(addr, parsed, sizeof(parsed));
	*version = family == AF_INET6 ? 6 : 4;
	*prefix = (uint8_t)bits;
	return NULL;
}

static const char *parse_ports(const char *text, uint16_t *min, uint16_t *max)
{
	int low, high;

	low = read_small(&text, UINT16_MAX);
	if (low < 0)
		return "is not a port";
	high = low;
	if (*text == '-') {
		text++;
		high = read_small(&text, UINT16_MAX);
		if (high < 0)
			return "is not a range of ports";
	}
	if (*text != '\0')
		return "has text after the port";
	if (high < low)
		return "is a range that ends before it starts";
	*min = (uint16_t)low;
	*max = (uint16_t)high;
	return NULL;
}

/* Both sides that a rule names have to be of one version. */
static const char *check_versions(const struct config_rule *rule, const char **allowed)
{
	if (!rule->has_wired || !rule->has_station || rule->wired_version == rule->station_version)
		return NULL;
	*allowed = "both IPv4 or both IPv6";
	return "is of another IP version than the other side of this rule";
}

/* That there is such a link only the whole file tells. */
static const char *parse_link(struct config_rule *rule, const char *text, const char **allowed)
{
	(void)allowed;
	if (strlen(text) > CONFIG_LINK_CHARS_MAX)
		return "is not the name of a link";
	memset(rule->link, 0, sizeof(rule->link));
	memcpy(rule->link, text, strlen(text));
	return NULL;
}

static const char *parse_wired(struct config_rule *rule, const char *text, const char **allowed)
{
	const char *what =
		parse_prefix(text, rule->wired_addr, &rule->wired_version, &rule->wired_prefix);

	rule->has_wired = what == NULL;
	return what != NULL ? what : check_versions(rule, allowed);
}

static const char *parse_wireless(struct config_rule *rule, const char *text, const char **allowed)
{
	const char *what = parse_prefix(text, rule->station_addr, &rule->station_version,
					&rule->station_prefix);

	rule->has_station = what == NULL;
	return what != NULL ? what : check_versions(rule, allowed);
}

static const char *parse_wired_ports(struct config_rule *rule, const char *text,
				     const char **allowed)
{
	(void)allowed;
	return parse_ports(text, &rule->wired_port_min, &rule->wired_port_max);
}

static const char *parse_wireless_ports(struct config_rule *rule, const char *text,
					const char **allowed)
{
	(void)allowed;
	return parse_ports(text, &rule->station_port_min, &rule->station_port_max);
}

static const char *parse_mode(struct config_rule *rule, const char *text, const char **allowed)
{
	int level = snoop_level_parse(text);

	(void)allowed;
	if (level < 0)
		return "is not a level";
	rule->level = (enum snoop_level)level;
	return NULL;
}

static void format_prefix(const uint8_t *addr, uint8_t version, uint8_t prefix, char *out,
			  size_t out_bytes)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(version == 6 ? AF_INET6 : AF_INET, addr, host, sizeof(host));
	snprintf(out, out_bytes, "%s/%u", host, prefix);
}

static bool format_ports(uint16_t min, uint16_t max, char *out, size_t out_bytes)
{
	if (min == 0 && max == UINT16_MAX)
		return false;
	if (min == max)
		snprintf(out, out_bytes, "%u", min);
	else
		snprintf(out, out_bytes, "%u-%u", min, max);
	return true;
}

static bool format_link(const struct config_rule *rule, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", rule->link);
	return rule->link[0] != '\0';
}

static bool format_wired(const struct config_rule *rule, char *out, size_t out_bytes)
{
	if (rule->has_wired)
		format_prefix(rule->wired_addr, rule->wired_version, rule->wired_prefix, out,
			      out_bytes);
	return rule->has_wired;
}

static bool format_wireless(const struct config_rule *rule, char *out, size_t out_bytes)
{
	if (rule->has_station)
		format_prefix(rule->station_addr, rule->station_version, rule->station_prefix, out,
			      out_bytes);
	return rule->has_station;
}

static bool format_wired_ports(const struct config_rule *rule, char *out, size_t out_bytes)
{
	return format_ports(rule->wired_port_min, rule->wired_port_max, out, out_bytes);
}

static bool format_wireless_ports(const struct config_rule *rule, char *out, size_t out_bytes)
{
	return format_ports(rule->station_port_min, rule->station_port_max, out, out_bytes);
}

static bool format_mode(const struct config_rule *rule, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", snoop_level_name(rule->level));
	return true;
}

#define PREFIXES "ADDRESS or NETWORK/LENGTH, IPv4 or IPv6, as in 10.1.0.0/16 or 2001:db8::1"
#define PORTS "PORT or PORT-PORT, 0 to 65535"

const struct config_rule_key config_rule_keys[CONFIG_RULE_KEY_COUNT] = {
	[CONFIG_RULE_KEY_LINK] = {"link", "NAME", "only connections of this link; default all",
				  "NAME of a [link NAME]", parse_link, format_link},
	{"wired", "ADDRESS[/LENGTH]", "address on the wired side, IPv4 or IPv6; default any",
	 PREFIXES, parse_wired, format_wired},
	{"wireless", "ADDRESS[/LENGTH]", "address on the wireless side; default any", PREFIXES,
	 parse_wireless, format_wireless},
	{"wired_ports", "PORT[-PORT]", "TCP ports on the wired side, 0 to 65535; default any",
	 PORTS, parse_wired_ports, format_wired_ports},
	{"wireless_ports", "PORT[-PORT]", "TCP ports on the wireless side, 0 to 65535; default any",
	 PORTS, parse_wireless_ports, format_wireless_ports},
	[CONFIG_RULE_KEY_MODE] = {"mode", "LEVEL", "required, as in [link]", NULL, parse_mode,
				  format_mode},
};

bool config_rule_parse(struct config_rule *rule, int rule_key, const char *text,
		       struct config_refusal *refusal)
{
	const struct config_rule_key *key = &config_rule_keys[rule_key];
	const char *allowed = key->allowed;

	refusal->what = key->parse(rule, text, &allowed);
	if (*text == '\0')
		refusal->what = "has no value";
	if (allowed == NULL)
		config_words_list(CONFIG_LEVEL, refusal->allowed, sizeof(refusal->allowed));
	else
		snprintf(refusal->allowed, sizeof(refusal->allowed), "%s", allowed);
	return refusal->what == NULL;
}

static bool rule_matches(const struct config_rule *rule, const struct snoop_key *key)
{
	if (key->wired_port < rule->wired_port_min || key->wired_port > rule->wired_port_max ||
	    key->station_port < rule->station_port_min ||
	    key->station_port > rule->station_port_max)
		return false;
	if (rule->has_wired &&
	    (key->ip_version != rule->wired_version ||
	     !prefix_matches(key->wired_addr, rule->wired_addr, rule->wired_prefix)))
		return false;
	return !rule->has_station ||
	       (key->ip_version == rule->station_version &&
		prefix_matches(key->station_addr, rule->station_addr, rule->station_prefix));
}

static const struct config_rule *find_rule(const struct config *config, const struct snoop_key *key)
{
	for (uint32_t i = 0; i < config->rule_count; i++)
		if (rule_matches(&config->rules[i], key))
			return &config->rules[i];
	return NULL;
}

enum snoop_level config_level_for(const struct config *config, const struct snoop_key *key)
{
	const struct config_rule *rule = find_rule(config, key);

	return rule != NULL ? rule->level : config->mode;
}

bool config_rule_names(const struct config *config, const struct snoop_key *key)
{
	return find_rule(config, key) != NULL;
}

bool config_at_most(const struct config *config, enum snoop_level level)
{
	for (uint32_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].level > level)
			return false;
	return config->mode <= level;
}
