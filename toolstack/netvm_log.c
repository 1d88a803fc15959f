/*
 * netvm log [NAME]: what this host's units of ours have logged, from the journal. This process
 * becomes journalctl, so that its pager, its end by Ctrl-C and its exit status are journalctl's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "toolstack/netvm.h"

#define PATTERN_MAX (2 * DOMAIN_NAME_MAX + 64)

/* Those that this host does not have log nothing. */
static const char *const units[] = { "netvmd.service", "netvm-watchdog.service",
	"netvm-sleep.service", "netbackd.service", "netfront-config.service" };
#define UNITS (sizeof(units) / sizeof(units[0]))

/* Where what is logged goes then. */
#define ELSEWHERE                                                                                  \
	"netvmd logs to its standard error: see where it was started, or syslog's files in "       \
	"/var/log"

static const char *const journals[] = { "/run/log/journal", "/var/log/journal" };

/* Of a name that is a part of another one's, only the name itself: no character of a name stands
 * beside it, but for the colon or full stop that ends a phrase. */
static void pattern_print(const char *name, char buf[PATTERN_MAX])
{
	snprintf(buf, PATTERN_MAX, "(?<![\\w.+:@-])\\Q%s\\E(?![\\w+@-])(?![.:][\\w.+:@-])", name);
}

static int journal_check(struct err *e)
{
	for (size_t i = 0; i < sizeof(journals) / sizeof(journals[0]); i++)
		if (access(journals[i], F_OK) == 0)
			return 0;
	return err_set(e, -ENOENT,
		"this host keeps no journal (there is neither %s nor %s); " ELSEWHERE, journals[0],
		journals[1]);
}

static int become(const char *const argv[], struct err *e)
{
	fflush(stdout);
	execvp(argv[0], (char *const *)argv);
	if (errno == ENOENT)
		return err_set(e, -ENOENT, "there is no %s on this host; " ELSEWHERE, argv[0]);
	return err_sys(e, -errno, "%s", argv[0]);
}

int netvm_log(struct netvm *n, struct err *e)
{
	const char *argv[2 * UNITS + 8] = { "journalctl", "--quiet" };
	char pattern[PATTERN_MAX];
	struct registry r;
	size_t count = 2;
	int ret = 0;

	for (size_t i = 0; i < UNITS; i++) {
		argv[count++] = "--unit";
		argv[count++] = units[i];
	}
	if (n->o.follow)
		argv[count++] = "--follow";
	if (n->o.json)
		argv[count++] = "--output=json";
	if (n->count) {
		ret = netvm_registry_read(n, &r, e);
		if (!ret)
			ret = netvm_domain_known(n, &r, n->args[0], e);
		registry_dispose(&r);
		pattern_print(n->args[0], pattern);
		argv[count++] = "--case-sensitive=true";
		argv[count++] = "--grep";
		argv[count++] = pattern;
	}
	if (!ret)
		ret = journal_check(e);
	return ret ? ret : become(argv, e);
}
