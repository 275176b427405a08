/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/systemd.h>

#include <inttypes.h>

#include <systemd/sd-daemon.h>

#include <snoopd/base/clock.h>

void systemd_ready(void)
{
	sd_notify(0, "READY=1");
}

void systemd_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic_us());
}

void systemd_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void systemd_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

void systemd_main_pid(pid_t pid)
{
	sd_notifyf(0, "MAINPID=%d", pid);
}

void systemd_status(const char *line)
{
	sd_notifyf(0, "STATUS=%s", line);
}

uint64_t systemd_watchdog_us(void)
{
	uint64_t interval_us = 0;

	return sd_watchdog_enabled(0, &interval_us) > 0 ? interval_us : 0;
}
