/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The rows of verdict.c, the gravest first: X(id, weight, sentence, evidence...). The weight is
 * an expression of f, the facts, and s, the counters; the evidence are the facts that the sentence
 * stands on. A sentence has at most 127 characters and says only what these facts prove.
 */
#ifndef SNOOPD_VERDICT_ROWS_H
#define SNOOPD_VERDICT_ROWS_H

/* What there is for both ports. */
#define ROWS_OF_LINK(X, side, SIDE)                                                                \
	X(side##_gone, link_is(&f->port[SNOOP_##SIDE], VERDICT_LINK_GONE),                         \
	  "the interface of the " #side " port is gone: nothing passes; see the log",              \
	  PORT(side, SIDE, link))                                                                  \
	X(side##_down, link_is(&f->port[SNOOP_##SIDE], VERDICT_LINK_DOWN),                         \
	  "the " #side " port reports no link", PORT(side, SIDE, link))                            \
	X(side##_taken, noted(known(f->port[SNOOP_##SIDE].taken) != 0),                            \
	  "snoopd took down the link of the " #side " port, as the other side has none",           \
	  PORT(side, SIDE, link), PORT(side, SIDE, taken))

#define ROWS_OF_LOSSES(X, side, SIDE)                                                              \
	X(side##_too_long, by_losses(f->port[SNOOP_##SIDE].too_long, f->received),                 \
	  "frames at the " #side " port were too long to be sent on whole, and were dropped",      \
	  PORT(side, SIDE, too_long), FACT(received))                                              \
	X(side##_lost,                                                                             \
	  by_losses(known(f->port[SNOOP_##SIDE].missed_packets), s->rx_##side##_packets),          \
	  "the " #side                                                                             \
	  " port lost frames before snoopd saw them: losses of this box, not of wire or radio",    \
	  PORT(side, SIDE, missed_packets), SUM(rx_##side##_packets))                              \
	X(side##_refused,                                                                          \
	  by_losses(known(f->port[SNOOP_##SIDE].rx_errors), s->rx_##side##_packets),               \
	  "the " #side " port refused frames as damaged or too long: see its cable and its MTU",   \
	  PORT(side, SIDE, rx_errors), SUM(rx_##side##_packets))                                   \
	X(side##_unsent,                                                                           \
	  by_losses(known(f->port[SNOOP_##SIDE].tx_errors), s->tx_##side##_packets),               \
	  "the " #side " port did not send all frames it took: losses of this box, "               \
	  "not of the wire or radio",                                                              \
	  PORT(side, SIDE, tx_errors), SUM(tx_##side##_packets), SUM(radio_losses))                \
	X(side##_drops, by_losses(s->tx_##side##_drops, s->tx_##side##_packets),                   \
	  "snoopd dropped frames that the " #side " port did not take in time",                    \
	  SUM(tx_##side##_drops), SUM(tx_##side##_packets))                                        \
	X(side##_offloads, leads(known(f->port[SNOOP_##SIDE].bad_offloads) != 0),                  \
	  "offloads of the interface behind the " #side " port cut frames or lose tags; "          \
	  "event=offloads in the log has the command",                                             \
	  PORT(side, SIDE, bad_offloads))

#define ROWS_OF_CHECKSUMS(X, side, SIDE)                                                           \
	X(side##_unfinished,                                                                       \
	  by_share(s->checksum_##side##_unfinished, s->tcp_##side##_packets, HUNDREDTH),           \
	  "TCP came from the " #side                                                               \
	  " side with unfinished checksums, and passed unhelped: ethtool -K, tx off, there",       \
	  SUM(checksum_##side##_unfinished), SUM(tcp_##side##_packets))                            \
	X(side##_invalid,                                                                          \
	  by_share(less(s->checksum_##side##_invalid, s->checksum_##side##_unfinished),            \
		   s->tcp_##side##_packets, HUNDREDTH),                                            \
	  "TCP came from the " #side " side with wrong checksums, and passed unhelped",            \
	  SUM(checksum_##side##_invalid), SUM(checksum_##side##_unfinished),                       \
	  SUM(tcp_##side##_packets))

#define VERDICTS(X)                                                                                \
	ROWS_OF_LINK(X, wired, WIRED)                                                              \
	ROWS_OF_LINK(X, wireless, WIRELESS)                                                        \
	X(stuck, leads(f->workers_stuck > 0),                                                      \
	  "a worker does not move: the packets of its connections wait; see snoopctl workers",     \
	  FACT(workers_stuck), FACT(workers))                                                      \
	ROWS_OF_LOSSES(X, wired, WIRED)                                                            \
	ROWS_OF_LOSSES(X, wireless, WIRELESS)                                                      \
	X(mtu, mtus_differ(&f->port[SNOOP_WIRED], &f->port[SNOOP_WIRELESS]),                       \
	  "the ports have different MTUs: what is longer than the smaller is lost there; ip link " \
	  "set mtu",                                                                               \
	  PORT(wired, WIRED, mtu_bytes), PORT(wireless, WIRELESS, mtu_bytes))                      \
	X(handoff_drops, by_losses(s->handoff_drops, f->received),                                 \
	  "workers dropped frames that others handed to them: raise [workers] handoff",            \
	  SUM(handoff_drops), SUM(handoff_packets))                                                \
	ROWS_OF_CHECKSUMS(X, wired, WIRED)                                                         \
	ROWS_OF_CHECKSUMS(X, wireless, WIRELESS)                                                   \
	X(other_vlan, by_share(s->pass_other_vlan, s->tcp_wireless_packets, TENTH),                \
	  "ACKs carry other VLAN tags than their data, which passed unhelped: set [flows] vlan = " \
	  "ignore",                                                                                \
	  SUM(pass_other_vlan), SUM(tcp_wireless_packets), SUM(flows_because_other_vlan))          \
	X(pppoe, of_traffic(s->pass_pppoe, f->received),                                           \
	  "PPPoE passes unexamined: snoopd helps no connection inside it", SUM(pass_pppoe),        \
	  FACT(received))                                                                          \
	X(mpls, of_traffic(s->pass_mpls, f->received),                                             \
	  "MPLS passes unexamined: snoopd helps no connection inside it", SUM(pass_mpls),          \
	  FACT(received))                                                                          \
	X(tunnels, of_traffic(s->pass_gre + s->pass_ip_in_ip + s->pass_udp_tunnel, f->received),   \
	  "tunnels (GRE, IP in IP, GTP-U, VXLAN, L2TP, ...) pass unexamined: snoopd helps "        \
	  "nothing in them",                                                                       \
	  SUM(pass_gre), SUM(pass_ip_in_ip), SUM(pass_udp_tunnel), FACT(received))                 \
	X(ipsec, of_traffic(s->pass_ipsec, f->received),                                           \
	  "IPsec passes unexamined: nobody but its ends sees the connections inside it",           \
	  SUM(pass_ipsec), FACT(received))                                                         \
	X(no_room,                                                                                 \
	  by_share(s->pass_cache_full + s->pass_table_full + s->pass_not_shareable,                \
		   s->data_segments + s->pass_table_full, TENTH),                                  \
	  "TCP data passed without help, as there was no room for it: raise [cache] or [flows]",   \
	  SUM(pass_cache_full), SUM(pass_table_full), SUM(pass_not_shareable), SUM(data_segments)) \
	X(silent, silent(s),                                                                       \
	  "stations do not answer now: whether the radio delivers to them is unknown",             \
	  SUM(stations_silent), SUM(stations_active))                                              \
	X(bypass, is(f, OUTCOME_BYPASS), "bypass: a plain wire, snoopd examines nothing",          \
	  SUM(pass_bypass))                                                                        \
	X(demoted_spurious, is(f, OUTCOME_DEMOTED_SPURIOUS),                                       \
	  "the guard lets the link only observe: too many retransmits were needless",              \
	  FACT(guard_spurious), FACT(spurious_for_losses), FACT(retransmits_for_losses))           \
	X(demoted_useless, is(f, OUTCOME_DEMOTED_USELESS),                                         \
	  "the guard lets the link only observe: too few retransmits were confirmed",              \
	  FACT(guard_useless), SUM(repairs_confirmed), FACT(retransmits_for_losses))               \
	X(nothing_received, is(f, OUTCOME_NOTHING_RECEIVED),                                       \
	  "nothing was received yet: are the ports the right ones?", SUM(rx_wired_packets),        \
	  SUM(rx_wireless_packets))                                                                \
	X(no_data, is(f, OUTCOME_NO_DATA), "no TCP data was seen towards the radio yet",           \
	  SUM(data_segments), SUM(rx_wired_packets), SUM(pass_ip_other), SUM(pass_no_flow))        \
	X(not_understood, is(f, OUTCOME_NOT_UNDERSTOOD),                                           \
	  "no TCP data that snoopd understands passed towards the radio yet: see pass_ in "        \
	  "snoopctl stats",                                                                        \
	  SUM(data_segments), FACT(not_understood), SUM(rx_wired_packets))                         \
	X(no_ack, is(f, OUTCOME_NO_ACK),                                                           \
	  "nothing is known of the radio: no ACK matched the data; other path, other VLAN, or no " \
	  "answer",                                                                                \
	  SUM(data_segments), SUM(acks_seen), SUM(pass_no_flow), SUM(pass_other_vlan),             \
	  SUM(tcp_wireless_packets))                                                               \
	X(lossless, is(f, OUTCOME_LOSSLESS),                                                       \
	  "no loss was found on the radio in the data that stations acknowledged",                 \
	  SUM(radio_losses), SUM(data_segments), SUM(acks_seen), SUM(retransmits_syn))             \
	X(senders_retransmit, is(f, OUTCOME_SENDERS_RETRANSMIT),                                   \
	  "hardly any or no loss was found on the radio, yet senders retransmit what had passed: " \
	  "the cause is unknown",                                                                  \
	  SUM(radio_losses), SUM(sender_retransmits), SUM(sender_retransmits_needless),            \
	  SUM(data_segments))                                                                      \
	X(hardly_any, is(f, OUTCOME_HARDLY_ANY),                                                   \
	  "hardly any loss was found on the radio: at most one in 10,000 segments, no more than "  \
	  "snoopd may err by",                                                                     \
	  SUM(radio_losses), SUM(data_segments), SUM(repairs_unproven),                            \
	  FACT(retransmits_for_losses), FACT(spurious_for_losses))                                 \
	X(one_loss, is(f, OUTCOME_ONE_LOSS),                                                       \
	  "one loss was found on the radio so far, in less than 10,000 segments: too few to "      \
	  "judge the radio by",                                                                    \
	  SUM(radio_losses), SUM(data_segments), SUM(vetoes), SUM(given_up))                       \
	X(observe_losses, is(f, OUTCOME_OBSERVE_LOSSES),                                           \
	  "observe: losses were found on the radio; mode repair would retransmit those that are "  \
	  "no congestion",                                                                         \
	  SUM(radio_losses), SUM(vetoes), SUM(data_segments))                                      \
	X(spurious, is(f, OUTCOME_SPURIOUS),                                                       \
	  "more than a tenth of the retransmits were needless (D-SACK): raise [timers] rto_min, "  \
	  "or observe",                                                                            \
	  FACT(spurious_for_losses), FACT(retransmits_for_losses), SUM(repairs_confirmed))         \
	X(none_repaired, is(f, OUTCOME_NONE_REPAIRED),                                             \
	  "losses were found on the radio, and no repair is confirmed yet: see snoopctl flows",    \
	  SUM(radio_losses), SUM(repairs_confirmed), FACT(retransmits_for_losses), SUM(vetoes),    \
	  SUM(given_up))                                                                           \
	X(unproven, is(f, OUTCOME_UNPROVEN),                                                       \
	  "segments were retransmitted, but of most no D-SACK or later ACK tells whether that "    \
	  "was needed",                                                                            \
	  SUM(retransmits_timeout), FACT(retransmits_for_losses), FACT(spurious_for_losses),       \
	  SUM(repairs_unproven), SUM(repairs_confirmed))                                           \
	X(helps_little, is(f, OUTCOME_FEW_REPAIRED),                                               \
	  "helps: repairs are confirmed, of less than half the losses (each lost copy counts); "   \
	  "see "                                                                                   \
	  "snoopctl flows",                                                                        \
	  SUM(repairs_confirmed), SUM(radio_losses), FACT(spurious_for_losses), SUM(vetoes),       \
	  SUM(given_up))                                                                           \
	X(helps, is(f, OUTCOME_HELPS),                                                             \
	  "helps: at least half of the losses found on the radio are repaired, at most a tenth "   \
	  "reported needless",                                                                     \
	  SUM(repairs_confirmed), SUM(radio_losses), FACT(spurious_for_losses),                    \
	  FACT(retransmits_for_losses))                                                            \
	X(wired_unknown,                                                                           \
	  noted(f->port[SNOOP_WIRED].missed_packets == VERDICT_UNKNOWN && s->upstream_holes > 0),  \
	  "unknown: upstream_holes may be losses of the wired port, whose driver does not count "  \
	  "them",                                                                                  \
	  PORT(wired, WIRED, missed_packets), SUM(upstream_holes))                                 \
	X(wireless_unknown,                                                                        \
	  noted(f->port[SNOOP_WIRELESS].tx_errors == VERDICT_UNKNOWN && s->radio_losses > 0),      \
	  "unknown: radio_losses may hold losses of the wireless port, whose driver does not "     \
	  "count them",                                                                            \
	  PORT(wireless, WIRELESS, tx_errors), SUM(radio_losses))                                  \
	X(upstream, noted(s->upstream_holes >= FEW && s->upstream_holes > s->radio_losses),        \
	  "more holes came from the wired side than losses were found on the radio",               \
	  SUM(upstream_holes), SUM(radio_losses), PORT(wired, WIRED, missed_packets))              \
	X(one_way, noted(s->flows_because_one_way > 0),                                            \
	  "of some connections no answer was recognized: nothing is known of their losses",        \
	  SUM(flows_because_one_way), SUM(flows_active))                                           \
	X(not_tcp, noted(f->received >= MANY && above(s->pass_ip_other, f->received, HALF)),       \
	  "most packets are IP, but not TCP (UDP, QUIC, ICMP, ...): snoopd cannot help them",      \
	  SUM(pass_ip_other), FACT(received))                                                      \
	X(outage, noted(s->pass_outage > 0),                                                       \
	  "a port was down or gone for a while: packets then, and for a moment after, passed "     \
	  "unexamined",                                                                            \
	  SUM(pass_outage), FACT(received))                                                        \
	X(partly_bypass,                                                                           \
	  noted(f->level != SNOOP_LEVEL_BYPASS && above(s->pass_bypass, f->received, TENTH)),      \
	  "more than a tenth of the packets passed in bypass: nothing is known of them",           \
	  SUM(pass_bypass), FACT(received), SUM(flows_squeezed))                                   \
	X(clock, noted(s->clock_calibrations > 0),                                                 \
	  "the TSC ran at another frequency than was believed: snoopd measured it, and goes on "   \
	  "with that",                                                                             \
	  SUM(clock_calibrations))                                                                 \
	X(clock_steps, noted(s->clock_steps > 0),                                                  \
	  "the machine's clock stepped (pause, migration, suspend): snoopd left the steps out of " \
	  "its times",                                                                             \
	  SUM(clock_steps))                                                                        \
	X(stalls, noted(s->turn_stalls > 0),                                                       \
	  "workers stood still for more than 100 ms: packets waited, and RTTs look too long",      \
	  SUM(turn_stalls), SUM(turn_overruns))

#endif
