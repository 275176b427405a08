/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runtime folder is taken back and given away; whatever fails on the way, no descriptor stays
 * open. fchown() and fchmod() are faked here, so that they can fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/rundir.h>

static char top[] = "/tmp/test_rundir.XXXXXX";
static char folder[64];
static int chown_errno, chmod_errno;
static int lines;

int fchown(int fd, uid_t uid, gid_t gid)
{
	errno = chown_errno;
	return chown_errno != 0 ? -1 : 0;
}

int fchmod(int fd, mode_t mode)
{
	errno = chmod_errno;
	return chmod_errno != 0 ? -1 : 0;
}

const char *rte_eal_get_runtime_dir(void)
{
	return folder;
}

void log_write(int level, const char *format, ...)
{
	lines++;
}

static int open_descriptors(void)
{
	DIR *open_now = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(open_now);
	while (readdir(open_now) != NULL)
		count++;
	closedir(open_now);
	return count;
}

static char *const eal_argv[] = {"snoopd", "--file-prefix=t", NULL};

static void reclaim(int expected_lines)
{
	int before = open_descriptors();

	lines = 0;
	rundir_reclaim(eal_argv);
	assert_int_equal(lines, expected_lines);
	assert_int_equal(open_descriptors(), before);
}

static void reclaim_closes_the_folder(void **state)
{
	chown_errno = chmod_errno = 0;
	reclaim(0);
}

static void reclaim_closes_the_folder_where_fchown_fails(void **state)
{
	chown_errno = EPERM;
	chmod_errno = 0;
	reclaim(1);
}

static void reclaim_closes_the_folder_where_fchmod_fails(void **state)
{
	chown_errno = 0;
	chmod_errno = EPERM;
	reclaim(1);
}

static void reclaim_removes_links_only(void **state)
{
	char link[96], file[96];
	FILE *made;

	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(file, sizeof(file), "%s/file", folder);
	made = fopen(file, "w");
	assert_non_null(made);
	fclose(made);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	chown_errno = chmod_errno = 0;
	reclaim(0);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_not_equal(unlink(link), 0);
	assert_int_equal(unlink(file), 0);
}

static void give(int expected)
{
	int before = open_descriptors();

	assert_int_equal(rundir_give(getuid(), getgid()), expected);
	assert_int_equal(open_descriptors(), before);
}

static void give_closes_the_folder(void **state)
{
	chown_errno = chmod_errno = 0;
	give(0);
	chown_errno = EPERM;
	give(-1);
	chown_errno = 0;
	chmod_errno = EPERM;
	give(-1);
}

/* ---- A standby beside another process ---- */

static char **beside(char *const *argv, int *argc)
{
	for (*argc = 0; argv[*argc] != NULL;)
		++*argc;
	return rundir_beside(argv, argc);
}

static void a_standby_has_a_prefix_of_its_own(void **state)
{
	static char *const joined[] = {"snoopd", "--file-prefix=t", "--no-pci", NULL};
	static char *const apart[] = {"snoopd", "--no-pci", "--file-prefix", "t", "-m", "64", NULL};
	static char *const none[] = {"snoopd", "--file-prefixes=t", NULL};
	int argc;
	char **argv = beside(joined, &argc);

	assert_non_null(argv);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[1], "--no-pci");
	assert_string_equal(argv[2], "--file-prefix=t.2");
	assert_null(argv[3]);
	free(argv);
	argv = beside(apart, &argc);
	assert_non_null(argv);
	assert_int_equal(argc, 5);
	assert_string_equal(argv[1], "--no-pci");
	assert_string_equal(argv[2], "-m");
	assert_string_equal(argv[3], "64");
	assert_string_equal(argv[4], "--file-prefix=t.2");
	free(argv);
	argv = beside(none, &argc);
	assert_non_null(argv);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[2], "--file-prefix=rte.2");
	free(argv);
}

static void a_prefix_that_is_too_long_is_refused(void **state)
{
	static char argument[160] = "--file-prefix=";
	static char *const argv[] = {"snoopd", argument, NULL};
	int argc;

	memset(argument + strlen(argument), 'x', sizeof(argument) - strlen(argument) - 1);
	assert_null(beside(argv, &argc));
}

/* The EAL of another process has locked PREFIX.2. */
static void a_prefix_that_is_in_use_is_passed_over(void **state)
{
	char used[96], config[128], letter;
	int ready[2], argc;
	pid_t child;
	char **argv;

	snprintf(used, sizeof(used), "%s.2", folder);
	snprintf(config, sizeof(config), "%s/config", used);
	assert_int_equal(mkdir(used, S_IRWXU), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(config, O_RDWR | O_CREAT, S_IRUSR | S_IWUSR);

		(void)!write(ready[1], fcntl(fd, F_SETLK, &lock) == 0 ? "y" : "n", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &letter, 1), 1);
	assert_int_equal(letter, 'y');
	argv = beside(eal_argv, &argc);
	assert_non_null(argv);
	assert_string_equal(argv[argc - 1], "--file-prefix=t.3");
	free(argv);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	argv = beside(eal_argv, &argc); /* what a dead process left is free */
	assert_non_null(argv);
	assert_string_equal(argv[argc - 1], "--file-prefix=t.2");
	free(argv);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(unlink(config), 0);
	assert_int_equal(rmdir(used), 0);
}

static int make_folder(void **state)
{
	char dpdk[48];

	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(dpdk, sizeof(dpdk), "%s/dpdk", top);
	snprintf(folder, sizeof(folder), "%s/t", dpdk);
	setenv("RUNTIME_DIRECTORY", top, 1);
	return mkdir(dpdk, S_IRWXU) != 0 || mkdir(folder, S_IRWXU) != 0;
}

static int remove_folder(void **state)
{
	char dpdk[48];

	snprintf(dpdk, sizeof(dpdk), "%s/dpdk", top);
	return rmdir(folder) != 0 || rmdir(dpdk) != 0 || rmdir(top) != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reclaim_closes_the_folder),
		cmocka_unit_test(reclaim_closes_the_folder_where_fchown_fails),
		cmocka_unit_test(reclaim_closes_the_folder_where_fchmod_fails),
		cmocka_unit_test(reclaim_removes_links_only),
		cmocka_unit_test(give_closes_the_folder),
		cmocka_unit_test(a_standby_has_a_prefix_of_its_own),
		cmocka_unit_test(a_prefix_that_is_too_long_is_refused),
		cmocka_unit_test(a_prefix_that_is_in_use_is_passed_over),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
