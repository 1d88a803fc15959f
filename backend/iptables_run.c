#include "backend/iptables_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
		return err_set(e, ret, "%s: not found; install the Debian package %s", name,
			strcmp(name, "ipset") == 0 ? "ipset" : "iptables");
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

int iptables_counters(int family, struct policy_hits *out, struct err *e)
{
	bool ip6 = family == AF_INET6;
	const char *argv[] = { ip6 ? "ip6tables-save" : "iptables-save", "-c", "-t", "filter",
		NULL };
	char *rest = NULL;
	struct child_result r;
	int ret;

	ret = program_run(
		argv, ip6 ? "/usr/sbin/ip6tables-save" : "/usr/sbin/iptables-save", NULL, &r, e);
	for (char *l = ret || !r.out ? NULL : strtok_r(r.out, "\n", &rest); l;
		l = strtok_r(NULL, "\n", &rest))
		iptables_counter_read(l, out);
	child_result_free(&r);
	return ret ? ret : policy_hits_end(out, e);
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

/* --- sets --- */

#define IPSET_PATH "/usr/sbin/ipset"

void ipset_print(int family, const struct iptables_mades *sets, FILE *out)
{
	for (size_t i = 0; i < sets->count; i++) {
		const struct iptables_made *s = &sets->items[i];

		fprintf(out, "create %s hash:net family %s maxelem %zu\n", s->name,
			family == AF_INET6 ? "inet6" : "inet", s->count + 1);
		for (const char *l = s->text; *l; l += strcspn(l, "\n") + 1)
			fprintf(out, "add %s %.*s\n", s->name, (int)strcspn(l, "\n"), l);
	}
}

int ipset_make(int family, const struct iptables_mades *sets, struct err *e)
{
	const char *argv[] = { "ipset", "-exist", "restore", NULL };
	struct child_result r = { .out = NULL };
	char *text = NULL;
	size_t len;
	FILE *out;
	int ret;

	if (!sets->count)
		return 0;
	out = open_memstream(&text, &len);
	if (out)
		ipset_print(family, sets, out);
	if (!out || fclose(out) != 0)
		ret = err_sys(e, -ENOMEM, "sets of addresses");
	else
		ret = program_run(argv, IPSET_PATH, text, &r, e);
	child_result_free(&r);
	free(text);
	return ret;
}

void ipset_sweep(const struct iptables_mades *sets4, const struct iptables_mades *sets6)
{
	const char *list[] = { "ipset", "list", "-n", NULL };
	struct child_result names = { .out = NULL };
	char *next = NULL;

	if (program_run(list, IPSET_PATH, NULL, &names, NULL) < 0)
		names.out = NULL;
	for (char *n = names.out ? strtok_r(names.out, "\n", &next) : NULL; n;
		n = strtok_r(NULL, "\n", &next)) {
		const char *destroy[] = { "ipset", "destroy", n, NULL };
		struct child_result r = { .out = NULL };

		if (!iptables_made_name(n) || iptables_made_find(sets4, n) ||
			iptables_made_find(sets6, n))
			continue;
		program_run(destroy, IPSET_PATH, NULL, &r, NULL);
		child_result_free(&r);
	}
	child_result_free(&names);
}
