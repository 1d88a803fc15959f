/*
 * netbackd: the daemon of a network domain. The command line; what it does is in daemon.h and
 * pass.h.
 */
#include <stdio.h>

#include "backend/check.h"
#include "backend/daemon.h"
#include "backend/pass.h"
#include "backend/question.h"
#include "backend/service.h"
#include "backend/status.h"
#include "common/cli.h"
#include "common/log.h"

struct options {
	const char *config, *explain;
	bool once, down, dry_run, check, status, json;
};

static void say(bool faulty, const char *words)
{
	if (faulty)
		log_error("%s", words);
	else
		log_info("%s", words);
}

static void tell_unknown_key(const char *path, const char *key)
{
	log_warning("%s: \"%s\" means nothing here and is passed over", path, key);
}

/* --once and --dry-run. */
static int pass_once(struct service *s, int *status, struct err *e)
{
	struct scope scope = { .all = true };
	struct pass_result r;
	int ret = pass_run(s, NULL, &scope, 0., &(struct pass_listeners){ .say = say }, &r, e);

	if (!ret && (r.faulty || r.rules_fault || r.undone))
		*status = EXIT_SOME_FAULTY;
	return ret;
}

static const struct cli_option cli_options[] = {
	{ "config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE",
		"read FILE in the place of " SYSCONFDIR "/xen-netvm/netbackd.conf" },
	{ "once", 'o', CLI_FLAG, offsetof(struct options, once), NULL,
		"make one pass over everything, then exit" },
	{ "dry-run", 'n', CLI_FLAG, offsetof(struct options, dry_run), NULL,
		"print the rules that would stand and what a pass would do about the vifs, do "
		"nothing, exit" },
	{ "down", 'd', CLI_FLAG, offsetof(struct options, down), NULL,
		"close every vif, take all rules and reports away, exit" },
	{ "check", 'k', CLI_FLAG, offsetof(struct options, check), NULL,
		"name every fault of the configuration, and of policies in the FILEs given, touch "
		"nothing, exit" },
	{ "explain", 'e', CLI_TEXT, offsetof(struct options, explain), "VIF",
		"say what becomes of a packet of VIF's guest, and which rule decides, exit" },
	{ "status", 's', CLI_FLAG, offsetof(struct options, status), NULL,
		"show what stands: uplink, resolvers, every vif with its guest, counters and "
		"rules, exit" },
	{ "json", 'j', CLI_FLAG, offsetof(struct options, json), NULL,
		"with --explain and --status: answer in JSON" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL },
};

static const struct cli cli = {
	.name = "netbackd",
	.summary = "serves the guests of a network domain",
	.arguments = "[FILE... | PACKET]",
	.max_args = -1,
	.description =
		"Runs in a network domain, in the place of xl devd for vifs. It watches this "
		"domain's\n"
		"backend/vif in xenstore and gives each guest its link: rules and anti-spoofing "
		"first,\n"
		"then a host route; it removes what belongs to guests that went. It leads the "
		"virtual\n"
		"resolvers to those that resolv.conf names at this moment, translates the guests'\n"
		"addresses on the way out, and puts its rules back when another program changes "
		"them.\n"
		"What it does is told to dom0 under data/netvm.\n"
		"\n"
		"It stays in the foreground, logs to standard error and tells the service manager "
		"when it\n"
		"is ready. SIGHUP reads the configuration again. SIGTERM ends it and leaves links, "
		"rules\n"
		"and translations in force, so that it can be replaced while traffic goes on; "
		"--down\n"
		"takes them away.\n"
		"\n"
		"The chains custom-input and custom-forward are the user's: in the table inet "
		"xen-netvm with\n"
		"nftables, in the table filter with iptables (netbackd.conf(5) says which it is). "
		"They are\n"
		"called for guests' new packets before the verdict, never written to, and kept "
		"with "
		"what is in\n"
		"them by --down.\n"
		"\n"
		"What happens is told to the programs in " SYSCONFDIR
		"/xen-netvm/hooks.d (netbackd.conf(5) "
		"can name another directory): those that are\n"
		"root's alone, executable, and have no other letters in their names than ASCII "
		"ones, "
		"digits, - and _. They are\n"
		"called one at a time, in the order of their names, with one event's words as "
		"arguments:\n"
		"\n"
		"  vif-up VIF ADDRESS...    its guest is served\n"
		"  vif-cut-off VIF          its cable is pulled\n"
		"  vif-error VIF REASON     it could not be served\n"
		"  vif-down VIF             it is gone\n"
		"  rules VIF NUMBER         its guest's rules, dom0's state of that number, are in "
		"force\n"
		"  uplinks LINK...          these are there, none or others than before\n"
		"  resolvers ADDRESS...     these are asked, none or others than before\n"
		"  suspend                  the host is about to be suspended; dom0 waits until "
		"the "
		"hooks have ended\n"
		"  resume                   it is back\n"
		"\n"
		"An event is told after it has happened, and once, by the daemon alone; what "
		"netbackd "
		"does is not delayed\n"
		"by it. A hook that takes more than 10 seconds is killed with its session; that, "
		"and a "
		"hook that fails, is\n"
		"logged. It runs as root within the bounds of netbackd's unit (its capabilities "
		"and "
		"system calls, a file\n"
		"system that is read-only but for " RUNDIR
		" and a /tmp of its own), with LC_ALL and PATH alone for "
		"environment and no input; for\n"
		"more, it can start a unit of its own. A REASON may quote what a guest wrote: it "
		"is a "
		"word, not a command.",
	.epilogue =
		"A PACKET for --explain is one that begins a connection: \"tcp ADDRESS PORT\", "
		"\"udp\n"
		"ADDRESS PORT\", \"icmp ADDRESS [TYPE]\" or \"NUMBER ADDRESS\" of another "
		"protocol, "
		"as the\n"
		"guest sends it; or \"from ADDRESS tcp PORT\" or \"from ADDRESS udp PORT\", as it "
		"comes\n"
		"from outside to a port of this domain. What the user's chains say is not looked "
		"at. A FILE for --check "
		"holds\n"
		"rule lines as a guest's policy has them.\n"
		"\n"
		"--status reads xenstore and the kernel and changes nothing; the daemon need not "
		"run. The\n"
		"HITS of a rule are the packets that it decided about: those that begin a "
		"connection or\n"
		"are refused, not those of connections that stand. A rule starts again at 0 when "
		"its\n"
		"guest's rules beside it change (in a policy of more than 64 rules, those of its "
		"block),\n"
		"when the packet filter or its engine is made anew, and with iptables also when "
		"what a\n"
		"name or @lan stands for changes; what happens to other guests never counts. A "
		"dash: not\n"
		"known, because the rules are being changed, or the guest has none.\n"
		"\n"
		"With datapath = user packets of guests are moved by a process for each vif, "
		"netback, "
		"which has\n"
		"an empty root, no network, no capability and a handful of system calls; the vif "
		"is a "
		"tap of\n"
		"the usual name. xen-netback must not be loaded then (modprobe.d(5), \"blacklist "
		"xen-netback\"):\n"
		"a vif that it could take is refused. A process that ends is started again, and "
		"the "
		"guest goes\n"
		"on without noticing. One queue a vif is offered, no hashing and no lists of "
		"multicast\n"
		"addresses. Before the choice is changed: netbackd --down.\n"
		"\n"
		"Exit status: 0 all as wanted; 1 (with --once) some vif could not be served or "
		"the\n"
		"rules do not stand, or (with --check) a file is faulty; 2 it could not be done, "
		"or "
		"the\n"
		"command line is wrong.\n"
		"\n"
		"Files: " SYSCONFDIR "/xen-netvm/netbackd.conf (netbackd.conf(5)), " RUNDIR ".",
	.section = 8,
	.options = cli_options,
};

static void tell_fault(void *arg, const char *words)
{
	(void)arg;
	log_error("%s", words);
}

static int run_check(const struct options *o, const struct cli_parsed *p, int *status)
{
	struct err e = ERR_NONE;
	int faults = check_files(o->config, p->args, p->count, tell_fault, NULL, &e);

	if (faults < 0)
		log_error("%s", e.text);
	if (faults > 0)
		*status = EXIT_SOME_FAULTY;
	return faults < 0 ? faults : 0;
}

static int run_status(struct service *s, bool json, struct err *e)
{
	struct status st;
	int ret = status_read(s, &st, e);

	if (!ret)
		ret = status_print(&st, json, e);
	status_dispose(&st);
	return ret;
}

static int run(struct service *s, const struct service_options *so, const struct options *o,
	const struct cli_parsed *p, int *status)
{
	struct err e = ERR_NONE;
	int ret = service_open(s, so, &e);

	if (!ret && s->settings_fault.code) {
		e = s->settings_fault;
		ret = e.code;
	}
	if (!ret && (o->once || o->down))
		ret = pass_open(s, &e);
	if (!ret && o->explain)
		ret = question_explain(s, o->explain, p->args, p->count, o->json, &e);
	else if (!ret && o->status)
		ret = run_status(s, o->json, &e);
	else if (!ret && o->down)
		ret = pass_take_down(s, &e);
	else if (!ret && (o->once || o->dry_run))
		ret = pass_once(s, status, &e);
	else if (!ret)
		ret = daemon_run(s, so, say, &e);
	if (ret)
		log_error("%s", e.text);
	return ret;
}

/* What the table of options cannot say. NULL: it is as it should be. */
static const char *options_fault(const struct options *o, const struct cli_parsed *p)
{
	int modes = (o->once || o->dry_run) + o->down + o->check + o->status + (o->explain != NULL);

	if (modes > 1 && !(modes == 2 && o->dry_run && o->down && !o->once))
		return "say one of --once, --down, --check, --status and --explain; see netbackd "
		       "--help";
	if (p->count && !o->check && !o->explain)
		return "arguments are for --check and --explain; see netbackd --help";
	if (o->json && !o->explain && !o->status)
		return "--json is for --explain and --status; see netbackd --help";
	return NULL;
}

int main(int argc, char *argv[])
{
	struct options o = { .config = NULL };
	struct service_options so = {
		.unknown = tell_unknown_key, .backend = SCHEMA_SELF, .lasting = true
	};
	struct service s = { .lock = -1 };
	int status = EXIT_AS_WANTED;
	struct cli_parsed parsed;
	struct err e = ERR_NONE;
	const char *fault;

	log_open(cli.name, LOG_LEVEL_INFO);
	if (cli_parse(&cli, argc, argv, &o, &parsed, &e) < 0) {
		log_error("%s", e.text);
		return CLI_EXIT_USAGE;
	}
	if (parsed.info != CLI_RUN)
		return cli_print_info(&cli, parsed.info);
	if (parsed.verbose)
		log_open(cli.name, LOG_LEVEL_DEBUG);
	fault = options_fault(&o, &parsed);
	if (fault) {
		log_error("%s", fault);
		return CLI_EXIT_USAGE;
	}
	so.config = o.config;
	so.plan = o.dry_run ? stdout : NULL;
	if (o.check ? run_check(&o, &parsed, &status) : run(&s, &so, &o, &parsed, &status))
		status = EXIT_NOT_DONE;
	pass_close(&s);
	service_close(&s);
	return status;
}
