/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/driver_table.h>

#include <linux/capability.h>
#include <stddef.h>
#include <string.h>

#define KEEPS(capability) (UINT64_C(1) << (capability))

#define RETURNS_EARLY "gives its reference back before transmission"
#define VERIFIES "verifies checksums"

/*
 * Drivers without a row are shared and need no capability, because everything is open by the time
 * root is given up (packet sockets, files, VFIO and UIO devices, shared memory). Shared are drivers
 * that copy (net_null, net_avp) and NIC drivers that keep the mbuf until the hardware
 * has read it and then call rte_pktmbuf_free_seg() or rte_pktmbuf_prefree_seg() (e1000, igc, ena,
 * vmxnet3, ...). net_virtio writes its header into the headroom only while the reference count
 * is 1.
 */
static const struct driver_traits table[] = {
	{"net_pcap", NULL, DRIVER_SHARE, DRIVER_CHAINS | DRIVER_ALL_QUEUES, 0,
	 "long frames of a file arrive in chains"},
	{"net_af_packet", NULL, DRIVER_SHARE,
	 DRIVER_FRAMESZ | DRIVER_REASSEMBLES | DRIVER_ALL_QUEUES | DRIVER_REOPENS | DRIVER_SHARES,
	 0, "an mbuf must take a slot of the ring; the socket joins a fanout group with DEFRAG"},
	{"net_af_xdp", NULL, DRIVER_SHARE,
	 DRIVER_ALL_QUEUES | DRIVER_KEEPS_BUFFERS | DRIVER_KEEPS_PORT,
	 KEEPS(CAP_NET_ADMIN) | KEEPS(CAP_NET_RAW),
	 "each socket has a queue of the NIC; closing takes its program off the interface; "
	 "what the kernel has in its fill ring does not come back"},
	{"net_tap", NULL, DRIVER_SHARE, DRIVER_ONE_QUEUE | DRIVER_REOPENS | DRIVER_MAKES_INTERFACE,
	 KEEPS(CAP_NET_ADMIN),
	 "as many RX as TX queues, or none; stopping takes the interface down"},
	{"net_virtio_user", NULL, DRIVER_SHARE, DRIVER_MISSES_UNCOUNTED, KEEPS(CAP_NET_ADMIN),
	 "with vhost-net it owns a tap interface"},
	{"net_virtio", NULL, DRIVER_SHARE, DRIVER_MISSES_UNCOUNTED, 0,
	 "what does not fit into the ring the host drops"},
	{"net_vhost", NULL, DRIVER_SHARE, DRIVER_MISSES_UNCOUNTED, 0,
	 "what does not fit into the ring the guest drops"},
	{"net_ring", NULL, DRIVER_COPY, DRIVER_CHAINS | DRIVER_ONE_QUEUE | DRIVER_MISSES_UNCOUNTED,
	 0, "the peer receives the mbuf itself and may change or keep it"},
	{"net_memif", "zero-copy=yes", DRIVER_COPY,
	 DRIVER_CHAINS | DRIVER_ONE_QUEUE | DRIVER_MISSES_UNCOUNTED, 0,
	 "the peer reads the mbuf's memory until it is done"},
	{"net_memif", NULL, DRIVER_SHARE,
	 DRIVER_CHAINS | DRIVER_ONE_QUEUE | DRIVER_MISSES_UNCOUNTED, 0, "the peer may send chains"},
	{"net_bonding", NULL, DRIVER_COPY, 0, 0, "some modes rewrite the source address in place"},
	{"net_kni", NULL, DRIVER_COPY, 0, 0, "the driver rewrites the chain for the kernel"},
	/*
	 * The hardware frees buffers by itself. For a shared mbuf these drivers give their
	 * reference back when they enqueue it, before it was read: our own last reference could be
	 * freed too early.
	 */
	{"net_dpaa", NULL, DRIVER_COPY, 0, 0, RETURNS_EARLY},
	{"net_dpaa2", NULL, DRIVER_COPY, 0, 0, RETURNS_EARLY},
	{"net_cn9k", NULL, DRIVER_COPY, 0, 0, RETURNS_EARLY},
	{"net_cn10k", NULL, DRIVER_COPY, 0, 0, RETURNS_EARLY},
	{"net_octeontx", NULL, DRIVER_COPY, 0, 0, RETURNS_EARLY},
	/* mlx5 sets flow rules, and asks netlink for the carrier. */
	{"mlx5_pci", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM,
	 KEEPS(CAP_NET_RAW) | KEEPS(CAP_NET_ADMIN), VERIFIES},
	{"net_ice", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, 0, VERIFIES},
	{"net_iavf", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, 0, VERIFIES},
	{"net_i40e", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, 0, VERIFIES},
	{"net_ixgbe", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, 0, VERIFIES},
	{"net_bnxt", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, 0, VERIFIES},
};

static const struct driver_traits ordinary = {"", NULL, DRIVER_SHARE, 0, 0, "mbufs are shared"};

const struct driver_traits *driver_find(const char *driver, const char *devargs)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].driver, driver) == 0 &&
		    (table[i].devargs == NULL ||
		     (devargs != NULL && strstr(devargs, table[i].devargs) != NULL)))
			return &table[i];
	return &ordinary;
}
