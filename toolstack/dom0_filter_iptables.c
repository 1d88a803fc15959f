#include "toolstack/dom0_filter_iptables.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/child.h"
#include "common/text.h"

#define OUTPUT_MAX 65536
#define PATIENCE   30 /* seconds */
#define ARGS_MAX   8

/* Where packets meet our chains, and which. */
#define IN  "netvm-dom0"
#define FWD "netvm-dom0-fwd"
static const char *const jumps[] = { "INPUT -j " IN, "FORWARD -j " FWD };
#define JUMPS (sizeof(jumps) / sizeof(jumps[0]))

/* The rest is for who came through IN, and through FWD. */
static const char *const chains[] = { IN, FWD, "netvm-dom0-none", "netvm-dom0-out" };
#define CHAINS (sizeof(chains) / sizeof(chains[0]))

static const struct family {
	int family;
	const char *program, *restore;
	const char *proc; /* that is there where the kernel has the family */
	const char *answers;
} families[] = {
	{ AF_INET, "iptables", "iptables-restore", "/proc/sys/net/ipv4",
		"-A netvm-dom0-none -p icmp -m conntrack --ctstate RELATED -j RETURN\n" },
	{ AF_INET6, "ip6tables", "ip6tables-restore", "/proc/sys/net/ipv6",
		"-A netvm-dom0-none -p ipv6-icmp -m conntrack --ctstate RELATED -j RETURN\n"
		"-A netvm-dom0-none -p ipv6-icmp -m icmp6 --icmpv6-type neighbour-solicitation "
		"-m hl --hl-eq 255 -j RETURN\n"
		"-A netvm-dom0-none -p ipv6-icmp -m icmp6 --icmpv6-type neighbour-advertisement "
		"-m hl --hl-eq 255 -j RETURN\n" },
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* --- the text --- */

/* A "+" at the end would stand for all names that begin so. */
static bool is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && (c == name || !strchr("-_.:@", *c)))
			return false;
	return true;
}

static void known_pass(struct text *t, const char *chain, const char *key, const struct link *links,
	size_t count, const char *to)
{
	for (size_t i = 0; i < count; i++)
		if (is_plain(links[i].name))
			text_addf(t, "-A %s %s %s -j %s\n", chain, key, links[i].name, to);
}

static void wide_print(struct text *t, const struct link *links, size_t count)
{
	known_pass(t, IN, "-i", links, count, "RETURN");
	text_add(t, "-A " IN " -j netvm-dom0-none\n");
	known_pass(t, FWD, "-i", links, count, "netvm-dom0-out");
	text_add(t, "-A " FWD " -j DROP\n");
	known_pass(t, "netvm-dom0-out", "-o", links, count, "RETURN");
	text_add(t, "-A netvm-dom0-out -j DROP\n");
}

static void narrow_print(struct text *t)
{
	text_addf(t, "-A " IN " -m devgroup --src-group %d -j netvm-dom0-none\n", DOM0_LINK_GROUP);
	text_addf(t, "-A " FWD " -m devgroup --src-group %d -j DROP\n", DOM0_LINK_GROUP);
	text_addf(t, "-A " FWD " -m devgroup --dst-group %d -j DROP\n", DOM0_LINK_GROUP);
}

static const struct family *family_of(int family)
{
	return &families[family == AF_INET6];
}

/* With --noflush a chain of one's own that is named is emptied first. */
char *dom0_iptables_print(
	int family, bool narrow, const struct link *links, size_t count, bool stands)
{
	struct text t = { .s = NULL };

	text_add(&t, "*mangle\n");
	for (size_t i = 0; i < CHAINS; i++)
		text_addf(&t, ":%s - [0:0]\n", chains[i]);
	text_add(&t, "-A netvm-dom0-none -m conntrack --ctstate ESTABLISHED -j RETURN\n");
	text_add(&t, family_of(family)->answers);
	text_add(&t, "-A netvm-dom0-none -j DROP\n");
	if (narrow)
		narrow_print(&t);
	else
		wide_print(&t, links, count);
	for (size_t i = 0; i < JUMPS && !stands; i++)
		text_addf(&t, "-I %s\n", jumps[i]);
	text_add(&t, "COMMIT\n");
	if (t.failed)
		text_dispose(&t);
	return t.s;
}

static const char text_away[] = "*mangle\n"
				"-D INPUT -j " IN "\n"
				"-D FORWARD -j " FWD "\n"
				"-F " IN "\n"
				"-F " FWD "\n"
				"-F netvm-dom0-none\n"
				"-F netvm-dom0-out\n"
				"-X " IN "\n"
				"-X " FWD "\n"
				"-X netvm-dom0-none\n"
				"-X netvm-dom0-out\n"
				"COMMIT\n";

/* --- doing it --- */

/* Also where PATH does not lead there. */
static int run(const char *const argv[], const char *input, struct err *e)
{
	const char *full[ARGS_MAX + 1] = { NULL };
	char path[64] = "/usr/sbin/";
	struct child_result r;
	int ret = child_run_ok(argv, input, OUTPUT_MAX, PATIENCE, &r, e);

	child_result_free(&r);
	if (ret != -ENOENT)
		return ret;
	strncat(path, argv[0], sizeof(path) - strlen(path) - 1);
	full[0] = path;
	for (size_t i = 1; i < ARGS_MAX && argv[i]; i++)
		full[i] = argv[i];
	ret = child_run_ok(full, input, OUTPUT_MAX, PATIENCE, &r, e);
	child_result_free(&r);
	return ret;
}

static bool kernel_has(const struct family *f)
{
	return access(f->proc, F_OK) == 0;
}

/* All of it came in one transaction: the first jump stands for the rest. */
static bool family_stands(const struct family *f)
{
	const char *const argv[] = { f->program, "-w", "-t", "mangle", "-C", "INPUT", "-j", IN,
		NULL };

	return run(argv, NULL, NULL) == 0;
}

static int family_restore(const struct family *f, const char *text, struct err *e)
{
	const char *const argv[] = { f->restore, "-w", "--noflush", NULL };

	return text ? run(argv, text, e) : err_sys(e, -ENOMEM, "dom0's packet filter");
}

int dom0_iptables_shut(
	struct netlink *nl, int ifindex, const struct link *links, size_t count, struct err *e)
{
	int ret = ifindex ? link_set_group(nl, ifindex, DOM0_LINK_GROUP, e) : 0;

	for (size_t i = 0; i < FAMILIES && !ret; i++) {
		const struct family *f = &families[i];
		char *text;

		if (!kernel_has(f))
			continue;
		text = dom0_iptables_print(f->family, ifindex != 0, links, count, family_stands(f));
		ret = family_restore(f, text, e);
		free(text);
	}
	return ret;
}

int dom0_iptables_open(struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < FAMILIES && !ret; i++)
		if (family_stands(&families[i]))
			ret = family_restore(&families[i], text_away, e);
	return ret;
}

bool dom0_iptables_stand(bool *partly)
{
	size_t wanted = 0, there = 0;

	for (size_t i = 0; i < FAMILIES; i++) {
		wanted += kernel_has(&families[i]);
		there += family_stands(&families[i]);
	}
	*partly = there > 0;
	return there >= wanted;
}
