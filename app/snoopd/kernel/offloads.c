/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/offloads.h>

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <stdio.h>
#include <string.h>

#define OFFLOAD_FEATURE(id, feature, word) [OFFLOAD_NUMBER_##id] = feature,
static const char *const features[] = {OFFLOADS(OFFLOAD_FEATURE)};
#define OFFLOAD_WORD(id, feature, word) [OFFLOAD_NUMBER_##id] = word,
static const char *const words[] = {OFFLOADS(OFFLOAD_WORD)};

uint32_t offloads_harmful(enum interface_path path)
{
	switch (path) {
	case INTERFACE_PACKET:
		return OFFLOADS_MERGE | OFFLOAD_BIT(FCS);
	case INTERFACE_XDP:
		return OFFLOADS_TAGS | OFFLOAD_BIT(FCS);
	case INTERFACE_NONE:
	case INTERFACE_BIFURCATED:
	case INTERFACE_TAP:
		break;
	}
	return 0;
}

/* ---- Reading ---- */

int offloads_family(struct netlink *netlink, struct netlink_family *family)
{
	return netlink_find_family(netlink, ETHTOOL_GENL_NAME, ETHTOOL_MCGRP_MONITOR_NAME, family);
}

/* Bitset, its bits, one bit, its name: the kernel nests them so. */
static int read_name(const struct nlattr *attribute, void *context)
{
	uint32_t *set = context;

	if (mnl_attr_get_type(attribute) != ETHTOOL_A_BITSET_BIT_NAME ||
	    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	for (unsigned int i = 0; i < OFFLOAD_COUNT; i++)
		if (strcmp(mnl_attr_get_str(attribute), features[i]) == 0)
			*set |= 1u << i;
	return MNL_CB_OK;
}

static int read_bit(const struct nlattr *bit, void *context)
{
	return mnl_attr_parse_nested(bit, read_name, context);
}

static int read_bits(const struct nlattr *attribute, void *context)
{
	if (mnl_attr_get_type(attribute) != ETHTOOL_A_BITSET_BITS)
		return MNL_CB_OK;
	return mnl_attr_parse_nested(attribute, read_bit, context);
}

struct feature_sets {
	uint32_t changeable, active;
};

static int read_sets(const struct nlattr *attribute, void *context)
{
	struct feature_sets *sets = context;

	switch (mnl_attr_get_type(attribute)) {
	case ETHTOOL_A_FEATURES_HW:
		return mnl_attr_parse_nested(attribute, read_bits, &sets->changeable);
	case ETHTOOL_A_FEATURES_ACTIVE:
		return mnl_attr_parse_nested(attribute, read_bits, &sets->active);
	default:
		return MNL_CB_OK;
	}
}

static int read_features(const struct nlmsghdr *message, void *sets)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), read_sets, sets);
}

int offloads_read(struct netlink *netlink, uint16_t family, unsigned int if_index,
		  struct offloads *offloads)
{
	char buffer[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *request = netlink_generic_request(buffer, family, ETHTOOL_MSG_FEATURES_GET,
							   ETHTOOL_GENL_VERSION);
	struct nlattr *header = mnl_attr_nest_start(request, ETHTOOL_A_FEATURES_HEADER);
	struct feature_sets sets = {0};
	int result;

	mnl_attr_put_u32(request, ETHTOOL_A_HEADER_DEV_INDEX, if_index);
	mnl_attr_nest_end(request, header);
	result = netlink_ask(netlink, request, read_features, &sets);
	offloads->on = sets.active;
	offloads->fixed = sets.active & ~sets.changeable;
	return result;
}

/* ---- Saying ---- */

void offloads_list(uint32_t offloads, char text[OFFLOADS_TEXT_CHARS])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < OFFLOAD_COUNT; i++)
		if (offloads >> i & 1)
			used += (size_t)snprintf(text + used, OFFLOADS_TEXT_CHARS - used, "%s%s",
						 used > 0 ? ", " : "", words[i]);
}

const char *offloads_harm(uint32_t offloads)
{
	if (offloads & OFFLOADS_TAGS)
		return "VLAN tags are put beside the frame, where the port loses them";
	if (offloads & OFFLOADS_MERGE)
		return "frames are merged into ones that the wire cannot carry";
	return "frames have a checksum at their end that was not sent with them";
}

void offloads_command(uint32_t offloads, const char *interface, char text[OFFLOADS_TEXT_CHARS])
{
	size_t used = (size_t)snprintf(text, OFFLOADS_TEXT_CHARS, "ethtool -K %s", interface);

	for (unsigned int i = 0; i < OFFLOAD_COUNT; i++)
		if (offloads >> i & 1)
			used += (size_t)snprintf(text + used, OFFLOADS_TEXT_CHARS - used, " %s off",
						 words[i]);
}
