/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The configuration: one INI file, read before anything is started, and again into a fresh
 * structure at a reload (snoopd/control/link.h). A structure that workers have seen is constant. Needs
 * neither DPDK nor root.
 *
 * The reader is strict: what it does not understand, or what is out of range, is an error with file
 * and line, never a default. One table (keys.h) drives parsing, range checks, printing and
 * iteration; config/snoopd.ini documents it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sys/socket.h>

#include <snoop/snoop.h>

#define CONFIG_RULES_MAX 64

/**
 * [rule NAME]: a level for some flows; the first match in file order wins. Addresses are laid out
 * as in struct snoop_key; those of a side that the rule does not name are zero.
 */
struct config_rule {
	char name[32];
	bool has_wired, has_station; /* an address prefix is given; v4 or v6 */
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

/** Where the log goes. */
enum config_log { CONFIG_LOG_STDERR, CONFIG_LOG_SYSLOG, CONFIG_LOG_COUNT };

const char *config_distribution_name(enum config_distribution distribution);

struct config {
	/* [link] */
	char wired[64], wireless[64]; /* ethdev name or index */
	enum snoop_level mode;	      /* of flows that no rule names */
	uint32_t propagate;	      /* 1 = a side without a carrier takes the other one down */
	uint32_t propagate_hold_us;   /* a carrier has to last for so long before it does the reverse */
	/* [ports] */
	uint32_t rx_descriptors, tx_descriptors; /* per queue */
	enum config_checksum checksum;
	uint32_t mtu_bytes;  /* 0 = leave as the ports have it (both must be equal) */
	uint32_t tx_retries; /* how often a TX burst that does not fit is tried again */
	/* [workers] */
	enum config_distribution distribution;
	uint32_t handoff_packets; /* a hand-off ring takes so many */
	/* [flows] */
	uint32_t flows;		      /* of all workers, "max" in the file */
	uint32_t flow_idle_us;	      /* a flow without packets is forgotten after this */
	uint32_t flow_closed_us;      /* "linger": after FIN or RST */
	/* [guard] */
	uint32_t guard_levels;	      /* 1 = demote a link whose repairs do not help */
	uint32_t guard_period_us;     /* what is judged at once */
	uint32_t guard_spurious_ppm;  /* share of retransmits that may be duplicates */
	uint32_t guard_confirmed_ppm; /* share of retransmits that have to be confirmed */
	uint32_t guard_retry_us;      /* a demoted link waits at least this long */
	uint32_t guard_memory_ppm;    /* share of the cache above which new flows begin in bypass */
	char user[64], group[64];     /* [process]: account name, number, or "auto" */
	enum config_log log;
	char metrics_listen[64];      /* [metrics] listen: "off" or ADDRESS:PORT */
	struct snoop_config protocol; /* [cache] [timers] [repair] [withhold] [veto] [syn] */
	uint32_t rule_count;
	struct config_rule rules[CONFIG_RULES_MAX];
	char file[256]; /* where it was read from */
	unsigned int wired_line, wireless_line; /* of it; for messages */
};

/** Everything that has a default is set to it; the two ports are empty. */
void config_defaults(struct config *config);

/**
 * Read a file. The configuration is undefined after an error.
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
 * station are spread over all workers, and each of them has to know it.
 *
 * @param workers  at least 1; with 1 it is a copy
 */
void config_share(const struct config *config, uint32_t workers, struct config *share);

/** One key as text: what telemetry and the tests of the documentation see. */
struct config_value {
	const char *section;
	const char *key;
	char value[128];
};

/**
 * Call each() for every key in the order of the file that config_print() writes; those of a rule
 * have the section "rule NAME". The strings are valid during the call only.
 */
void config_each(const struct config *config,
		 void (*each)(void *ctx, const char *section, const char *key, const char *value),
		 void *ctx);

#endif
