/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Receive side scaling that brings both directions of a connection to the same queue number of
 * both ports.
 *
 * Who runs here: the control thread. It calls the ethdev and flow libraries only.
 *
 * Both ports get the key 6d5a6d5a... (Woo and Park, "Scalable TCP session monitoring with
 * symmetric receive-side scaling", KAIST 2012), with which the Toeplitz hash stays the same when
 * source and destination are swapped, the same fields to hash and the same table of queues. Ports
 * that take a flow rule with the symmetric Toeplitz function get that too. Only what reads back
 * counts.
 *
 * The hash covers addresses and ports only, so connections that differ only in their VLAN share a
 * worker.
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
 * Do both ports claim to be able to?
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
