/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/driver_table.h>

#include <stddef.h>
#include <string.h>

/*
 * Not listed, so shared: drivers that copy (net_pcap, net_af_packet, net_tap, net_null, net_vhost,
 * net_avp, net_memif without zero copy) and NIC drivers that keep the mbuf until the hardware has
 * read it and then call rte_pktmbuf_free_seg() or rte_pktmbuf_prefree_seg() (e1000, ixgbe, i40e,
 * ice, iavf, igc, mlx5, bnxt, ena, vmxnet3, ...). net_virtio writes its header into the headroom
 * only while the reference count is 1.
 */
static const struct driver quirks[] = {
	{"net_pcap", NULL, DRIVER_SHARE, DRIVER_CHAINS | DRIVER_ALL_QUEUES,
	 "long frames of a file arrive in chains"},
	{"net_af_packet", NULL, DRIVER_SHARE, DRIVER_FRAMESZ | DRIVER_REASSEMBLES | DRIVER_ALL_QUEUES,
	 "an mbuf must take a slot of the ring; the socket joins a fanout group with DEFRAG"},
	{"net_af_xdp", NULL, DRIVER_SHARE, DRIVER_ALL_QUEUES, "each socket has a queue of the NIC"},
	{"net_tap", NULL, DRIVER_SHARE, DRIVER_ONE_QUEUE, "as many RX as TX queues, or none"},
	{"net_ring", NULL, DRIVER_COPY, DRIVER_CHAINS | DRIVER_ONE_QUEUE,
	 "the peer receives the mbuf itself and may change or keep it"},
	{"net_memif", "zero-copy=yes", DRIVER_COPY, DRIVER_CHAINS | DRIVER_ONE_QUEUE,
	 "the peer reads the mbuf's memory until it is done"},
	{"net_memif", NULL, DRIVER_SHARE, DRIVER_CHAINS | DRIVER_ONE_QUEUE,
	 "the peer may send chains"},
	{"net_bonding", NULL, DRIVER_COPY, 0, "some modes rewrite the source address in place"},
	{"net_kni", NULL, DRIVER_COPY, 0, "the driver rewrites the chain for the kernel"},
	/*
	 * The hardware frees buffers by itself. For a shared mbuf these drivers give their
	 * reference back when they enqueue it, not when it was read: our own last reference could
	 * go too early.
	 */
	{"net_dpaa", NULL, DRIVER_COPY, 0, "reference given back before transmission"},
	{"net_dpaa2", NULL, DRIVER_COPY, 0, "reference given back before transmission"},
	{"net_cn9k", NULL, DRIVER_COPY, 0, "reference given back before transmission"},
	{"net_cn10k", NULL, DRIVER_COPY, 0, "reference given back before transmission"},
	{"net_octeontx", NULL, DRIVER_COPY, 0, "reference given back before transmission"},
	/* NICs whose verdict on checksums is worth having: the largest part of the work otherwise. */
	{"mlx5_pci", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, "verifies checksums"},
	{"net_ice", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, "verifies checksums"},
	{"net_iavf", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, "verifies checksums"},
	{"net_i40e", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, "verifies checksums"},
	{"net_ixgbe", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, "verifies checksums"},
	{"net_bnxt", NULL, DRIVER_SHARE, DRIVER_NIC_CHECKSUM, "verifies checksums"},
};

static const struct driver none = {"", NULL, DRIVER_SHARE, 0, "mbufs are shared"};

const struct driver *driver_find(const char *driver, const char *devargs)
{
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (strcmp(quirks[i].driver, driver) == 0 &&
		    (quirks[i].devargs == NULL ||
		     (devargs != NULL && strstr(devargs, quirks[i].devargs) != NULL)))
			return &quirks[i];
	return &none;
}
