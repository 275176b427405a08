/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The configuration: one INI file, read before anything starts, and again into a fresh structure at
 * a reload (snoopd/control). A structure that workers have seen is constant. Pure, any thread;
 * needs neither DPDK nor root, and calls only lib/snoop for names and defaults.
 *
 * The reader is strict: what it does not understand, or what is out of range, is an error with file
 * and line, never a default. keys.h has one row per key, from which everything else follows.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sys/socket.h>

#include <config/keys.h>
#include <snoop/snoop.h>

#define CONFIG_RULES_MAX 64	 /* of one link */
#define CONFIG_LINK_CHARS_MAX 31 /* of a link's name */
#define CONFIG_WORKERS_MAX 32	 /* what [link] workers can name: 0 to 31 */

/**
 * [rule NAME]: a level for some flows; the first match in file order wins. Addresses are laid out
 * as in struct snoop_key; those of a side that the rule does not name are zero.
 */
struct config_rule {
	char name[32];
	char link[CONFIG_LINK_CHARS_MAX + 1]; /* the only link that it is for; "" = for all */
	bool has_wired, has_station;	      /* an address prefix is given; v4 or v6 */
	uint8_t wired_addr[16], station_addr[16];
	uint8_t wired_version, station_version;	 /* 4 or 6, 0 = any address */
	uint8_t wired_prefix, station_prefix;	 /* bits */
	uint16_t wired_port_min, wired_port_max; /* 0..65535 = any */
	uint16_t station_port_min, station_port_max;
	enum snoop_level level;
};

/** How packets find the worker that owns their flow. */
enum config_distribution {
	CONFIG_DISTRIBUTION_AUTO, /* rss where both ports can do it, else software */
	CONFIG_DISTRIBUTION_RSS,
	CONFIG_DISTRIBUTION_SOFTWARE,
	CONFIG_DISTRIBUTION_COUNT
};

/** Who verifies the checksums of TCP. */
enum config_checksum {
	CONFIG_CHECKSUM_SOFTWARE,
	CONFIG_CHECKSUM_NIC, /* trust GOOD of a NIC whose driver has DRIVER_NIC_CHECKSUM */
	CONFIG_CHECKSUM_COUNT
};

/** What follows where a port vanishes. */
enum config_lost {
	CONFIG_LOST_RESTART, /* snoopd ends, and the service manager starts it again */
	CONFIG_LOST_WAIT,    /* the port is opened again when it is back */
	CONFIG_LOST_COUNT
};

/** What follows where the kernel changes frames before a port gets them. */
enum config_offloads { CONFIG_OFFLOADS_REFUSE, CONFIG_OFFLOADS_WARN, CONFIG_OFFLOADS_COUNT };

/** What VLAN tags are to the table of connections. */
enum config_vlan {
	CONFIG_VLAN_KEY,    /* they keep connections apart */
	CONFIG_VLAN_IGNORE, /* the two directions of one may carry different tags */
	CONFIG_VLAN_COUNT
};

/** Where the log goes. */
enum config_log { CONFIG_LOG_STDERR, CONFIG_LOG_SYSLOG, CONFIG_LOG_COUNT };

const char *config_distribution_name(enum config_distribution distribution);

/* How a field of each kind is declared. */
#define CONFIG_FIELD_PORT(field) char field[64];    /* ethdev name or index */
#define CONFIG_FIELD_ACCOUNT(field) char field[64]; /* name, number, or "auto" */
#define CONFIG_FIELD_LISTEN(field) char field[64];  /* "off", or what config_listen_addr() reads */
#define CONFIG_FIELD_LEVEL(field) enum snoop_level field;
#define CONFIG_FIELD_DISTRIBUTION(field) enum config_distribution field;
#define CONFIG_FIELD_CHECKSUM(field) enum config_checksum field;
#define CONFIG_FIELD_LOST(field) enum config_lost field;
#define CONFIG_FIELD_OFFLOADS(field) enum config_offloads field;
#define CONFIG_FIELD_VLAN(field) enum config_vlan field;
#define CONFIG_FIELD_LOG(field) enum config_log field;
#define CONFIG_FIELD_SWITCH(field) uint32_t field;	  /* 1 = yes */
#define CONFIG_FIELD_WORKERS(field) uint32_t field;	  /* a bit each, 0 = all */
#define CONFIG_FIELD_COUNT(field) uint32_t field;	  /* a plain integer */
#define CONFIG_FIELD_COUNT_OR_AUTO(field) uint32_t field; /* 0 = auto */
#define CONFIG_FIELD_TIME(field) uint32_t field;	  /* microseconds */
#define CONFIG_FIELD_SHARE(field) uint32_t field;	  /* parts per million */

#define CONFIG_NOTHING(...)
#define CONFIG_FIELD(section, name, kind, field, ...) CONFIG_FIELD_##kind(field)

struct config {
	CONFIG_KEYS(CONFIG_NOTHING, CONFIG_FIELD, CONFIG_NOTHING)
	struct snoop_config protocol;
	char link[CONFIG_LINK_CHARS_MAX + 1]; /* whose configuration this is; "main" for [link] */
	uint32_t rule_count;
	struct config_rule rules[CONFIG_RULES_MAX];
	char file[256]; /* where it was read from */
	/* Of the file; for messages. 0 where the key is not in it. */
	unsigned int link_line, wired_line, wireless_line, workers_line;
};

#undef CONFIG_FIELD

/** Everything that has a default is set to it; the two ports are empty. */
void config_defaults(struct config *config);

/**
 * Read the file of a program that serves one link. The configuration is undefined after an error.
 * links.h has what a file with many links needs.
 *
 * @param error  receives one line "FILE:LINE: what, and what is allowed", without a newline
 * @return 0, or -1 with that line in error.
 */
int config_load(struct config *config, const char *path, char *error, size_t error_bytes);

/**
 * Print a file that config_load() reads to the same configuration.
 *
 * @return 0, or -1 when the stream does not take it (errno says why).
 */
int config_print(const struct config *config, FILE *out);

/** @return the level of the first rule that matches, else the link's mode. */
enum snoop_level config_level_for(const struct config *config, const struct snoop_key *key);

/** @return whether a rule names the flow: its level is not that of the link. */
bool config_rule_names(const struct config *config, const struct snoop_key *key);

/** @return whether no flow can get more than that level, by the link or by a rule. */
bool config_at_most(const struct config *config, enum snoop_level level);

/**
 * Compare a fresh configuration with the one in effect.
 *
 * @param names  receives the keys that differ and are read at the start only, "[link] wired, ..."
 * @return how many they are; the fresh one may take effect if 0.
 */
int config_start_changes(const struct config *running, const struct config *fresh, char *names,
			 size_t names_bytes);

/**
 * Read "127.0.0.1:9464" or "[::1]:9464"; no names.
 *
 * @return 0, or -1 where it is no such text, or the port is 0.
 */
int config_listen_addr(const char *text, struct sockaddr_storage *addr);

/**
 * What one of several workers gets of the link's budgets.
 *
 * The flow table, the cache and the SYN memory with its rate are divided evenly, rounded up, and
 * never below the smallest value that their keys allow. Stations are not divided: the flows of one
 * station are spread over all of them, and each has to know it.
 *
 * @param workers  that serve the link, at least 1; with 1 it is a copy
 */
void config_share(const struct config *config, uint32_t workers, struct config *share);

/**
 * Call each() for every key in the order of the file that config_print() writes; those of a rule
 * have the section "rule NAME", those of [link] that of a link that is not called main "link NAME".
 * The strings are valid during the call only.
 */
void config_each(const struct config *config,
		 void (*each)(void *ctx, const char *section, const char *key, const char *value),
		 void *ctx);

#endif
