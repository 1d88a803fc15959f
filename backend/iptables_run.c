#include "backend/iptables_run.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/child.h"

#define SAVE_MAX (16U << 20) /* bytes of other programs' rules that are read over */
#define PATIENCE 30	     /* seconds; legacy iptables waits for its lock */

/* Runs argv[0], or where PATH does not lead to it (udev's and cron's may not) `path`. */
static int program_run(const char *argv[], const char *path, const char *input,
	struct child_result *r, struct err *e)
{
	const char *name = argv[0];
	int ret = child_run_ok(argv, input, SAVE_MAX, PATIENCE, r, e);

	if (ret == -ENOENT) {
		child_result_free(r);
		argv[0] = path;
		ret = child_run_ok(argv, input, SAVE_MAX, PATIENCE, r, e);
		argv[0] = name;
	}
	if (ret == -ENOENT)
		return err_set(e, ret, "%s: not found; install the Debian package iptables", name);
	return ret;
}

int iptables_save(int family, struct iptables_rules *out, struct err *e)
{
	bool ip6 = family == AF_INET6;
	const char *argv[] = { ip6 ? "ip6tables-save" : "iptables-save", NULL };
	struct child_result r;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = program_run(
		argv, ip6 ? "/usr/sbin/ip6tables-save" : "/usr/sbin/iptables-save", NULL, &r, e);
	if (!ret)
		ret = iptables_rules_parse(r.out ? r.out : "", out, e);
	child_result_free(&r);
	return ret;
}

int iptables_restore(int family, const char *text, struct err *e)
{
	bool ip6 = family == AF_INET6;
	/* Legacy iptables: wait for another program that holds its lock; nf_tables needs none. */
	const char *argv[] = { ip6 ? "ip6tables-restore" : "iptables-restore", "--noflush", "-w",
		"20", NULL };
	struct child_result r;
	int ret;

	ret = program_run(argv, ip6 ? "/usr/sbin/ip6tables-restore" : "/usr/sbin/iptables-restore",
		text, &r, e);
	child_result_free(&r);
	return ret;
}
