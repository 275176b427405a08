/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What systemd is told (sd_notify(3)). Where nobody listens, NOTIFY_SOCKET is not set and all of
 * this does nothing. Any thread but a worker's.
 */
#ifndef SNOOPD_NOTIFY_H
#define SNOOPD_NOTIFY_H

#include <stdint.h>

/** The wire works; or it works again as before after systemd_reloading(). */
void systemd_ready(void);

void systemd_reloading(void);
void systemd_stopping(void);
void systemd_alive(void);

/** One line for `systemctl status`. */
void systemd_status(const char *line);

/** @return how often systemd_alive() is expected at least, microseconds; 0 = not at all. */
uint64_t systemd_watchdog_us(void);

#endif
