/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One row per counter. The struct, telemetry, Prometheus, snoopctl, the table in doc/operations.md
 * (`ninja -C build documents` writes it) and the tests follow from the rows: a new counter is its
 * row and its increment.
 *
 * Every worker owns one struct counters and is its only writer (plain 64-bit stores, no atomics).
 * Any other thread may sum the workers' blocks: a sum may be a few packets old, but no value is
 * torn on the 64-bit machines that DPDK supports.
 *
 * What adds up whenever no packet is in flight (tested), over the sum of all workers, as one worker
 * may receive what another one forwards:
 *   rx_wired_packets + rx_wireless_packets
 *     = forwarded_packets + acks_freed + acks_withheld_now
 *       + counters_drops()
 * Retransmits are extra packets of our own: only retransmits_* and tx_*_packets count them.
 */
#ifndef COUNTERS_COUNTERS_H
#define COUNTERS_COUNTERS_H

#include <stdint.h>

#include <counters/reasons.h>

/* Rows that follow from those of reasons.h. */
#define COUNTERS_PASS(id, token, help, X)                                                          \
	X(pass_##token, counter, packets, "forwarded unexamined: " help)
#define COUNTERS_LEVEL(id, token, help, X)                                                         \
	X(flows_##token, gauge, flows, "flows in the table whose level is " #token)
#define COUNTERS_BECAUSE(id, token, help, X)                                                       \
	X(flows_because_##token, gauge, flows,                                                     \
	  "flows not helped: " help " (counted by ageing, up to a second old)")

/* X(identifier, type, unit, help); type is counter or gauge. */
#define COUNTERS(X)                                                                                \
	X(rx_wired_packets, counter, packets, "received from the wired port")                      \
	X(rx_wired_bytes, counter, bytes, "received from the wired port")                          \
	X(rx_wireless_packets, counter, packets, "received from the wireless port")                \
	X(rx_wireless_bytes, counter, bytes, "received from the wireless port")                    \
	X(rx_wired_cut, counter, packets,                                                          \
	  "dropped: as long as a slot of the wired port's driver, which cuts longer frames")       \
	X(rx_wireless_cut, counter, packets,                                                       \
	  "dropped: as long as a slot of the wireless port's driver, which cuts longer frames")    \
	X(tx_wired_packets, counter, packets, "sent to the wired port")                            \
	X(tx_wired_bytes, counter, bytes, "sent to the wired port")                                \
	X(tx_wireless_packets, counter, packets,                                                   \
	  "sent to the wireless port, retransmits included")                                       \
	X(tx_wireless_bytes, counter, bytes, "sent to the wireless port, retransmits included")    \
	X(forwarded_packets, counter, packets,                                                     \
	  "received packets forwarded, released ACKs included")                                    \
	X(tx_wired_retries, counter, events, "retries of TX bursts to the wired port")             \
	X(tx_wireless_retries, counter, events, "retries of TX bursts to the wireless port")       \
	X(tx_wired_drops, counter, packets,                                                        \
	  "received packets that the wired port did not take in time, or that was down")           \
	X(tx_wireless_drops, counter, packets,                                                     \
	  "received packets that the wireless port did not take in time, or that was down")        \
	X(tx_wired_too_long, counter, packets,                                                     \
	  "received packets dropped: longer than the MTU of the wired port")                       \
	X(tx_wireless_too_long, counter, packets,                                                  \
	  "received packets dropped: longer than the MTU of the wireless port")                    \
	X(tx_retransmit_drops, counter, packets,                                                   \
	  "retransmits that the wireless port did not take")                                       \
	X(handoff_drops, counter, packets,                                                         \
	  "received packets that the ring to the flow's worker did not take in time")              \
	X(handoff_packets, counter, packets,                                                       \
	  "received packets that were handed to the flow's worker")                                \
	X(pass_bypass, counter, packets,                                                           \
	  "forwarded unexamined: the link or the flow is in bypass")                               \
	X(pass_outage, counter, packets,                                                           \
	  "not examined: a port is down; what is for it is dropped")                               \
	WIRE_REASONS(COUNTERS_PASS, X)                                                             \
	X(pass_bad_options, counter, packets,                                                      \
	  "TCP with malformed options: forwarded, flow not touched")                               \
	X(pass_no_flow, counter, packets, "TCP that belongs to no flow in the table")              \
	X(pass_other_vlan, counter, packets,                                                       \
	  "ACKs of a flow in the table whose data carries other VLAN tags, see [flows] vlan")      \
	X(pass_table_full, counter, packets,                                                       \
	  "TCP data forwarded uncached: the flow table is full")                                   \
	X(pass_bad_checksum, counter, packets,                                                     \
	  "TCP with a wrong checksum, SYNs included: forwarded, not believed")                     \
	X(pass_cache_full, counter, packets,                                                       \
	  "TCP data forwarded uncached: a cache budget is used up")                                \
	X(pass_old_data, counter, packets,                                                         \
	  "TCP data below the cumulative ACK: forwarded uncached")                                 \
	X(pass_not_shareable, counter, packets,                                                    \
	  "TCP data forwarded uncached: the mbuf cannot be shared")                                \
	X(tcp_wired_packets, counter, packets,                                                     \
	  "TCP packets from the wired port that were examined")                                    \
	X(tcp_wireless_packets, counter, packets,                                                  \
	  "TCP packets from the wireless port that were examined")                                 \
	X(checksum_wired_invalid, counter, packets,                                                \
	  "of those from the wired port, packets whose TCP or IPv4 checksum was found wrong")      \
	X(checksum_wired_unfinished, counter, packets,                                             \
	  "of those, packets whose checksum the sender left to its network card")                  \
	X(checksum_wireless_invalid, counter, packets,                                             \
	  "of those from the wireless port, packets whose TCP or IPv4 checksum was found wrong")   \
	X(checksum_wireless_unfinished, counter, packets,                                          \
	  "of those, packets whose checksum the sender left to its network card")                  \
	X(data_segments, counter, packets, "TCP segments with payload from the wired side")        \
	X(cached_segments_total, counter, segments, "segments put into the cache")                 \
	X(cache_evictions, counter, segments,                                                      \
	  "segments dropped from the cache before they were acknowledged")                         \
	X(acks_seen, counter, packets, "ACKs from the wireless side that belong to a flow")        \
	X(acks_duplicate, counter, packets, "duplicate ACKs from the wireless side")               \
	X(acks_old, counter, packets, "ACKs below the cumulative ACK: forwarded")                  \
	X(radio_losses, counter, segments,                                                         \
	  "transmissions to the station, the sender's and ours, that did not arrive, what the "    \
	  "wireless port lost included; counted 0.1 s after the segment's delivery, less the "     \
	  "copies that a D-SACK reports")                                                          \
	X(upstream_holes, counter, segments,                                                       \
	  "segments lost before the box or by its wired port: what came first when the sender "    \
	  "sent it once more")                                                                     \
	X(upstream_bytes, counter, bytes, "size of those segments")                                \
	X(retransmits_scoreboard, counter, segments,                                               \
	  "retransmitted because later segments were SACKed (RACK)")                               \
	X(retransmits_dupack, counter, segments,                                                   \
	  "retransmitted because of duplicate or partial ACKs without SACK")                       \
	X(retransmits_timeout, counter, segments, "retransmitted because the tail timer expired")  \
	X(retransmits_probe, counter, segments, "retransmitted to probe a silent station")         \
	X(retransmits_shield, counter, segments,                                                   \
	  "retransmitted before a retransmit of the sender makes them stale (PAWS)")               \
	X(retransmits_syn, counter, segments, "SYN or SYN-ACK retransmitted towards the station")  \
	X(retransmit_bytes, counter, bytes, "frame bytes of all retransmits")                      \
	X(repairs_confirmed, counter, segments,                                                    \
	  "radio losses that a retransmit made good without help of the sender")                   \
	X(repairs_unproven, counter, segments,                                                     \
	  "the same, though it is unknown whether the segment was lost: the ACK may have been "    \
	  "delayed, or the original have come late")                                               \
	X(unproven_confirmed, counter, segments,                                                   \
	  "of those, proven later and counted as repairs_confirmed too")                           \
	X(spurious_repairs, counter, segments, "retransmits whose segment had arrived")            \
	X(spurious_probe, counter, segments, "of those, probes of a silent station")               \
	X(spurious_shield, counter, segments,                                                      \
	  "of those, copies sent ahead of a retransmit of the sender")                             \
	X(given_up, counter, segments, "losses left to the sender: too many tries or too old")     \
	X(stale_segments, counter, segments,                                                       \
	  "of those, segments that the station would discard for their old timestamp (PAWS)")      \
	X(acks_withheld, counter, packets, "duplicate ACKs withheld")                              \
	X(acks_released, counter, packets, "withheld ACKs forwarded after all, in order")          \
	X(acks_freed, counter, packets, "withheld ACKs discarded because their hole was filled")   \
	X(wired_duplicates, counter, segments,                                                     \
	  "data that came twice from the wired side, sooner than a sender can retransmit")         \
	X(sender_retransmits, counter, segments,                                                   \
	  "segments that the sender retransmitted while the cache held them")                      \
	X(sender_retransmits_needless, counter, segments,                                          \
	  "of those, segments that the station already had or that we had retransmitted")          \
	X(vetoes, counter, events, "losses taken for congestion and left to the sender")           \
	X(veto_holdback, counter, segments,                                                        \
	  "losses not retransmitted because a veto was in effect")                                 \
	X(timeouts, counter, events, "expiries of the tail timer")                                 \
	X(station_silences, counter, events, "times that a station stopped answering")             \
	X(station_returns, counter, events, "times that a silent station answered again")          \
	X(rtt_samples, counter, events, "wireless RTT samples taken")                              \
	X(flows_created, counter, flows, "flows entered into the table")                           \
	X(flows_midstream, counter, flows, "of those, flows picked up without their SYN")          \
	X(flows_expired, counter, flows, "flows removed because they were idle or closed")         \
	X(flows_reset, counter, flows, "flows flushed by RST, by a new SYN or by a sequence jump") \
	X(flows_squeezed, counter, flows,                                                          \
	  "flows that began in bypass because the cache was nearly full")                          \
	X(syn_remembered, counter, segments, "SYNs and SYN-ACKs put into the SYN memory")          \
	X(syn_evicted, counter, segments, "SYN memory entries pushed out by newer ones")           \
	X(clock_steps, counter, events,                                                            \
	  "steps of the TSC that a worker left out of its time: backwards, or a second at once")   \
	X(clock_calibrations, counter, events,                                                     \
	  "times that a worker took up a measured TSC frequency instead of the one it had")        \
	X(turn_overruns, counter, events, "worker turns longer than 1 ms")                         \
	X(turn_stalls, counter, events, "times that a worker did not move for more than 100 ms")   \
	X(flows_active, gauge, flows, "flows in the table")                                        \
	X(flows_helped, gauge, flows, "flows in the table with at least one confirmed repair")     \
	SNOOP_LEVELS(COUNTERS_LEVEL, X)                                                            \
	SNOOP_REASONS_BECAUSE(COUNTERS_BECAUSE, X)                                                 \
	X(cache_segments, gauge, segments,                                                         \
	  "segments in the cache; those of observed flows without their packets")                  \
	X(cache_bytes, gauge, bytes, "frame bytes in the cache")                                   \
	X(acks_withheld_now, gauge, packets, "duplicate ACKs withheld now")                        \
	X(stations_active, gauge, stations, "wireless stations known")                             \
	X(stations_silent, gauge, stations, "stations that do not answer now")

struct counters {
#define COUNTERS_FIELD(id, type, unit, help) uint64_t id;
	COUNTERS(COUNTERS_FIELD)
#undef COUNTERS_FIELD
};

/** @return all received packets that were dropped, for whatever reason. */
static inline uint64_t counters_drops(const struct counters *counters)
{
	return counters->tx_wired_drops + counters->tx_wireless_drops + counters->handoff_drops +
	       counters->rx_wired_cut + counters->rx_wireless_cut + counters->tx_wired_too_long +
	       counters->tx_wireless_too_long;
}

#define COUNTERS_COUNT (sizeof(struct counters) / sizeof(uint64_t))

#endif
