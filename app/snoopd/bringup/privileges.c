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

#define CAPABILITIES_MAX 2
#define NO_CAPABILITY (-1)
#define LOOKS_MAX 100
#define LOOK_PAUSE_NS 10000000

/*
 * What a driver needs to stop and close a port, and to follow its link. Not listed: nothing, since
 * everything is open by then (packet sockets, files, VFIO and UIO devices, shared memory).
 */
static const struct {
	const char *driver;
	int capabilities[CAPABILITIES_MAX];
} needs[] = {
	{"net_tap", {CAP_NET_ADMIN, NO_CAPABILITY}},  /* takes the interface down */
	{"net_af_xdp", {CAP_NET_ADMIN, CAP_NET_RAW}}, /* takes its program off the interface */
	{"mlx5_pci", {CAP_NET_RAW, CAP_NET_ADMIN}},   /* flow rules, netlink */
	{"net_virtio_user", {CAP_NET_ADMIN, NO_CAPABILITY}}, /* vhost-net: the tap behind it */
};

static struct user account;

/* ---- Before the EAL ---- */

int privileges_prepare(const struct config *config, char *const *eal_argv)
{
	if (user_find(&account, config) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_error("prctl(PR_SET_NO_NEW_PRIVS): %s", strerror(errno));
		return -1;
	}
	rundir_remove_stale(eal_argv);
	if (account.keep)
		return 0;
	rundir_reclaim(eal_argv);
	/* What is in force now stays until the user changes; what is gone here never comes back. */
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
		log_error("the capability bounding set cannot be cleared: CAP_SETPCAP is missing");
		return -1;
	}
	return 0;
}

/* ---- After the start ---- */

/* Every thread has the user and no more capabilities than allowed. */
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
	/* DPDK makes a thread for each telemetry client: it may end while we read. */
	if (!has_user)
		return 0;
	if (uid == account.uid && effective_uid == account.uid && saved == account.uid &&
	    no_new_privs == 1 && ((effective | permitted) & ~allowed) == 0)
		return 0;
	if (last_look)
		log_error("%s: user %u %u %u, capabilities %llx, no_new_privs %u: expected user %u "
			  "and no more than %llx",
			  path, uid, effective_uid, saved, effective | permitted, no_new_privs,
			  account.uid, (unsigned long long)allowed);
	return -1;
}

static int look_at_threads(uint64_t allowed, bool last_look)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int failed = 0;

	if (tasks == NULL) {
		log_warning("event=privileges message=\"/proc/self/task: %s: whether all threads gave "
			    "up root was not checked\"",
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
 * glibc passes over a thread that is about to end when the user changes, as that of a telemetry
 * client who has just gone. It still shows root for a moment.
 */
static int check_threads(uint64_t allowed)
{
	const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS};

	for (int look = 1; look < LOOKS_MAX; look++) {
		if (look_at_threads(allowed, false) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return look_at_threads(allowed, true);
}

/* @return the capabilities that both drivers need, as bits. */
static uint64_t needed(const struct ports *ports)
{
	uint64_t bits = 0;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
			for (int j = 0; j < CAPABILITIES_MAX; j++)
				if (strcmp(needs[i].driver, ports->port[side].driver) == 0 &&
				    needs[i].capabilities[j] != NO_CAPABILITY)
					bits |= 1ull << needs[i].capabilities[j];
	return bits;
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
	log_line("event=privileges user=%s uid=%u group=%s gid=%u capabilities=\"%s\"", account.user,
		 account.uid, account.group, account.gid, names);
}

int privileges_drop(const struct config *config, const struct ports *ports)
{
	uint64_t bits = needed(ports);
	int result;

	if (account.keep) {
		if (account.uid == 0)
			log_warning("event=privileges user=root capabilities=all");
		return 0;
	}
	if (rundir_give(account.uid, account.gid) != 0)
		return -1;
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (bits >> capability & 1)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capability);
	result = capng_change_id((int)account.uid, (int)account.gid, CAPNG_DROP_SUPP_GRP);
	if (result != 0) {
		log_error("root cannot be given up for user %s, group %s (capng_change_id: %d)",
			  account.user, account.group, result);
		return -1;
	}
	if (check_threads(bits) != 0)
		return -1;
	log_dropped(bits);
	if (access(config->file, R_OK) != 0)
		log_warning("event=privileges file=%s user=%s message=\"it cannot be read again "
			    "without a restart: %s\"",
			    config->file, account.user, strerror(errno));
	return 0;
}

/* ---- Threads of later ---- */

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
		log_error("a thread's capabilities cannot be given up");
	else
		call->result = call->function(call->context);
	return NULL;
}

int privileges_call_without(int (*function)(void *context), void *context)
{
	struct call call = {function, context, -1};
	pthread_t thread;
	int error;

	if (account.keep)
		return function(context);
	error = pthread_create(&thread, NULL, call_without, &call);
	if (error != 0) {
		log_error("pthread_create: %s", strerror(error));
		return -1;
	}
	pthread_join(thread, NULL);
	return call.result;
}
