/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One row per key of the configuration. Fields of struct config, parsing, ranges, printing, the
 * comparison at a reload, config/snoopd.ini, snoopd.ini(5) and the lists in doc/operations.md
 * follow from the rows; `ninja -C build documents` writes what is a file. A new key is its row and
 * its use.
 *
 * SECTION(name, help): the keys after it are its keys.
 * OWN(section, name, KIND, field, min, max, "default", when, help): a field of struct config, made
 *   from the row. The default is text as in the file; of a PORT, which is required, an example.
 * PROTOCOL(section, name, KIND, field, min, max, when, help): a field of struct snoop_config, which
 *   the engine defines; snoop_config_defaults() has its default.
 *
 * WHEN: of enum config_when. A key is a link's, so that [SECTION NAME] can have it, unless there is
 * one of its kind in a process: the account, the log, the HTTP server. CONFIG_OF_PROCESS says so,
 * in all keys of a section or in none.
 *
 * KIND: see enum config_kind; min and max are both allowed, in the unit of the field. Help begins
 * with what the operator gains or loses. schema.c has the macros for units.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#define CONFIG_KEYS(SECTION, OWN, PROTOCOL)                                                        \
	SECTION(link, "The two ports that snoopd joins like a wire, and how much it helps.")       \
	OWN(link, wired, PORT, wired, 1, 63, "net_af_packet0", CONFIG_AT_START,                    \
	    "The port towards the servers, by its DPDK name or number. It must differ from "       \
	    "wireless.")                                                                           \
	OWN(link, wireless, PORT, wireless, 1, 63, "net_af_packet1", CONFIG_AT_START,              \
	    "The port towards the radio and its stations.")                                        \
	OWN(link, mode, LEVEL, mode, 0, SNOOP_LEVEL_COUNT - 1, "auto", CONFIG_AT_RELOAD,           \
	    "bypass forwards without looking, observe only measures, repair retransmits lost "     \
	    "segments, snoop also withholds duplicate ACKs, auto withholds them only where the "   \
	    "sender does not tolerate a fast repair.")                                             \
	OWN(link, propagate, SWITCH, propagate, 0, 1, "yes", CONFIG_AT_RELOAD,                     \
	    "When one port loses its carrier, snoopd takes the other one down too, so that "       \
	    "switches and routers beside the box notice. The log says once where the driver of a " \
	    "port cannot do it.")                                                                  \
	OWN(link, propagate_hold, TIME, propagate_hold_us, 0, MINUTES(1), "2s", CONFIG_AT_RELOAD,  \
	    "How long a carrier must be back before the other port gets its own back, so that a "  \
	    "flapping carrier causes one outage.")                                                 \
	OWN(link, workers, WORKERS, worker_mask, 0, UINT32_MAX, "all", CONFIG_AT_START,            \
	    "Which workers forward for this link, by their numbers in snoopctl workers. A link "   \
	    "whose workers serve no other one is not slowed down by the load of others.")          \
	SECTION(ports, "How the ports are set up. Both are set up alike.")                         \
	OWN(ports, rx_descriptors, COUNT, rx_descriptors, 64, 32768, "1024", CONFIG_AT_START,      \
	    "Per queue. More descriptors ride out longer pauses of a worker, fewer stay in the "   \
	    "CPU cache. The port may round the number.")                                           \
	OWN(ports, tx_descriptors, COUNT, tx_descriptors, 64, 32768, "1024", CONFIG_AT_START,      \
	    "Per queue. More descriptors take larger bursts at once, but a retransmit has to "     \
	    "wait for all packets that were queued before it.")                                    \
	OWN(ports, mtu, COUNT_OR_AUTO, mtu_bytes, 68, 65535, "auto", CONFIG_AT_START,              \
	    "In bytes. auto leaves both ports as they are; their MTUs must then be equal, "        \
	    "because a wire cannot fragment.")                                                     \
	OWN(ports, tx_retries, COUNT, tx_retries, 0, 10000, "64", CONFIG_AT_RELOAD,                \
	    "How often snoopd retries a burst that a full port did not take, before it drops and " \
	    "counts the rest.")                                                                    \
	OWN(ports, checksum, CHECKSUM, checksum, 0, CONFIG_CHECKSUM_COUNT - 1, "software",         \
	    CONFIG_AT_START,                                                                       \
	    "Who verifies TCP checksums; no segment is cached unverified. nic trusts a network "   \
	    "card that reports a good checksum, if its driver is known to leave the packet "       \
	    "alone, and verifies all others in software. It saves about half of the work per "     \
	    "packet.")                                                                             \
	OWN(ports, offloads, OFFLOADS, offloads, 0, CONFIG_OFFLOADS_COUNT - 1, "refuse",           \
	    CONFIG_AT_START,                                                                       \
	    "What snoopd does at its start where the kernel merges frames of an interface behind " \
	    "a port (GRO, LRO) or takes VLAN tags out of them, so that they would be lost. "       \
	    "refuse does not start, warn only says so. Both name the ethtool command that "        \
	    "switches it off, and what is switched on while snoopd runs.")                         \
	OWN(ports, lost, LOST, lost, 0, CONFIG_LOST_COUNT - 1, "restart", CONFIG_AT_START,         \
	    "What snoopd does when the interface of a port vanishes or its device is removed or "  \
	    "reset. restart ends snoopd, with all its links and status 3, so that the service "    \
	    "manager starts it again until the interface is back. wait goes on with the wire of "  \
	    "that link cut and opens the port again when there is an interface of that name; "     \
	    "for that the control thread keeps the capabilities to open it. Only net_af_packet "   \
	    "and net_tap can wait.")                                                               \
	SECTION(workers, "Every lcore of the EAL except the first is a worker. A hash assigns "    \
			 "each connection to one of those that serve its link.")                   \
	OWN(workers, distribution, DISTRIBUTION, distribution, 0, CONFIG_DISTRIBUTION_COUNT - 1,   \
	    "auto", CONFIG_AT_START,                                                               \
	    "rss lets the NICs find the worker. software lets the receiving worker hash and "      \
	    "hand over. auto takes rss where both ports prove that they can do it.")               \
	OWN(workers, handoff, COUNT, handoff_packets, 64, 32768, "1024", CONFIG_AT_START,          \
	    "How many packets may wait between two workers, where one hands over to the other. "   \
	    "What still does not fit after tx_retries is dropped and counted.")                    \
	SECTION(flows, "The table of TCP connections, in which each link has its part.")           \
	OWN(flows, max, COUNT, flows, 64, 1 << 24, "65536", CONFIG_AT_START | CONFIG_DIVIDED,      \
	    "Of all workers together, divided evenly among them (at least 64 each). Connections "  \
	    "beyond it are forwarded without help and counted as pass_table_full.")                \
	OWN(flows, idle, TIME, flow_idle_us, SECONDS(1), MINUTES(60), "5min", CONFIG_AT_RELOAD,    \
	    "snoopd forgets a connection that had no packet for this long, and picks it up again " \
	    "at its next packet.")                                                                 \
	OWN(flows, linger, TIME, flow_closed_us, MS(100), MINUTES(1), "2s", CONFIG_AT_RELOAD,      \
	    "How long a closed connection stays in the table, so that its last segments can "      \
	    "still be repaired. Must not exceed idle.")                                            \
	OWN(flows, vlan, VLAN, flow_vlan, 0, CONFIG_VLAN_COUNT - 1, "key", CONFIG_AT_START,        \
	    "key keeps connections in different VLANs apart, even with the same addresses. "       \
	    "ignore "                                                                              \
	    "is for links whose two directions carry different tags; no two customers behind "     \
	    "such a box may use the same addresses.")                                              \
	SECTION(cache, "Copies of segments sent towards the stations, kept until they are "        \
		       "acknowledged. Each link has these budgets for itself; its workers "        \
		       "divide them evenly (at least 64 segments and 1MiB each).")                 \
	PROTOCOL(cache, segments, COUNT, cache_segments, 64, 1 << 24,                              \
		 CONFIG_AT_START | CONFIG_DIVIDED,                                                 \
		 "Cached segments and withheld ACKs together. Each takes one mbuf, so the sum "    \
		 "over all links sizes the pool.")                                                 \
	PROTOCOL(cache, bytes, BYTES, cache_bytes, MIB(1), GIB(1024),                              \
		 CONFIG_AT_RELOAD | CONFIG_DIVIDED,                                                \
		 "Limits the memory of long or jumbo segments, where the number of segments "      \
		 "would not.")                                                                     \
	PROTOCOL(cache, flow_bytes, BYTES, flow_cache_bytes, KIB(64), GIB(1024), CONFIG_AT_RELOAD, \
		 "Keeps one fast connection from taking the whole cache. Must not exceed bytes; "  \
		 "a worker lowers it to its share of them.")                                       \
	PROTOCOL(cache, stations, COUNT, stations, 16, 1 << 20, CONFIG_AT_START,                   \
		 "Radio stations of a link whose RTT and silence are known, per worker, because "  \
		 "each worker may own connections of all of them. A record that no connection "    \
		 "uses is reused.")                                                                \
	SECTION(timers, "When silence means loss.")                                                \
	PROTOCOL(timers, rto_min, TIME, rto_min_us, 100, SECONDS(1), CONFIG_AT_RELOAD,             \
		 "A lower floor repairs a lost tail sooner, but below the jitter of the radio it " \
		 "retransmits what was not lost. Must not exceed rto_initial.")                    \
	PROTOCOL(timers, rto_max, TIME, rto_max_us, MS(1), MINUTES(1), CONFIG_AT_RELOAD,           \
		 "Ceiling of the timeout, which doubles after each expiry without an answer.")     \
	PROTOCOL(timers, rto_initial, TIME, rto_initial_us, MS(1), SECONDS(10), CONFIG_AT_RELOAD,  \
		 "In effect until the first RTT of a station is measured. Must not exceed "        \
		 "rto_max.")                                                                       \
	PROTOCOL(timers, delayed_ack, TIME, delayed_ack_us, 0, SECONDS(1), CONFIG_AT_RELOAD,       \
		 "Added to the timeout while little is in flight, because receivers delay the "    \
		 "ACK of a lone segment (40 ms on Linux). Where a station delays it for longer, "  \
		 "snoopd learns that and adds more.")                                              \
	PROTOCOL(timers, probe_interval, TIME, probe_interval_us, MS(1), SECONDS(10),              \
		 CONFIG_AT_RELOAD,                                                                 \
		 "snoopd sends one segment this often to a station that stopped answering, to "    \
		 "notice its return. Must not exceed silence_max.")                                \
	PROTOCOL(                                                                                  \
		timers, silence_max, TIME, silence_max_us, MS(1), MINUTES(60), CONFIG_AT_RELOAD,   \
		"snoopd stops probing a station that has been silent for this long: it has left.") \
	SECTION(repair, "How long snoopd tries to repair a lost segment before it leaves it to "   \
			"the sender.")                                                             \
	PROTOCOL(repair, tries, COUNT, tries_max, 1, 255, CONFIG_AT_RELOAD,                        \
		 "Retransmits of one segment. More tries help on a very bad radio, at the cost "   \
		 "of air time.")                                                                   \
	PROTOCOL(repair, hole_age, TIME, hole_age_max_us, MS(1), SECONDS(10), CONFIG_AT_RELOAD,    \
		 "snoopd leaves a loss older than this to the sender. Stay below the minimum "     \
		 "timeout of the senders (200 ms on Linux), or box and sender both retransmit.")   \
	PROTOCOL(repair, allowance, COUNT, allowance_segments, 0, 65535, CONFIG_AT_RELOAD,         \
		 "Retransmits allowed beyond one per segment that arrived, so that repair never "  \
		 "adds load to a queue.")                                                          \
	SECTION(withhold, "Duplicate ACKs that are withheld while their hole is under repair "     \
			  "(levels snoop and auto).")                                              \
	PROTOCOL(withhold, time, TIME, withhold_max_us, 0, SECONDS(1), CONFIG_AT_RELOAD,           \
		 "Upper limit. snoopd withholds a duplicate ACK for three RTTs of the radio, or "  \
		 "60 ms if that is longer, and never for more than this. It must end before the "  \
		 "sender times out. 0us withholds none.")                                          \
	PROTOCOL(withhold, acks, COUNT, withhold_acks, 0, 65535, CONFIG_AT_RELOAD,                 \
		 "Per connection. When more arrive, all are released in order. 0 withholds none.") \
	SECTION(veto, "Losses that are queue overflow and not radio: snoopd leaves them to the "   \
		      "sender, so that it slows down.")                                            \
	PROTOCOL(veto, delay_floor, TIME, veto_delay_floor_us, 0, SECONDS(1), CONFIG_AT_RELOAD,    \
		 "Queueing delay below this counts as jitter of the radio, never as congestion.")  \
	PROTOCOL(veto, delay, TIME_OR_AUTO, veto_delay_us, 1, SECONDS(10), CONFIG_AT_RELOAD,       \
		 "Queueing delay above this makes a loss congestion. auto learns it from the RTT " \
		 "of the path.")                                                                   \
	PROTOCOL(veto, prior, SHARE, veto_prior_ppm, 0, PERCENT(50), CONFIG_AT_RELOAD,             \
		 "Share of segments that the radio is assumed to lose before the share is "        \
		 "measured. Too low a value takes early losses for congestion.")                   \
	SECTION(syn, "The memory of connection requests. A request lost on the radio costs the "   \
		     "user a second.")                                                             \
	PROTOCOL(syn, entries, COUNT, syn_entries, 0, 1 << 14, CONFIG_AT_START | CONFIG_DIVIDED,   \
		 "Handshakes that all workers of the link remember at once. The oldest goes "      \
		 "first. 0 turns it off.")                                                         \
	PROTOCOL(syn, tries, COUNT, syn_tries, 0, 10, CONFIG_AT_RELOAD, "Retransmits of one SYN.") \
	PROTOCOL(syn, rate_max, COUNT, syn_rate_max, 0, 10000000,                                  \
		 CONFIG_AT_RELOAD | CONFIG_DIVIDED,                                                \
		 "More SYNs per second than this are a flood, and none is remembered until it "    \
		 "ends. Each worker counts against its share.")                                    \
	SECTION(guard, "What snoopd stops and resumes by itself: repairs that do not help, and "   \
		       "help for new connections when memory is short.")                           \
	OWN(guard, levels, SWITCH, guard_levels, 0, 1, "yes", CONFIG_AT_RELOAD,                    \
	    "A link in repair, snoop or auto whose repairs do not help for three periods in a "    \
	    "row is demoted to observe. It gets its level back when there is loss to repair. "     \
	    "Rules keep their levels.")                                                            \
	OWN(guard, period, TIME, guard_period_us, SECONDS(1), MINUTES(10), "10s",                  \
	    CONFIG_AT_RELOAD,                                                                      \
	    "What is judged at once: retransmits for losses, probes and shields apart. A period "  \
	    "with fewer than 100 of them says nothing. Most of the stations that had some in it "  \
	    "must be bad themselves: one alone does not demote the link.")                         \
	OWN(guard, spurious, SHARE, guard_spurious_ppm, PERCENT(1), PERCENT(100), "50%",           \
	    CONFIG_AT_RELOAD,                                                                      \
	    "Share of these retransmits that stations may report as duplicates (D-SACK). If they " \
	    "report more, the cause was not loss.")                                                \
	OWN(guard, confirmed, SHARE, guard_confirmed_ppm, 0, PERCENT(50), "5%", CONFIG_AT_RELOAD,  \
	    "More than this share of these retransmits must be confirmed. 0% does not require "    \
	    "it.")                                                                                 \
	OWN(guard, retry, TIME, guard_retry_us, SECONDS(1), MINUTES(60), "1min", CONFIG_AT_RELOAD, \
	    "How long a demoted link observes at least. Each further demotion doubles the time, "  \
	    "up to 32 times this value.")                                                          \
	OWN(guard, memory, SHARE, guard_memory_ppm, PERCENT(50), PERCENT(100), "90%",              \
	    CONFIG_AT_RELOAD,                                                                      \
	    "While more of a worker's cache is in use, new connections begin in bypass. They get " \
	    "their level when the use is 15 points below this. 100% turns it off.")                \
	SECTION(process, "Whom snoopd runs as once everything is open: it starts as root and "     \
			 "gives that up in all threads before it forwards the first packet. What " \
			 "remains, by driver: doc/reliability.md.")                                \
	OWN(process, user, ACCOUNT, user, 1, 63, "auto", CONFIG_AT_START | CONFIG_OF_PROCESS,      \
	    "auto is the account snoopd, or nobody where there is none. root keeps all "           \
	    "privileges. The account must be able to read this file, or a reload cannot read it.") \
	OWN(process, group, ACCOUNT, group, 1, 63, "auto", CONFIG_AT_START | CONFIG_OF_PROCESS,    \
	    "Who may use snoopctl without being root: this group owns the telemetry socket "       \
	    "(0660) and its folder (0770). auto is the group of the user.")                        \
	OWN(process, log, LOG, log, 0, CONFIG_LOG_COUNT - 1, "stderr",                             \
	    CONFIG_AT_START | CONFIG_OF_PROCESS,                                                   \
	    "stderr suits a terminal, and systemd, whose journal keeps the priorities. syslog "    \
	    "means syslog(3), facility daemon. Errors before this file is read always go to "      \
	    "stderr.")                                                                             \
	SECTION(metrics, "Counters for Prometheus (/metrics) and the live page (/), over HTTP.")   \
	OWN(metrics, listen, LISTEN, metrics_listen, 1, 63, "127.0.0.1:9464",                      \
	    CONFIG_AT_START | CONFIG_OF_PROCESS,                                                   \
	    "Keep it on loopback, or behind a proxy that authenticates: there is no password, "    \
	    "but nothing can be changed from there either. A second snoopd on this machine needs " \
	    "another port, or off.")

#endif
