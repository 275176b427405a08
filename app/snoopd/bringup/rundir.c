/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/rundir.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/*
 * net_memif does not start where its socket's file is left over, say from a killed run, or from one
 * whose user could not remove it. Nobody listening there: nobody's file.
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

/* As the EAL finds it, for root (lib/eal/linux/eal.c, eal_create_runtime_dir()). */
static void folder_of(char *const *eal_argv, char *path, size_t path_bytes)
{
	const char *base = getenv("RUNTIME_DIRECTORY"), *prefix = "rte";

	for (int i = 0; eal_argv[i] != NULL; i++) {
		size_t length = strlen(PREFIX_OPTION);

		if (strncmp(eal_argv[i], PREFIX_OPTION, length) != 0)
			continue;
		if (eal_argv[i][length] == '=')
			prefix = eal_argv[i] + length + 1;
		else if (eal_argv[i][length] == '\0' && eal_argv[i + 1] != NULL)
			prefix = eal_argv[i + 1];
	}
	snprintf(path, path_bytes, "%s/dpdk/%s", base != NULL ? base : "/var/run", prefix);
}

/* Calls each() for every entry of the folder that fd refers to; takes over fd. */
static int each_entry(int fd,
		      int (*each)(int fd, const char *name, const struct stat *status,
				  const void *context),
		      const void *context)
{
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	int failed = 0;

	if (folder == NULL) {
		close(fd);
		return -1;
	}
	while ((entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			failed |= each(fd, entry->d_name, &status, context);
	closedir(folder);
	return failed;
}

/* Neither a link nor another name of a file elsewhere is followed by root. */
static int remove_link(int fd, const char *name, const struct stat *status, const void *context)
{
	if (S_ISLNK(status->st_mode) || (S_ISREG(status->st_mode) && status->st_nlink > 1))
		return unlinkat(fd, name, 0);
	return 0;
}

void rundir_reclaim(char *const *eal_argv)
{
	char path[PATH_MAX];
	int fd;

	folder_of(eal_argv, path, sizeof(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	/* First the folder, so that nothing can be put there any more. */
	if (fchown(fd, 0, 0) != 0 || fchmod(fd, S_IRWXU) != 0 ||
	    each_entry(fd, remove_link, NULL) != 0)
		log_warning("event=runtime path=%s message=\"an earlier run left it, and it cannot be "
			    "taken back: %s\"",
			    path, strerror(errno));
}

struct owner {
	uid_t uid;
	gid_t gid;
};

static int give(int fd, const char *name, const struct stat *status, const void *context)
{
	const struct owner *owner = context;

	/* The other socket is for secondary processes, which could do everything. */
	if (S_ISSOCK(status->st_mode) && strncmp(name, TELEMETRY, strlen(TELEMETRY)) == 0 &&
	    fchmodat(fd, name, SOCKET_MODE, 0) != 0)
		return -1;
	return fchownat(fd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW);
}

/* The EAL makes /run/dpdk for root alone: others may pass, not look. */
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
	/* Entries first: once the folder is given away, others could exchange them. */
	if (fd < 0 || each_entry(dup(fd), give, &owner) != 0 || fchmod(fd, FOLDER_MODE) != 0 ||
	    fchown(fd, uid, gid) != 0) {
		log_error("%s: cannot be given to user %u, group %u: %s", path, uid, gid,
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	let_pass(path);
	return 0;
}
