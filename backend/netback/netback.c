/*
 * netback: the data path of one vif, as a process that has nothing else.
 *
 * main() opens what it was told of (rings, bells, tap, record), gives up everything else
 * (sandbox.h), and only then looks at what the guest writes (datapath.h). It keeps no state: one
 * that is started in the place of another goes on where that one stood, and SIGTERM just ends it.
 * Who reads xenstore and starts it is netbackd.
 */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backend/netback/datapath.h"
#include "backend/netback/port.h"
#include "backend/netback/record.h"
#include "backend/netback/sandbox.h"
#include "backend/netback/tap.h"
#include "common/arguments.h"
#include "common/cli.h"
#include "common/log.h"

/* Exit statuses that say what to do next. */
enum { EXIT_AGAIN = 1, EXIT_GUEST = 3 };

struct options {
	const char *vif, *record, *takes, *mac;
	unsigned int patience;
	unsigned int domid, tx_ring, rx_ring, tx_bell, rx_bell;
};

static const struct cli_option options_table[] = {
	{ "vif", 0, CLI_TEXT, offsetof(struct options, vif), "NAME",
		"the tap that stands for the vif, as netbackd made it" },
	{ "record", 0, CLI_TEXT, offsetof(struct options, record), "FILE",
		"where counters go, and who holds the vif is to be seen" },
	{ "domid", 0, CLI_NUMBER, offsetof(struct options, domid), "N", "the guest" },
	{ "tx-ring", 0, CLI_NUMBER, offsetof(struct options, tx_ring), "GRANT",
		"the ring of what the guest sends" },
	{ "rx-ring", 0, CLI_NUMBER, offsetof(struct options, rx_ring), "GRANT",
		"the ring of what it receives" },
	{ "tx-bell", 0, CLI_NUMBER, offsetof(struct options, tx_bell), "PORT",
		"its event channel of the one" },
	{ "rx-bell", 0, CLI_NUMBER, offsetof(struct options, rx_bell), "PORT",
		"and of the other; the same where it has one" },
	{ "takes", 0, CLI_TEXT, offsetof(struct options, takes), "WORDS",
		"what the guest takes, joined by commas: pieces, checksum4, checksum6, segments4, "
		"segments6; groups: of multicast what it names alone; rings: it says when it has "
		"room for packets" },
	{ "patience", 0, CLI_NUMBER, offsetof(struct options, patience), "N",
		"how often it looks again before it sleeps (2)" },
	{ "mac", 0, CLI_TEXT, offsetof(struct options, mac), "MAC", "the guest's" },
	{ .name = NULL },
};

static const struct cli cli = {
	.name = "netback",
	.section = 8,
	.summary = "moves the packets of one vif",
	.arguments = "ADDRESS...",
	.description = "Takes packets from a guest's rings to a tap and back, in the place of the "
		       "kernel's xen-netback. ADDRESS: what the guest may send from. netbackd(8) "
		       "starts it; it is of no use to anybody else.",
	.epilogue = "Exit status\n"
		    "1: it could not go on. 2: the command line is wrong. 3: the guest broke the "
		    "protocol, and would again.",
	.options = options_table,
	.min_args = 0,
	.max_args = PACKET_ADDRS_MAX,
};

/* --- the command line --- */

static int takes_read(const char *words, struct guest_takes *t, struct err *e)
{
	const struct {
		const char *word;
		bool *takes;
	} table[] = {
		{ "pieces", &t->pieces },
		{ "checksum4", &t->checksum4 },
		{ "checksum6", &t->checksum6 },
		{ "segments4", &t->segments4 },
		{ "segments6", &t->segments6 },
		{ "groups", &t->groups },
		{ "rings", &t->rings },
	};
	enum { WORDS = sizeof(table) / sizeof(table[0]) };

	while (words && *words) {
		size_t len = strcspn(words, ","), i = 0;

		while (i < WORDS &&
			(strlen(table[i].word) != len || strncmp(table[i].word, words, len) != 0))
			i++;
		if (i == WORDS)
			return err_set(
				e, -EINVAL, "--takes: \"%.*s\" means nothing", (int)len, words);
		*table[i].takes = true;
		words += len + (words[len] == ',');
	}
	return 0;
}

static int rules_read(
	const struct options *o, char *const addrs[], struct packet_rules *out, struct err *e)
{
	if (!o->mac || mac_parse(o->mac, &out->mac) < 0)
		return err_set(e, -EINVAL, "--mac: the guest's MAC address is needed");
	for (; *addrs; addrs++)
		if (addr_parse(*addrs, &out->addrs[out->count++]) < 0)
			return err_set(e, -EINVAL, "\"%.64s\" is no address", *addrs);
	return 0;
}

static int settings_take(
	const struct options *o, char *const addrs[], struct datapath_settings *out, struct err *e)
{
	int ret;

	if (!o->vif || !o->record)
		return err_set(e, -EINVAL, "--vif and --record are needed");
	ret = takes_read(o->takes, &out->takes, e);
	return ret ? ret : rules_read(o, addrs, &out->rules, e);
}

/* --- the work --- */

/* What is open when the sandbox is entered. */
struct opened {
	struct record *record;
	int record_fd, tap;
	bool resumed;
	struct port *port;
};

static int all_open(const struct options *o, const struct datapath_settings *settings,
	uint64_t digest, struct opened *out, struct err *e)
{
	const struct port_place place = {
		.domid = o->domid,
		.tx_ring = o->tx_ring,
		.rx_ring = o->rx_ring,
		.tx_bell = o->tx_bell,
		.rx_bell = o->rx_bell,
	};
	int ret = record_take(o->record, digest, &out->record, &out->record_fd, &out->resumed, e);

	if (!ret)
		ret = tap_open(o->vif, &settings->takes, &out->tap, e);
	return ret ? ret : port_open(&out->port, &place, e);
}

static int sandbox(struct opened *o, struct err *e)
{
	int fds[PORT_FDS_MAX + 2];
	size_t count = port_fds(o->port, fds);

	fds[count++] = o->record_fd;
	fds[count++] = o->tap;
	return sandbox_enter(fds, count, e);
}

/*
 * Until it fails. Who sees the digest knows that packets are moved.
 *
 * Sleeping and being woken costs more than a packet. So before it sleeps it gives way to others
 * that want to run, who may be those that answer, and looks again, a few times.
 */
static int serve(
	struct datapath *d, struct opened *o, unsigned int patience, uint64_t digest, struct err *e)
{
	int ret = datapath_begin(d, o->resumed, e);
	unsigned int idle = 0;
	bool busy;

	o->record->digest = digest;
	while (!ret) {
		ret = datapath_pass(d, &busy, e);
		idle = busy ? 0 : idle + 1;
		if (ret || busy)
			continue;
		if (idle <= patience) {
			sched_yield();
			continue;
		}
		ret = datapath_sleep(d, -1, e);
		idle = 0;
	}
	return ret;
}

static int run(const struct options *o, const struct datapath_settings *settings, uint64_t digest,
	struct err *e)
{
	struct opened opened = { .record_fd = -1, .tap = -1 };
	struct datapath *d = NULL;
	int ret = all_open(o, settings, digest, &opened, e);

	if (!ret)
		ret = datapath_open(&d, opened.port, opened.tap, settings, &opened.record->counters,
			&opened.record->marks, e);
	if (!ret)
		ret = sandbox(&opened, e);
	if (!ret)
		ret = serve(d, &opened, o->patience, digest, e);
	if (opened.record) {
		opened.record->guest = ret == -EPROTO;
		memcpy(opened.record->fault, e->text, sizeof(opened.record->fault));
	}
	return ret;
}

int main(int argc, char *argv[])
{
	struct datapath_settings settings = { .rules = { .count = 0 } };
	struct options o = { .patience = 2 };
	uint64_t digest = arguments_digest((const char *const *)argv);
	struct cli_parsed parsed;
	struct err e = ERR_NONE;
	int ret;

	log_open(cli.name, LOG_LEVEL_INFO);
	ret = cli_parse(&cli, argc, argv, &o, &parsed, &e);
	if (!ret && parsed.info != CLI_RUN)
		return cli_print_info(&cli, parsed.info);
	if (!ret)
		ret = settings_take(&o, parsed.args, &settings, &e);
	if (ret) {
		log_error("%s", e.text);
		return CLI_EXIT_USAGE;
	}
	ret = run(&o, &settings, digest, &e);
	log_error("%s: %s", o.vif, e.text);
	return ret == -EPROTO ? EXIT_GUEST : EXIT_AGAIN;
}
