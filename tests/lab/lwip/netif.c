/* SPDX-License-Identifier: BSD-3-Clause */
#include "netif.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <lwip/ethip6.h>
#include <lwip/etharp.h>
#include <lwip/pbuf.h>
#include <lwip/tcpip.h>
#include <net/if.h>
#include <netif/ethernet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_BYTES_MAX 1600
#define MTU_BYTES 1500
#define RECEIVE_BUFFER_BYTES (16 << 20)

static int socket_of(const struct netif *netif)
{
	return (int)(intptr_t)netif->state;
}

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
	uint8_t frame[FRAME_BYTES_MAX];
	u16_t bytes = pbuf_copy_partial(p, frame, sizeof(frame), 0);

	return send(socket_of(netif), frame, bytes, 0) == bytes ? ERR_OK : ERR_IF;
}

static err_t init(struct netif *netif)
{
	netif->name[0] = 's';
	netif->name[1] = 't';
	netif->mtu = MTU_BYTES;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = send_frame;
	return ERR_OK;
}

static int open_socket(const char *ifname, uint8_t *mac)
{
	struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, err;
	int room = RECEIVE_BUFFER_BYTES;
	struct ifreq ifr = {0};

	if (fd < 0)
		return -errno;
	strncpy(ifr.ifr_name, ifname, sizeof(ifr.ifr_name) - 1);
	where.sll_ifindex = (int)if_nametoindex(ifname);
	if (where.sll_ifindex == 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	memcpy(mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	return fd;
}

int station_netif_add(struct netif *netif, const char *ifname, const char *address)
{
	ip4_addr_t ip, mask, gateway = {0};
	uint8_t mac[ETH_ALEN];
	int fd;

	if (!ip4addr_aton(address, &ip))
		return -EINVAL;
	IP4_ADDR(&mask, 255, 255, 255, 0);
	fd = open_socket(ifname, mac);
	if (fd < 0)
		return fd;
	/* The core is locked whenever a frame comes in: lwIP's mailbox would drop what it is too
	 * slow for. */
	if (netif_add(netif, &ip, &mask, &gateway, (void *)(intptr_t)fd, init, ethernet_input) ==
	    NULL)
		return -ENOMEM;
	memcpy(netif->hwaddr, mac, ETH_ALEN);
	netif->hwaddr_len = ETH_ALEN;
	netif_set_default(netif);
	netif_set_up(netif);
	netif_set_link_up(netif);
	return fd;
}

int station_netif_poll(struct netif *netif)
{
	uint8_t frame[FRAME_BYTES_MAX];
	ssize_t got = recv(socket_of(netif), frame, sizeof(frame), MSG_TRUNC);
	struct pbuf *p;

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	if ((size_t)got > sizeof(frame))
		return -EMSGSIZE;
	LOCK_TCPIP_CORE();
	p = pbuf_alloc(PBUF_RAW, (u16_t)got, PBUF_RAM);
	if (p != NULL) {
		pbuf_take(p, frame, (u16_t)got);
		if (netif->input(p, netif) != ERR_OK)
			pbuf_free(p);
	}
	UNLOCK_TCPIP_CORE();
	return p != NULL ? 0 : -ENOMEM;
}

unsigned int station_netif_drops(const struct netif *netif)
{
	struct tpacket_stats stats = {0};
	socklen_t bytes = sizeof(stats);

	getsockopt(socket_of(netif), SOL_PACKET, PACKET_STATISTICS, &stats, &bytes);
	return stats.tp_drops;
}
