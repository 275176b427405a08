/* SPDX-License-Identifier: BSD-3-Clause */
/* As many links as a process may have, told page by page: each page fits into a reply. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <snoopd/bringup/port_losses.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/kernel/offloads.h>
#include <snoopd/observe/report.h>

#define REPLY_BYTES 16384u /* what telemetry of DPDK 22.11 sends at most */
#define REPLY_FRAME 64u	   /* {"/snoop/links":} and the end */

static struct links links;
static struct supervisor supervisor;
static struct config config;

/* ---- What the reports are made of ---- */

void report_sum(const struct link *link, struct report_totals *totals)
{
	memset(totals, 0xff, sizeof(*totals));
}

void report_both(const struct link *link, const struct report *report,
		 void (*each)(const struct link *, const struct report_totals *,
			      const struct report *, const void *context),
		 const void *context)
{
}

void report_flow(const struct request_flow *flow, uint64_t worker, const struct report *report)
{
}

void report_host(const struct request_station *station, const struct report *report)
{
}

void totals_sum(struct counters *sum, struct worker *const *workers, uint32_t count, uint32_t link)
{
}

struct request *link_ask(const struct link *link, uint32_t index)
{
	return NULL;
}

struct request *link_wait(struct request *request)
{
	return NULL;
}

void port_losses_read(const struct port *port, struct port_losses *losses)
{
	memset(losses, 0xff, sizeof(*losses));
}

void offloads_list(uint32_t on, char out[OFFLOADS_TEXT_CHARS])
{
	out[0] = '\0';
}

/* ---- A reply ---- */

struct reply {
	char text[REPLY_BYTES];
	size_t used;
	uint32_t links;
	uint64_t next;
	char last[CONFIG_LINK_CHARS_MAX + 1];
};

static void append(struct reply *reply, const char *format, const char *name, const char *value)
{
	reply->used += (size_t)snprintf(reply->text + reply->used,
					sizeof(reply->text) - reply->used, format, name, value);
	assert_true(reply->used + REPLY_FRAME < sizeof(reply->text));
}

static void put_open(void *ctx, const char *name)
{
	append(ctx, "\"%s\":{%s", name, "");
}

static void put_close(void *ctx)
{
	append(ctx, "}%s%s,", "", "");
}

static void put_number(void *ctx, const char *name, uint64_t value)
{
	struct reply *reply = ctx;
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	append(reply, "\"%s\":%s,", name, number);
	if (strcmp(name, "next") == 0)
		reply->next = value;
}

static void put_text(void *ctx, const char *name, const char *value)
{
	struct reply *reply = ctx;

	assert_true(strlen(value) < 128);
	append(reply, "\"%s\":\"%s\",", name, value);
	if (strcmp(name, "name") != 0)
		return;
	reply->links++;
	snprintf(reply->last, sizeof(reply->last), "%s", value);
}

/* Names, numbers and words as long as they can be. */
static int start(void **state)
{
	config_defaults(&config);
	config.mode = SNOOP_LEVEL_OBSERVE;
	memset(&links, 0, sizeof(links));
	links.count = CONFIG_LINKS_MAX;
	for (uint32_t i = 0; i < links.count; i++) {
		struct link *link = &links.link[i];

		link->number = i;
		link->config = &config;
		link->supervisor = &supervisor;
		supervisor.link[i].load.bits_per_s[0] = UINT64_MAX;
		supervisor.link[i].load.bits_per_s[1] = UINT64_MAX;
		snprintf(link->name, sizeof(link->name), "%0*u", CONFIG_LINK_CHARS_MAX, i);
		for (int side = 0; side < 2; side++)
			memset(link->ports.port[side].name, 'p',
			       sizeof(link->ports.port[side].name) - 1);
	}
	return 0;
}

static void every_link_is_on_one_page(void **state)
{
	uint64_t position = 0;
	uint32_t told = 0, pages = 0;

	do {
		struct reply reply = {.used = 0};
		const struct report report = {&reply, put_open, put_close, put_number, put_text};
		char first[CONFIG_LINK_CHARS_MAX + 1];

		snprintf(first, sizeof(first), "%0*u", CONFIG_LINK_CHARS_MAX, told);
		assert_int_equal(report_links(&links, position, &report), 0);
		assert_non_null(strstr(reply.text, first));
		assert_in_range(reply.links, 1, links.count);
		told += reply.links;
		pages++;
		snprintf(first, sizeof(first), "%0*u", CONFIG_LINK_CHARS_MAX, told - 1);
		assert_string_equal(reply.last, first);
		assert_true(reply.next == 0 || reply.next == told);
		position = reply.next;
	} while (position != 0);
	assert_int_equal(told, CONFIG_LINKS_MAX);
	assert_in_range(pages, 2, 8);
}

static void there_is_no_page_after_the_last(void **state)
{
	const struct report none = {0};

	assert_int_equal(report_links(&links, CONFIG_LINKS_MAX, &none), -ENOENT);
	assert_int_equal(report_links(&links, UINT64_C(1) << 32, &none), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_link_is_on_one_page, start),
		cmocka_unit_test_setup(there_is_no_page_after_the_last, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
