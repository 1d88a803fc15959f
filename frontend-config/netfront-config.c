/* netfront-config: configures this domain's interfaces as dom0 published them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cli.h"
#include "common/config.h"
#include "common/log.h"
#include "common/netlink.h"
#include "frontend-config/follow.h"
#include "frontend-config/frontend.h"
#include "frontend-config/link_plan.h"
#include "xenstore-schema/store.h"

#define CONFIG_DEFAULT SYSCONFDIR "/xen-netvm/netfront.conf"

struct options {
	bool once, follow, down, dry_run;
	const char *config, *state_dir;
};

static const struct cli_option option_table[] = {
	{ "once", 0, CLI_FLAG, offsetof(struct options, once), NULL,
		"configure everything once and end" },
	{ "follow", 0, CLI_FLAG, offsetof(struct options, follow), NULL,
		"configure everything and stay to follow changes, in the foreground" },
	{ "down", 0, CLI_FLAG, offsetof(struct options, down), NULL,
		"take away what this program set, and nothing else" },
	{ "dry-run", 'n', CLI_FLAG, offsetof(struct options, dry_run), NULL,
		"print what --once (or --down, if given) would do, and do nothing" },
	{ "config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE",
		"configuration file (" CONFIG_DEFAULT ")" },
	{ "state-dir", 0, CLI_TEXT, offsetof(struct options, state_dir), "DIR",
		"where it notes what it set (" RUNDIR ")" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL },
};

static const struct cli cli = {
	.name = "netfront-config",
	.summary = "configure the network interfaces of a Xen domain as dom0 published them",
	.section = 8,
	.options = option_table,
	.description =
		"Runs in a guest, in a proxy domain, or in dom0. For each virtual interface (vif) "
		"of "
		"this domain it reads in xenstore what dom0 published (netvm/DEVID, see "
		"xen-netvm-xenstore(7)) and sets the interface up: its addresses with full prefix, "
		"a "
		"route to the gateway on the link, a default route through it, the MTU, and the "
		"two "
		"resolvers. Router advertisements are not heard on such an interface, and IPv6 is "
		"off "
		"there unless an address is given.\n\n"
		"Resolvers go to systemd-resolved where /etc/resolv.conf leads to it, else to "
		"resolvconf where that is installed, else into /etc/resolv.conf itself; the file "
		"that "
		"was there is kept and comes back with --down. A resolv.conf that is a symbolic "
		"link, "
		"or that somebody changed since, is left alone.\n\n"
		"It knows what is its own (routes by protocol 110, the rest by its notes) and "
		"never "
		"removes anything else. Ending it with SIGTERM leaves everything in force.",
	.epilogue =
		"Configuration file (syntax of xl.cfg(5), every key may be left out):\n\n"
		"resolver = \"auto\" | \"systemd-resolved\" | \"resolvconf\" | \"file\" | "
		"\"none\"\n\n"
		"resolv_conf = \"FILE\"  (/etc/resolv.conf)\n\n"
		"metric = N  (110; of the default route of device 0; device D has N + D)\n\n"
		"Exit status of --once and --down:\n\n"
		"0: everything is as it should be; 1: an interface or the resolver is not; 2: the "
		"pass "
		"could not be done (no xenstored, not root, wrong command line or configuration).",
};

struct settings {
	char *resolver, *resolv_conf;
	long metric;
};

static int resolver_check(const char *text, struct err *e)
{
	enum dns_way way;

	if (strcmp(text, "auto") == 0 || dns_way_parse(text, &way) == 0)
		return 0;
	return err_set(
		e, -EINVAL, "\"auto\", \"systemd-resolved\", \"resolvconf\", \"file\" or \"none\"");
}

static int path_check(const char *text, struct err *e)
{
	return text[0] == '/' ? 0 : err_set(e, -EINVAL, "an absolute path");
}

static const struct config_key settings_keys[] = {
	{ "resolver", CONFIG_TEXT, offsetof(struct settings, resolver), resolver_check,
		"which way resolvers go" },
	{ "resolv_conf", CONFIG_TEXT, offsetof(struct settings, resolv_conf), path_check,
		"path of resolv.conf" },
	{ "metric", CONFIG_NUMBER, offsetof(struct settings, metric), NULL,
		"metric of device 0's default route" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

static int settings_read(
	const char *path, struct settings *s, struct frontend_options *o, struct err *e)
{
	const char *file = path ? path : CONFIG_DEFAULT;
	struct config_list unknown = { .count = 0 };
	int ret = config_read(file, settings_keys, s, &unknown, e);

	for (size_t i = 0; i < unknown.count; i++)
		log_warning("%s: \"%s\" is no key of this file", file, unknown.item[i]);
	config_list_clear(&unknown);
	if (ret && (ret != -ENOENT || path))
		return ret;
	*e = (struct err)ERR_NONE;
	if (s->metric < 1 || s->metric > INT32_MAX)
		return err_set(e, -EINVAL, "%s: metric %ld is not between 1 and %d", file,
			s->metric, INT32_MAX);
	o->metric = (uint32_t)s->metric;
	o->resolv_conf = s->resolv_conf ? s->resolv_conf : "/etc/resolv.conf";
	o->choose_way = !s->resolver || dns_way_parse(s->resolver, &o->way) != 0;
	return 0;
}

static void on_word(void *arg, enum frontend_word what, const char *text)
{
	const struct frontend_options *o = arg;

	if (what == FRONTEND_LACKS)
		log_error("%s", text);
	else if (o->dry_run)
		printf("%s\n", text);
	else
		log_info("%s", text);
}

static int once_run(struct frontend_options *o, bool down)
{
	struct frontend f = { .options = o, .say = on_word, .arg = o };
	struct frontend_result r = { .more = false };
	struct store *s = NULL;
	struct err e = ERR_NONE;
	int ret = down ? 0 : store_open(&s, &e);

	if (!ret)
		ret = netlink_open(&f.nl, &e);
	do {
		if (!ret)
			ret = frontend_pass(&f, s, true, &r, &e);
	} while (!ret && r.more && !o->dry_run);
	netlink_close(f.nl);
	store_close(s);
	if (ret)
		log_error("%s", e.text);
	return ret ? EXIT_NOT_DONE : r.faults ? EXIT_SOME_FAULTY : EXIT_AS_WANTED;
}

int main(int argc, char *argv[])
{
	struct options options = { .state_dir = RUNDIR };
	struct settings settings = { .metric = LINK_METRIC };
	struct frontend_options front = { .way = DNS_NONE };
	struct cli_parsed parsed;
	struct err e = ERR_NONE;
	int status = EXIT_NOT_DONE;

	log_open(cli.name, LOG_LEVEL_INFO);
	if (cli_parse(&cli, argc, argv, &options, &parsed, &e)) {
		log_error("%s", e.text);
		return CLI_EXIT_USAGE;
	}
	if (parsed.info != CLI_RUN)
		return cli_print_info(&cli, parsed.info);
	log_open(cli.name, parsed.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (options.once + options.follow + options.down +
			(options.dry_run && !options.down && !options.once) !=
		1) {
		log_error("say one of --once, --follow, --down or --dry-run; see netfront-config "
			  "--help");
		return CLI_EXIT_USAGE;
	}
	front.state_dir = options.state_dir;
	front.dry_run = options.dry_run;
	if (settings_read(options.config, &settings, &front, &e)) {
		log_error("%s", e.text);
		goto out;
	}
	if (!options.follow) {
		status = once_run(&front, options.down);
	} else if (follow_run(&front, &e)) {
		log_error("%s", e.text);
	} else {
		status = EXIT_AS_WANTED;
	}
out:
	config_dispose(settings_keys, &settings);
	return status;
}
