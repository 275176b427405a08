/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/privileges.h>

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <snoopd/bringup/user.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/rundir.h>

#define LOOKS_MAX 100
#define LOOK_PAUSE_NS 10000000

static struct user user;
static uint64_t needed; /* capabilities of the control thread, as bits */

/* ---- Before the EAL ---- */

int privileges_find(const struct config *config)
{
	return user_find(&user, config);
}

int privileges_prepare(char *const *eal_argv)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_error("prctl(PR_SET_NO_NEW_PRIVS): %s", strerror(errno));
		return -1;
	}
	rundir_remove_stale(eal_argv);
	if (user.keep)
		return 0;
	rundir_reclaim(eal_argv);
	/* What is in force stays until the user changes. What is cleared here never comes back. */
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
		log_error("cannot clear the capability bounding set: CAP_SETPCAP is missing");
		return -1;
	}
	return 0;
}

/* ---- After the start ---- */

/* @return 0 if the thread has the user and no more capabilities than allowed. */
static int check_thread(const char *path, uint64_t allowed, bool last_look)
{
	unsigned long long effective = 0, permitted = 0;
	unsigned int uid = 0, saved = 0, effective_uid = 0, no_new_privs = 0;
	char line[256];
	bool has_user = false;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return errno == ENOENT ? 0 : -1; /* the thread has ended */
	while (fgets(line, sizeof(line), file) != NULL) {
		has_user |= sscanf(line, "Uid: %u %u %u", &uid, &effective_uid, &saved) == 3;
		sscanf(line, "CapEff: %llx", &effective);
		sscanf(line, "CapPrm: %llx", &permitted);
		sscanf(line, "NoNewPrivs: %u", &no_new_privs);
	}
	fclose(file);
	/* DPDK makes a thread for each telemetry client. It may end during the read. */
	if (!has_user)
		return 0;
	if (uid == user.uid && effective_uid == user.uid && saved == user.uid &&
	    no_new_privs == 1 && ((effective | permitted) & ~allowed) == 0)
		return 0;
	if (last_look)
		log_error("%s: user %u %u %u, capabilities %llx, no_new_privs %u, but expected "
			  "user %u and no more than %llx",
			  path, uid, effective_uid, saved, effective | permitted, no_new_privs,
			  user.uid, (unsigned long long)allowed);
	return -1;
}

static int check_threads_once(uint64_t allowed, bool last_look)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int failed = 0;

	if (tasks == NULL) {
		log_warning(
			"event=privileges message=\"cannot read /proc/self/task (%s), so did not "
			"check that all threads gave up root\"",
			strerror(errno));
		return 0;
	}
	while ((task = readdir(tasks)) != NULL) {
		bool control = (pid_t)strtol(task->d_name, NULL, 10) == gettid();
		char path[64 + sizeof(task->d_name)];

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", task->d_name);
		if (task->d_name[0] != '.')
			failed |= check_thread(path, control ? allowed : 0, last_look);
	}
	closedir(tasks);
	return failed;
}

/*
 * When the user changes, glibc skips a thread that is about to end, such as that of a telemetry
 * client that has just gone. It still shows root for a moment.
 */
static int check_threads(uint64_t allowed)
{
	const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS};

	for (int look = 1; look < LOOKS_MAX; look++) {
		if (check_threads_once(allowed, false) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return check_threads_once(allowed, true);
}

void privileges_keep_for(const struct config *config, const struct ports *ports)
{
	for (int side = 0; side < 2; side++) {
		const struct driver_traits *traits = ports->port[side].traits;

		needed |= traits->capabilities;
		if (config->lost == CONFIG_LOST_WAIT && (traits->flags & DRIVER_REOPENS))
			needed |= DRIVER_REOPEN_CAPABILITIES;
	}
}

static void log_dropped(uint64_t bits)
{
	char names[128] = "none";
	size_t used = 0;

	for (int capability = 0; capability <= CAP_LAST_CAP && used < sizeof(names); capability++)
		if (bits >> capability & 1)
			used += (size_t)snprintf(
				names + used, sizeof(names) - used, "%s%s", used > 0 ? ", " : "",
				capng_capability_to_name((unsigned int)capability));
	log_line("event=privileges user=%s uid=%u group=%s gid=%u capabilities=\"%s\"", user.name,
		 user.uid, user.group, user.gid, names);
}

int privileges_drop(const struct config *config)
{
	uint64_t bits = needed;
	int result;

	if (user.keep) {
		if (user.uid == 0)
			log_warning("event=privileges user=root capabilities=all");
		return 0;
	}
	if (rundir_give(user.uid, user.gid) != 0)
		return -1;
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (bits >> capability & 1)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capability);
	result = capng_change_id((int)user.uid, (int)user.gid, CAPNG_DROP_SUPP_GRP);
	if (result != 0) {
		log_error("cannot change from root to user %s, group %s (capng_change_id: %d)",
			  user.name, user.group, result);
		return -1;
	}
	if (check_threads(bits) != 0)
		return -1;
	log_dropped(bits);
	if (access(config->file, R_OK) != 0)
		log_warning(
			"event=privileges file=%s user=%s message=\"this user cannot read it (%s): "
			"a reload will fail, a restart works\"",
			config->file, user.name, strerror(errno));
	return 0;
}

bool privileges_trusts(uid_t uid)
{
	return uid == 0 || uid == geteuid() || uid == user.uid;
}

uid_t privileges_account(void)
{
	return user.uid;
}

/* ---- Later threads ---- */

struct call {
	int (*function)(void *context);
	void *context;
	int result;
};

static void *call_without(void *argument)
{
	struct call *call = argument;

	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		log_error("a thread cannot give up its capabilities");
	else
		call->result = call->function(call->context);
	return NULL;
}

int privileges_call_without(int (*function)(void *context), void *context)
{
	struct call call = {function, context, -1};
	pthread_t thread;
	int error;

	if (user.keep)
		return function(context);
	error = pthread_create(&thread, NULL, call_without, &call);
	if (error != 0) {
		log_error("pthread_create: %s", strerror(error));
		return -1;
	}
	pthread_join(thread, NULL);
	return call.result;
}
