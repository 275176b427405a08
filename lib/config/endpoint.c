/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/config.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* 1 to 65535 in plain digits, 0 where it is not. */
static in_port_t read_port(const char *text)
{
	size_t chars = strspn(text, "0123456789");
	unsigned long port = strtoul(text, NULL, 10);

	return chars == 0 || chars > 5 || text[chars] != '\0' || port > UINT16_MAX
		       ? 0
		       : htons((in_port_t)port);
}

int config_listen_addr(const char *text, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *v4 = (struct sockaddr_in *)addr;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	bool brackets = text[0] == '[';
	size_t chars;

	memset(addr, 0, sizeof(*addr));
	if (colon == NULL || (brackets && (colon - text < 3 || colon[-1] != ']')))
		return -1;
	chars = (size_t)(colon - text) - (brackets ? 2 : 0);
	if (chars >= sizeof(host))
		return -1;
	memcpy(host, text + brackets, chars);
	host[chars] = '\0';
	if (brackets) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = read_port(colon + 1);
		return v6->sin6_port != 0 && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? 0
											    : -1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = read_port(colon + 1);
	return v4->sin_port != 0 && inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : -1;
}
