/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The one table of counters. Structs, telemetry and metrics expand it; a test compares the table in doc/operations.md with it.
 *
 * Every worker owns one struct counters and is its only writer (plain 64-bit stores, no atomics). The control
 * thread sums the workers' blocks when somebody asks; a sum may be a few packets old, never torn on the 64-bit
 * machines that DPDK supports.
 *
 * What adds up, at any quiescent point (tested):
 *   rx_wired_packets + rx_wireless_packets
 *     = forwarded_packets + acks_freed + acks_withheld_now + tx_wired_drops + tx_wireless_drops + handoff_drops
 * With several workers this holds for the sum over them: one receives, another may forward.
 * Retransmits are extra packets of our own: they appear in retransmits_* and tx_*_packets only.
 */
#ifndef COUNTERS_COUNTERS_H
#define COUNTERS_COUNTERS_H

#include <stdint.h>

/* X(identifier, type, unit, help); type is counter or gauge. */
#define COUNTERS(X) \
	X(rx_wired_packets, counter, packets, "received from the wired port") \
	X(rx_wired_bytes, counter, bytes, "received from the wired port") \
	X(rx_wireless_packets, counter, packets, "received from the wireless port") \
	X(rx_wireless_bytes, counter, bytes, "received from the wireless port") \
	X(tx_wired_packets, counter, packets, "sent to the wired port") \
	X(tx_wired_bytes, counter, bytes, "sent to the wired port") \
	X(tx_wireless_packets, counter, packets, "sent to the wireless port, retransmits included") \
	X(tx_wireless_bytes, counter, bytes, "sent to the wireless port, retransmits included") \
	X(forwarded_packets, counter, packets, "received packets handed on, released ACKs included") \
	X(tx_wired_retries, counter, events, "a TX burst to the wired port was retried") \
	X(tx_wireless_retries, counter, events, "a TX burst to the wireless port was retried") \
	X(tx_wired_drops, counter, packets, "received packets that the wired port did not take in time") \
	X(tx_wireless_drops, counter, packets, "received packets that the wireless port did not take in time") \
	X(tx_retransmit_drops, counter, packets, "retransmits that the wireless port did not take") \
	X(handoff_drops, counter, packets, "received packets that the ring to the flow's worker did not take in time") \
	X(handoff_packets, counter, packets, "received packets that were handed to the flow's worker") \
	X(pass_bypass, counter, packets, "forwarded unexamined: the link or the flow is in bypass") \
	X(pass_non_ip, counter, packets, "forwarded unexamined: not IPv4 or IPv6") \
	X(pass_ip_other, counter, packets, "forwarded unexamined: IP but not TCP") \
	X(pass_fragment, counter, packets, "forwarded unexamined: IP fragment") \
	X(pass_truncated, counter, packets, "forwarded unexamined: shorter than its headers say") \
	X(pass_malformed, counter, packets, "forwarded unexamined: headers contradict themselves") \
	X(pass_vlan_depth, counter, packets, "forwarded unexamined: more than two VLAN tags") \
	X(pass_ext_depth, counter, packets, "forwarded unexamined: too many IPv6 extension headers") \
	X(pass_split_header, counter, packets, "forwarded unexamined: headers not contiguous in the first buffer") \
	X(pass_source_route, counter, packets, "forwarded unexamined: IPv6 routing header with segments left") \
	X(pass_jumbogram, counter, packets, "forwarded unexamined: IPv6 jumbo payload") \
	X(pass_bad_options, counter, packets, "TCP with malformed options: forwarded, flow not touched") \
	X(pass_no_flow, counter, packets, "TCP that belongs to no flow in the table") \
	X(pass_table_full, counter, packets, "TCP data forwarded uncached: the flow table is full") \
	X(pass_bad_checksum, counter, packets, "TCP of a flow with a wrong checksum: forwarded, flow not touched") \
	X(pass_cache_full, counter, packets, "TCP data forwarded uncached: a cache budget is used up") \
	X(pass_old_data, counter, packets, "TCP data below the cumulative ACK: forwarded uncached") \
	X(pass_not_shareable, counter, packets, "TCP data forwarded uncached: the mbuf cannot be shared") \
	X(data_segments, counter, packets, "TCP segments with payload from the wired side") \
	X(cached_segments_total, counter, segments, "segments put into the cache") \
	X(cache_evictions, counter, segments, "segments dropped from the cache before they were acknowledged") \
	X(acks_seen, counter, packets, "ACKs from the wireless side that belong to a flow") \
	X(acks_duplicate, counter, packets, "duplicate ACKs from the wireless side") \
	X(acks_old, counter, packets, "ACKs below the cumulative ACK: forwarded") \
	X(radio_losses, counter, segments, "segments found lost between the box and the station") \
	X(upstream_holes, counter, segments, "holes that were already there when the data arrived from the wired side") \
	X(upstream_bytes, counter, bytes, "size of those holes") \
	X(retransmits_scoreboard, counter, segments, "retransmitted because later segments were SACKed (RACK)") \
	X(retransmits_dupack, counter, segments, "retransmitted because of duplicate or partial ACKs without SACK") \
	X(retransmits_timeout, counter, segments, "retransmitted because the tail timer expired") \
	X(retransmits_probe, counter, segments, "retransmitted to probe a silent station") \
	X(retransmits_shield, counter, segments, "retransmitted ahead of a retransmit of the sender that would make them stale (PAWS)") \
	X(retransmits_syn, counter, segments, "SYN or SYN-ACK retransmitted towards the station") \
	X(retransmit_bytes, counter, bytes, "frame bytes of all retransmits") \
	X(repairs_confirmed, counter, segments, "segments acknowledged after a retransmit and without help of the sender") \
	X(spurious_repairs, counter, segments, "retransmits that a D-SACK reported as duplicates") \
	X(spurious_probe, counter, segments, "of those, probes of a silent station") \
	X(spurious_shield, counter, segments, "of those, copies sent ahead of a retransmit of the sender") \
	X(given_up, counter, segments, "losses left to the sender: too many tries or too old") \
	X(stale_segments, counter, segments, "of those, ones that the station would discard for their old timestamp (PAWS)") \
	X(acks_withheld, counter, packets, "duplicate ACKs withheld") \
	X(acks_released, counter, packets, "withheld ACKs forwarded after all, in order") \
	X(acks_freed, counter, packets, "withheld ACKs that became needless: the hole was filled") \
	X(sender_retransmits, counter, segments, "segments that the sender sent again while we had them") \
	X(sender_retransmits_needless, counter, segments, "of those, ones that the station had already or that we had retransmitted") \
	X(vetoes, counter, events, "losses taken as congestion and left to the sender") \
	X(veto_holdback, counter, segments, "losses not retransmitted in the window of a veto") \
	X(timeouts, counter, events, "tail timer expiries") \
	X(station_silences, counter, events, "a station stopped answering") \
	X(station_returns, counter, events, "a silent station answered again") \
	X(rtt_samples, counter, events, "wireless RTT samples taken") \
	X(flows_created, counter, flows, "flows entered into the table") \
	X(flows_midstream, counter, flows, "of those, ones picked up without their SYN") \
	X(flows_expired, counter, flows, "flows removed because they were idle or closed") \
	X(flows_reset, counter, flows, "flows flushed by RST, by a new SYN or by a sequence jump") \
	X(flows_squeezed, counter, flows, "flows that began in bypass because the cache was nearly full") \
	X(syn_remembered, counter, segments, "SYNs and SYN-ACKs put into the SYN memory") \
	X(syn_evicted, counter, segments, "SYN memory entries pushed out by newer ones") \
	X(turn_overruns, counter, events, "worker turns longer than 1 ms") \
	X(turn_stalls, counter, events, "a worker did not move for more than 100 ms") \
	X(flows_active, gauge, flows, "flows in the table") \
	X(flows_helped, gauge, flows, "flows in the table with at least one confirmed repair") \
	X(flows_bypass, gauge, flows, "flows in the table whose level is bypass") \
	X(flows_observe, gauge, flows, "flows in the table whose level is observe") \
	X(flows_repair, gauge, flows, "flows in the table whose level is repair") \
	X(flows_snoop, gauge, flows, "flows in the table whose level is snoop") \
	X(flows_auto, gauge, flows, "flows in the table whose level is auto") \
	X(flows_because_one_way, gauge, flows, "flows not helped: only one direction passes this box; counted by ageing, up to a second old") \
	X(flows_because_bad_checksum, gauge, flows, "flows not helped: wrong checksums; counted by ageing, up to a second old") \
	X(flows_because_cache_full, gauge, flows, "flows not helped: no room in the cache; counted by ageing, up to a second old") \
	X(flows_because_silent, gauge, flows, "flows not helped: their station does not answer; counted by ageing, up to a second old") \
	X(flows_because_congestion, gauge, flows, "flows not helped: losses were queue overflow; counted by ageing, up to a second old") \
	X(flows_because_given_up, gauge, flows, "flows not helped: losses outlasted tries or hole age; counted by ageing, up to a second old") \
	X(flows_because_upstream, gauge, flows, "flows not helped: losses happened before this box; counted by ageing, up to a second old") \
	X(flows_because_repairing, gauge, flows, "flows not helped: first repair is under way; counted by ageing, up to a second old") \
	X(flows_because_no_loss, gauge, flows, "flows not helped: nothing was lost; counted by ageing, up to a second old") \
	X(cache_segments, gauge, segments, "segments in the cache; of flows that are only observed without their packets") \
	X(cache_bytes, gauge, bytes, "frame bytes in the cache") \
	X(acks_withheld_now, gauge, packets, "duplicate ACKs withheld now") \
	X(stations_active, gauge, stations, "wireless stations known") \
	X(stations_silent, gauge, stations, "stations that do not answer now")

struct counters {
#define COUNTERS_FIELD(id, type, unit, help) uint64_t id;
	COUNTERS(COUNTERS_FIELD)
#undef COUNTERS_FIELD
};

#define COUNTERS_COUNT (sizeof(struct counters) / sizeof(uint64_t))

#endif
