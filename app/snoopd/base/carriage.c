/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/base/carriage.h>

#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>

static void set_plain(struct carriage *from)
{
	uint32_t mtu_bytes = from->other->tx_mtu_bytes;
	uint32_t bytes = mtu_bytes <= CARRIAGE_ANY - RTE_ETHER_HDR_LEN
				 ? mtu_bytes + RTE_ETHER_HDR_LEN
				 : CARRIAGE_ANY;

	__atomic_store_n(&from->rx_plain_bytes, RTE_MIN(bytes, from->rx_cut_bytes - 1),
			 __ATOMIC_RELAXED);
}

void carriage_init(struct carriage *carriage, struct carriage *other)
{
	*carriage = (struct carriage){
		.rx_plain_bytes = CARRIAGE_ANY,
		.rx_cut_bytes = CARRIAGE_ANY,
		.tx_mtu_bytes = CARRIAGE_ANY,
		.other = other,
	};
	*other = *carriage;
	other->other = carriage;
}

void carriage_set_cut(struct carriage *carriage, uint32_t bytes)
{
	carriage->rx_cut_bytes = bytes;
	set_plain(carriage);
}

void carriage_set_mtu(struct carriage *carriage, uint32_t mtu_bytes)
{
	__atomic_store_n(&carriage->tx_mtu_bytes, mtu_bytes, __ATOMIC_RELAXED);
	set_plain(carriage->other);
}

static bool is_tag(uint16_t type, bool any)
{
	return type == RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
	       (any &&
		(type == RTE_BE16(RTE_ETHER_TYPE_QINQ) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ1)));
}

bool carriage_fits(const struct carriage *to, const uint8_t *frame, uint32_t bytes,
		   uint32_t frame_bytes)
{
	uint32_t mtu_bytes = __atomic_load_n(&to->tx_mtu_bytes, __ATOMIC_RELAXED);
	uint32_t end = to->tx_one_tag ? RTE_ETHER_HDR_LEN : bytes;
	uint32_t head = RTE_ETHER_HDR_LEN;

	for (; head <= RTE_MIN(end, bytes); head += RTE_VLAN_HLEN) {
		uint16_t type;

		memcpy(&type, frame + head - sizeof(type), sizeof(type));
		if (!is_tag(type, !to->tx_one_tag))
			break;
	}
	return frame_bytes <= head || frame_bytes - head <= mtu_bytes;
}
