/* SPDX-License-Identifier: BSD-3-Clause */
#include "upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 256
#define TEXT_BYTES 65536
#define LOOK_NS 50000000
#define LOOKS_MAX 1200 /* a minute: hugepages of many GB take their time */

/* Strings that end with 0, as /proc has arguments and environments. */
struct words {
	char text[TEXT_BYTES];
	char *word[WORDS_MAX + 2];
	int count;
};

static int fail(struct client *client, const char *what, const char *why)
{
	snprintf(client->error, sizeof(client->error), "upgrade: %.500s: %s", what, why);
	return -1;
}

/* The caller's folder is not that of the process that runs, and is read before it is left. */
static int find_program(struct client *client, const char *program, char path[PATH_MAX])
{
	struct stat status;

	client->refused = true; /* nothing has changed */
	if (realpath(program, path) == NULL || stat(path, &status) != 0)
		return fail(client, program, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail(client, path, "not a program");
	if (access(path, X_OK) != 0)
		return fail(client, path, strerror(errno));
	client->refused = false;
	return 0;
}

static int read_words(struct client *client, pid_t pid, const char *name, struct words *words)
{
	char path[64];
	ssize_t bytes = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		bytes = read(fd, words->text, sizeof(words->text));
		close(fd);
	}
	if (bytes < 0)
		return fail(client, path, strerror(errno));
	if (bytes == (ssize_t)sizeof(words->text))
		return fail(client, path, "too long");
	words->text[bytes] = '\0';
	words->count = 0;
	for (char *at = words->text; at < words->text + bytes; at += strlen(at) + 1) {
		if (words->count == WORDS_MAX)
			return fail(client, path, "too many words");
		words->word[words->count++] = at;
	}
	words->word[words->count] = NULL;
	return 0;
}

/* ---- The new process, before it becomes one ---- */

static void leave(const char *what)
{
	fprintf(stderr, "snoopctl: upgrade: %s: %s\n", what, strerror(errno));
	_exit(127);
}

static void join_namespace(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		leave(path);
}

/* Where there is one hierarchy: a service manager shall find the new process in its service. */
static void join_control_group(pid_t pid)
{
	char line[PATH_MAX], path[2 * PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "0::", 3) == 0) {
			FILE *procs;

			line[strcspn(line, "\n")] = '\0';
			snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.procs", line + 3);
			procs = fopen(path, "we");
			if (procs != NULL) {
				fprintf(procs, "%d", getpid());
				fclose(procs);
			}
		}
	fclose(file);
}

/* What a service manager has set for the one that runs, and the shell of the caller has not. */
static void take_limits(pid_t pid)
{
	char line[256], path[64];
	unsigned int mask;
	FILE *file;

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		if (prlimit(pid, (__rlimit_resource_t)i, NULL, &limit) == 0)
			setrlimit((__rlimit_resource_t)i, &limit);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Umask: %o", &mask) == 1)
			umask((mode_t)mask);
	fclose(file);
}

/* Its log goes on where it was. */
static void take_output(pid_t pid)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int fd = 0; process >= 0 && fd <= 2; fd++) {
		int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);

		if (copy >= 0)
			dup2(copy, fd);
	}
}

/* systemd names the process that has to feed its watchdog, which is the new one from now on. */
static void take_watchdog(char **environment)
{
	static const char name[] = "WATCHDOG_PID=";
	static char variable[sizeof(name) + 16];

	snprintf(variable, sizeof(variable), "%s%d", name, getpid());
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, strlen(name)) == 0)
			*environment = variable;
}

static void become(pid_t pid, const char *program, char *const *argv, char **environment)
{
	char path[64];

	setsid();
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	join_control_group(pid);
	join_namespace(pid);
	if (chdir(path) != 0)
		leave(path);
	take_limits(pid);
	take_output(pid);
	take_watchdog(environment);
	execve(program, argv, environment);
	leave(program);
}

/* ---- Until it forwards ---- */

/* Of the process, not of a link: there may be several. */
static pid_t forwarding(struct client *client)
{
	json_t *links = client_reopen(client) == 0 ? client_ask(client, "/snoop/links") : NULL;
	json_t *info = links != NULL ? client_ask(client, "/info") : NULL;
	pid_t pid = (pid_t)json_integer_value(json_object_get(info, "pid"));

	json_decref(links);
	json_decref(info);
	return pid;
}

static int wait_until_it_forwards(struct client *client, pid_t was, pid_t pid)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	char what[64];
	int status;

	for (int look = 0; look < LOOKS_MAX; look++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			snprintf(what, sizeof(what), "the new process has ended with status %d",
				 WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
			client->refused = true;
			return fail(client, what,
				    kill(was, 0) == 0 ? "the old one goes on; see its log"
						      : "the old one has ended too");
		}
		if (forwarding(client) == pid)
			return 0;
		nanosleep(&pause, NULL);
	}
	snprintf(what, sizeof(what), "process %d has not taken over within a minute", pid);
	return fail(client, what, "it goes on trying; see its log");
}

/* Those of the command line, or of the process that runs; and what asks it to hand over. */
static int choose_arguments(struct client *client, const struct options *options, pid_t pid,
			    char *program, struct words *arguments)
{
	static char take_over[] = "--take-over";

	if (options->word_count == 1) {
		if (read_words(client, pid, "cmdline", arguments) != 0)
			return -1;
	} else {
		if (options->word_count > WORDS_MAX)
			return fail(client, "arguments", "too many");
		memcpy(arguments->word, options->words,
		       (size_t)options->word_count * sizeof(arguments->word[0]));
		arguments->count = options->word_count;
	}
	if (arguments->count == 0)
		return fail(client, "arguments of the running process", "none");
	arguments->word[0] = program;
	arguments->word[arguments->count] = take_over;
	arguments->word[arguments->count + 1] = NULL;
	return 0;
}

int upgrade_run(struct client *client, const struct options *options)
{
	static struct words arguments, environment;
	char program[PATH_MAX];
	pid_t was, pid;

	if (find_program(client, options->words[0], program) != 0)
		return -1;
	was = forwarding(client);
	if (was <= 0)
		return -1; /* the client says why */
	if (choose_arguments(client, options, was, program, &arguments) != 0 ||
	    read_words(client, was, "environ", &environment) != 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return fail(client, "fork", strerror(errno));
	if (pid == 0)
		become(was, program, arguments.word, environment.word);
	if (wait_until_it_forwards(client, was, pid) != 0)
		return -1;
	if (options->json)
		printf("{\"pid\": %d, \"was\": %d}\n", pid, was);
	else
		printf("process %d forwards, process %d has handed over\n", pid, was);
	return 0;
}
