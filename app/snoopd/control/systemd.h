/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What systemd is told (sd_notify(3)). If snoopd was started without NOTIFY_SOCKET, all of this
 * does nothing.
 *
 * Who runs here: any thread except the workers. It calls libsystemd.
 */
#ifndef SNOOPD_SYSTEMD_H
#define SNOOPD_SYSTEMD_H

#include <stdint.h>
#include <sys/types.h>

/** The wire forwards; or a reload, announced by systemd_reloading(), has ended. */
void systemd_ready(void);

void systemd_reloading(void);
void systemd_stopping(void);
void systemd_alive(void);

/** The main process of the service is another one from now on. */
void systemd_main_pid(pid_t pid);

/** @param line  for `systemctl status` */
void systemd_status(const char *line);

/** @return the interval in which systemd expects systemd_alive(), microseconds; 0 = never. */
uint64_t systemd_watchdog_us(void);

#endif
