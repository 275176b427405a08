/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Receive side scaling that brings both directions of a connection to the same queue number of
 * both ports.
 *
 * Both ports get the key 6d5a6d5a... (Woo and Withhold, "Scalable TCP session monitoring with
 * symmetric receive-side scaling", KAIST 2012), for which the Toeplitz hash does not change when
 * source and destination change places, the same fields to hash and the same table of queues. Where
 * they take a flow rule with the symmetric Toeplitz function, they get that on top. Nothing is
 * believed that does not read back.
 *
 * The hash covers addresses and ports only: connections that differ in their VLAN alone share a
 * worker. Control thread.
 */
#ifndef SNOOPD_RSS_H
#define SNOOPD_RSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include <snoopd/bringup/ports.h>

#define RSS_KEY_BYTES_MAX 64u

/**
 * Do both ports say that they can do it?
 *
 * @param queues  RX queues that are wanted, one per worker
 * @param why     receives the reason if not
 */
bool rss_offered(const struct ports *ports, uint16_t queues, char *why, size_t why_bytes);

/** Fill in what rte_eth_dev_configure() has to know. key has to live as long as conf. */
void rss_configure(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf,
		   uint8_t key[RSS_KEY_BYTES_MAX]);

/**
 * Set up the tables of queues of two started ports and read everything back.
 *
 * @param queues  RX queues of each port
 * @param how     receives what is in effect: "flow rule ..." or "key ..."; on failure, what is
 *                wrong
 * @return false if both directions of a connection might not meet.
 */
bool rss_establish(const struct ports *ports, uint16_t queues, char *how, size_t how_bytes);

#endif
