/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/rundir.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>

#include <snoopd/base/log.h>

#define FOLDER_MODE 0770
#define SOCKET_MODE 0660
#define TELEMETRY "dpdk_telemetry"
#define PREFIX_OPTION "--file-prefix"
#define BESIDE_MAX 9u

/*
 * net_memif does not start if the file of its socket is still there, left by a run that was killed
 * or whose user could not remove it. Nobody uses a file on which nobody listens.
 */
static void remove_stale_socket(const char *devargs)
{
	const char *key = strstr(devargs, ",socket=");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;
	size_t chars;
	int fd;

	if (strncmp(devargs, "net_memif", strlen("net_memif")) != 0 || key == NULL ||
	    strstr(devargs, "socket-abstract=no") == NULL)
		return;
	key += strlen(",socket=");
	chars = strcspn(key, ",");
	if (chars >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, key, chars);
	if (lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
	    errno == ECONNREFUSED)
		unlink(address.sun_path);
	close(fd);
}

void rundir_remove_stale(char *const *eal_argv)
{
	for (int i = 0; eal_argv[i] != NULL; i++) {
		if (strncmp(eal_argv[i], "--vdev=", strlen("--vdev=")) == 0)
			remove_stale_socket(eal_argv[i] + strlen("--vdev="));
		else if (strcmp(eal_argv[i], "--vdev") == 0 && eal_argv[i + 1] != NULL)
			remove_stale_socket(eal_argv[i + 1]);
	}
}

/* @return the value that the EAL will take, and where its argument stands: 0 = there is none. */
static const char *find_prefix(char *const *eal_argv, int *at)
{
	const char *prefix = "rte";
	size_t length = strlen(PREFIX_OPTION);

	*at = 0;
	for (int i = 0; eal_argv[i] != NULL; i++) {
		if (strncmp(eal_argv[i], PREFIX_OPTION, length) != 0)
			continue;
		if (eal_argv[i][length] == '=')
			prefix = eal_argv[i] + length + 1;
		else if (eal_argv[i][length] == '\0' && eal_argv[i + 1] != NULL)
			prefix = eal_argv[i + 1];
		else
			continue;
		*at = i;
	}
	return prefix;
}

const char *rundir_prefix(char *const *eal_argv)
{
	int at;

	return find_prefix(eal_argv, &at);
}

/* The path that the EAL uses as root (lib/eal/linux/eal.c, eal_create_runtime_dir()). */
static void folder_of(const char *prefix, char *path, size_t path_bytes)
{
	const char *base = getenv("RUNTIME_DIRECTORY");

	snprintf(path, path_bytes, "%s/dpdk/%s", base != NULL ? base : "/var/run", prefix);
}

/* ---- A standby beside another process ---- */

/* The EAL locks this file as long as it lives. */
static bool is_in_use(const char *prefix)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char folder[PATH_MAX / 2], path[PATH_MAX];
	bool used;
	int fd;

	folder_of(prefix, folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/config", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	used = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return used;
}

char **rundir_beside(char *const *eal_argv, int *eal_argc)
{
	static char argument[128];
	int at, count = 0;
	const char *prefix = find_prefix(eal_argv, &at);
	char **argv = calloc((size_t)*eal_argc + 2, sizeof(*argv));
	size_t option_chars = strlen(PREFIX_OPTION "=");

	if (argv == NULL || strlen(prefix) > sizeof(argument) - option_chars - 16) {
		free(argv);
		return NULL;
	}
	for (unsigned int number = 2; number <= BESIDE_MAX; number++) {
		snprintf(argument, sizeof(argument), PREFIX_OPTION "=%s.%u", prefix, number);
		if (!is_in_use(argument + option_chars))
			break;
	}
	for (int i = 0; i < *eal_argc; i++) {
		if (at == 0 || i != at)
			argv[count++] = eal_argv[i];
		else if (strcmp(eal_argv[i], PREFIX_OPTION) == 0)
			i++; /* its value is the next argument */
	}
	argv[count++] = argument;
	*eal_argc = count;
	return argv;
}

void rundir_take_name(const char *prefix)
{
	const char *own = rte_eal_get_runtime_dir(), *slash = strrchr(own, '/');
	char folder[PATH_MAX / 4], target[PATH_MAX / 2], fresh[PATH_MAX / 2], path[PATH_MAX / 2];

	folder_of(prefix, folder, sizeof(folder));
	if (slash == NULL || strcmp(slash + 1, prefix) == 0)
		return;
	snprintf(target, sizeof(target), "..%s/" TELEMETRY ".v2", slash);
	snprintf(fresh, sizeof(fresh), "%s/standby", folder);
	snprintf(path, sizeof(path), "%s/" TELEMETRY ".v2", folder);
	unlink(fresh);
	if (symlink(target, fresh) != 0 || rename(fresh, path) != 0)
		log_warning(
			"event=runtime path=%s message=\"cannot be made to lead to this process "
			"(%s): snoopctl needs --file-prefix %s\"",
			path, strerror(errno), slash + 1);
}

/* Call each() for every entry of the folder that fd refers to. @return 0, or -1 if one failed. */
static int each_entry(int fd,
		      int (*each)(int fd, const char *name, const struct stat *status,
				  const void *context),
		      const void *context)
{
	int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* for closedir() */
	DIR *folder = own_fd >= 0 ? fdopendir(own_fd) : NULL;
	const struct dirent *entry;
	struct stat status;
	int failed = 0;

	if (folder == NULL) {
		if (own_fd >= 0)
			close(own_fd);
		return -1;
	}
	while ((entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			failed |= each(fd, entry->d_name, &status, context);
	closedir(folder);
	return failed;
}

/* Root must follow neither a symbolic link nor another name of a file elsewhere. */
static int remove_if_link(int fd, const char *name, const struct stat *status, const void *context)
{
	if (S_ISLNK(status->st_mode) || (S_ISREG(status->st_mode) && status->st_nlink > 1))
		return unlinkat(fd, name, 0);
	return 0;
}

void rundir_reclaim(char *const *eal_argv)
{
	char path[PATH_MAX];
	int fd;

	folder_of(rundir_prefix(eal_argv), path, sizeof(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	/* The folder first, so that nobody can put anything there any more. */
	if (fchown(fd, 0, 0) != 0 || fchmod(fd, S_IRWXU) != 0 ||
	    each_entry(fd, remove_if_link, NULL) != 0)
		log_warning("event=runtime path=%s message=\"cannot take back what an earlier run "
			    "left: %s\"",
			    path, strerror(errno));
	close(fd);
}

struct owner {
	uid_t uid;
	gid_t gid;
};

static int give_entry(int fd, const char *name, const struct stat *status, const void *context)
{
	const struct owner *owner = context;

	/* The other socket is for secondary processes, which may do everything: it keeps its mode.
	 */
	if (S_ISSOCK(status->st_mode) && strncmp(name, TELEMETRY, strlen(TELEMETRY)) == 0 &&
	    fchmodat(fd, name, SOCKET_MODE, 0) != 0)
		return -1;
	return fchownat(fd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW);
}

/* The EAL makes /run/dpdk for root alone. Let others pass through, but not list it. */
static void let_pass(const char *folder)
{
	char path[PATH_MAX];
	struct stat status;
	char *slash;

	snprintf(path, sizeof(path), "%s", folder);
	slash = strrchr(path, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	if (stat(path, &status) == 0 && status.st_uid == 0)
		(void)!chmod(path, (status.st_mode & ALLPERMS) | S_IXGRP | S_IXOTH);
}

int rundir_give(uid_t uid, gid_t gid)
{
	const char *path = rte_eal_get_runtime_dir();
	const struct owner owner = {.uid = uid, .gid = gid};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0; /* --in-memory */
	/* The entries first: the new owner of the folder could exchange them. */
	if (fd < 0 || each_entry(fd, give_entry, &owner) != 0 || fchmod(fd, FOLDER_MODE) != 0 ||
	    fchown(fd, uid, gid) != 0) {
		log_error("cannot give %s to user %u, group %u: %s", path, uid, gid,
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	let_pass(path);
	return 0;
}
