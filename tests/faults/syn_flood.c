/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into snoopd or testpmd. SYNs of ever new connections arrive at both ports, paced by the
 * TSC, after what the driver has received, and are taken out again before the other port's driver
 * sees them. So no host and no emulator has to keep up with them, while all other packets cross the
 * real drivers. The SYNs are numbered: one that is lost, duplicated or overtaken is noticed. The
 * lcore that polls does all of this.
 *
 * Telemetry: /flood says what became of them; /flood,N sends N per second to each port from now on.
 *
 * Ports 0 and 1, one queue and one lcore for both.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_telemetry.h>

#include <snoopd/base/compat.h>

#define PORTS 2
#define RING 1024u    /* as many wait for a reception at most, as in a NIC */
#define BURST_MAX 64u /* what the programs send at once */
#define RATE_MAX 100000000u
#define NET RTE_BE32(0xc6120000) /* 198.18.0.0/15, RFC 2544 */
#define HOSTS RTE_BE32(0x0001ffff)

struct frame {
	struct rte_ether_hdr ether;
	struct rte_ipv4_hdr ip;
	struct rte_tcp_hdr tcp;
	uint8_t padding[6];
};
_Static_assert(sizeof(struct frame) == 60, "as on the wire, the smallest that there is");

struct flood {
	/* While the port starts. */
	struct rte_mempool *pool;
	eth_tx_burst_t driver;
	struct frame template;	  /* its checksum fields are 0 */
	uint32_t ip_sum, tcp_sum; /* over the template */
	bool hooked;

	/* The lcore's that polls; others may read the counters. */
	uint64_t next_cycles; /* when the next SYN arrives; 0 = there is no flood */
	uint64_t random;
	uint32_t expected; /* number of the SYN that comes out next */
	uint64_t sent, arrived;
	uint64_t misplaced; /* arrived though their numbers were past: twice, or overtaken */
	uint64_t overrun;   /* never sent, as too many waited already or the pool was empty */
} __rte_cache_aligned;

static struct flood floods[PORTS]; /* by the port that they arrive at */
static uint64_t period_cycles; /* between two SYNs, 0 = no flood; telemetry's thread writes it */

static uint64_t next_random(struct flood *flood)
{
	flood->random ^= flood->random << 13;
	flood->random ^= flood->random >> 7;
	flood->random ^= flood->random << 17;
	return flood->random;
}

static uint16_t checksum(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void make_template(struct flood *flood, uint16_t port)
{
	struct frame *frame = &flood->template;

	*frame = (struct frame){
		.ether =
			{
				.dst_addr = {{2, 0, 0, 0, 0x78, 0xf0}},
				.src_addr = {{2, 0, 0, 0, 0x78, (uint8_t)(0xf1 + port)}},
				.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
			},
		.ip =
			{
				.version_ihl = 0x45,
				.total_length = RTE_BE16(sizeof(frame->ip) + sizeof(frame->tcp)),
				.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
				.time_to_live = 64,
				.next_proto_id = IPPROTO_TCP,
				.src_addr = NET,
				.dst_addr = NET,
			},
		.tcp =
			{
				.data_off = sizeof(frame->tcp) / 4 << 4,
				.tcp_flags = RTE_TCP_SYN_FLAG,
				.rx_win = RTE_BE16(65535),
			},
	};
	flood->ip_sum = rte_raw_cksum(&frame->ip, sizeof(frame->ip));
	flood->tcp_sum = (uint32_t)rte_raw_cksum(&frame->tcp, sizeof(frame->tcp)) +
			 rte_ipv4_phdr_cksum(&frame->ip, 0);
}

/* A ones' complement sum may be taken in any byte order, and of 32 bits at once. */
static void write_syn(struct flood *flood, struct rte_mbuf *mbuf)
{
	struct frame *frame = rte_pktmbuf_mtod(mbuf, struct frame *);
	uint64_t random = next_random(flood);
	uint32_t source = (uint32_t)random & HOSTS, target = (uint32_t)(random >> 32) & HOSTS;
	uint32_t ports = (uint32_t)(random >> 16) * 0x9e3779b1u;
	rte_be32_t number = rte_cpu_to_be_32((uint32_t)flood->sent++);
	uint64_t addresses = (uint64_t)source + target;

	*frame = flood->template;
	frame->ip.src_addr |= source;
	frame->ip.dst_addr |= target;
	frame->ip.hdr_checksum = checksum(flood->ip_sum + addresses);
	memcpy(&frame->tcp.src_port, &ports, sizeof(ports));
	frame->tcp.sent_seq = number;
	frame->tcp.cksum = checksum(flood->tcp_sum + addresses + ports + number);
	mbuf->data_len = sizeof(*frame);
	mbuf->pkt_len = sizeof(*frame);
}

static uint64_t waiting(struct flood *flood, uint64_t period)
{
	uint64_t now = rte_rdtsc(), count;

	if (period == 0) {
		flood->next_cycles = 0;
		return 0;
	}
	if (flood->next_cycles == 0)
		flood->next_cycles = now;
	if (now < flood->next_cycles)
		return 0;
	count = (now - flood->next_cycles) / period + 1;
	if (count > RING) {
		flood->overrun += count - RING;
		flood->next_cycles += (count - RING) * period;
		count = RING;
	}
	return count;
}

static uint16_t send_syns(uint16_t port, uint16_t queue, struct rte_mbuf *packets[], uint16_t count,
			  uint16_t room, void *context)
{
	struct flood *flood = context;
	uint64_t period = __atomic_load_n(&period_cycles, __ATOMIC_RELAXED);
	uint16_t syns = (uint16_t)RTE_MIN(waiting(flood, period), (uint64_t)(room - count));

	if (syns == 0)
		return count;
	flood->next_cycles += syns * period;
	if (rte_pktmbuf_alloc_bulk(flood->pool, &packets[count], syns) != 0) {
		flood->overrun += syns;
		return count;
	}
	for (uint16_t i = count; i < count + syns; i++) {
		packets[i]->port = port;
		write_syn(flood, packets[i]);
	}
	return (uint16_t)(count + syns);
}

static bool is_syn_of(const struct flood *flood, const struct rte_mbuf *mbuf)
{
	return memcmp(rte_pktmbuf_mtod(mbuf, void *), &flood->template, 2 * RTE_ETHER_ADDR_LEN) ==
	       0;
}

static void take_syn(struct flood *flood, struct rte_mbuf *mbuf)
{
	const struct frame *frame = rte_pktmbuf_mtod(mbuf, const struct frame *);
	uint32_t number = rte_be_to_cpu_32(frame->tcp.sent_seq);

	flood->misplaced += (int32_t)(number - flood->expected) < 0;
	flood->expected = number + 1;
	flood->arrived++;
	rte_pktmbuf_free(mbuf);
}

/* As the driver's: what is taken is taken in order, up to the first packet that the driver has no
 * room for. */
static uint16_t transmit(uint16_t port, void *queue, struct rte_mbuf **packets, uint16_t count)
{
	struct flood *flood = &floods[!port];
	struct rte_mbuf *others[BURST_MAX];
	uint16_t other_count = 0, taken, i;
	uint64_t syns = 0;

	count = (uint16_t)RTE_MIN(count, BURST_MAX);
	for (i = 0; i < count; i++) {
		if (is_syn_of(flood, packets[i]))
			syns |= UINT64_C(1) << i;
		else
			others[other_count++] = packets[i];
	}
	taken = other_count > 0 ? floods[port].driver(queue, others, other_count) : 0;
	for (i = 0; i < count; i++) {
		if (syns >> i & 1)
			take_syn(flood, packets[i]);
		else if (taken-- == 0)
			break;
	}
	return i;
}

static uint16_t transmit_0(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	return transmit(0, queue, packets, count);
}

static uint16_t transmit_1(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	return transmit(1, queue, packets, count);
}

static int answer(const char *command, const char *parameters, struct rte_tel_data *data)
{
	const struct flood *wired = &floods[0], *wireless = &floods[1];

	if (parameters != NULL) {
		unsigned long rate = strtoul(parameters, NULL, 10);

		if (rate > RATE_MAX)
			return -1;
		__atomic_store_n(&period_cycles, rate == 0 ? 0 : rte_get_tsc_hz() / rate,
				 __ATOMIC_RELAXED);
	}
	rte_tel_data_start_dict(data);
	compat_tel_dict_uint(data, "sent", wired->sent + wireless->sent);
	compat_tel_dict_uint(data, "arrived", wired->arrived + wireless->arrived);
	compat_tel_dict_uint(data, "misplaced", wired->misplaced + wireless->misplaced);
	compat_tel_dict_uint(data, "overrun", wired->overrun + wireless->overrun);
	return 0;
}

/* In place of ethdev's: the frames come from where the driver's do. */
int rte_eth_rx_queue_setup(uint16_t port, uint16_t queue, uint16_t descriptors, unsigned int socket,
			   const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	int (*next)(uint16_t, uint16_t, uint16_t, unsigned int, const struct rte_eth_rxconf *,
		    struct rte_mempool *);

	if (port < PORTS)
		floods[port].pool = pool;
	*(void **)&next = dlsym(RTLD_NEXT, "rte_eth_rx_queue_setup");
	return next(port, queue, descriptors, socket, conf, pool);
}

static int hook_rx(struct flood *flood, uint16_t port)
{
	make_template(flood, port);
	flood->random = rte_rdtsc() | 1;
	flood->hooked = true;
	if (port == 0 &&
	    rte_telemetry_register_cmd("/flood", answer,
				       "SYNs so far. Parameter: as many per second.") != 0)
		return -1;
	return rte_eth_add_rx_callback(port, 0, send_syns, flood) == NULL ? -1 : 0;
}

/*
 * In place of ethdev's. A callback of ethdev's cannot take packets out of a burst: the program
 * would take those at its end for not sent. So the driver's own function is replaced, which every
 * start sets anew.
 */
int rte_eth_dev_start(uint16_t port)
{
	static const eth_tx_burst_t transmits[PORTS] = {transmit_0, transmit_1};
	int (*next)(uint16_t);
	int result;

	*(void **)&next = dlsym(RTLD_NEXT, "rte_eth_dev_start");
	result = next(port);
	if (result != 0 || port >= PORTS)
		return result;
	if (rte_eth_fp_ops[port].tx_pkt_burst != transmits[port])
		floods[port].driver = rte_eth_fp_ops[port].tx_pkt_burst;
	rte_eth_fp_ops[port].tx_pkt_burst = transmits[port];
	return floods[port].hooked ? 0 : hook_rx(&floods[port], port);
}
