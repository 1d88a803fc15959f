/* netvm: the administrator's command. What there is to do stands in netvm_table.c. */
#include "toolstack/netvm.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "toolstack/netvm_verbs.h"
#include "toolstack/pci.h"
#include "toolstack/qvm.h"

#define TIMEOUT_DEFAULT 120

static int (*const verbs[])(struct netvm *n, struct err *e) = {
	[NETVM_LIST] = netvm_list,
	[NETVM_STATUS] = netvm_status,
	[NETVM_GET] = netvm_get,
	[NETVM_SET] = netvm_set,
	[NETVM_ADD] = netvm_add,
	[NETVM_REMOVE] = netvm_remove,
	[NETVM_CABLE] = netvm_cable,
	[NETVM_GET_DEFAULT] = netvm_get_default,
	[NETVM_SET_DEFAULT] = netvm_set_default,
	[NETVM_START] = netvm_start,
	[NETVM_STOP] = netvm_stop,
	[NETVM_RESTART] = netvm_restart,
	[NETVM_ATTACH] = netvm_attach,
	[NETVM_DETACH] = netvm_detach,
	[NETVM_XL_CONFIG] = netvm_xl_config,
	[NETVM_IMPORT] = netvm_import,
	[NETVM_EXPOSE] = netvm_expose,
	[NETVM_LINK] = netvm_link,
	[NETVM_LIMIT] = netvm_limit,
	[NETVM_FIREWALL] = netvm_firewall,
	[NETVM_EXPLAIN] = netvm_explain,
	[NETVM_DOCTOR] = netvm_doctor,
	[NETVM_PCI_LIST] = netvm_pci_list,
	[NETVM_PCI_ASSIGN] = netvm_pci_assign,
	[NETVM_PCI_RELEASE] = netvm_pci_release,
	[NETVM_USB_LIST] = netvm_usb_list,
	[NETVM_LOG] = netvm_log,
	[NETVM_WATCHDOG] = netvm_watchdog,
	[NETVM_SUSPEND] = netvm_suspend,
	[NETVM_RESUME] = netvm_resume,
	[NETVM_DOM0_UP] = netvm_dom0_up,
	[NETVM_DOM0_DOWN] = netvm_dom0_down,
	[NETVM_DOM0_STATUS] = netvm_dom0_status,
	[NETVM_DOM0_RUN] = netvm_dom0_run,
};
static_assert(sizeof(verbs) / sizeof(verbs[0]) == NETVM_VERBS, "every verb has its function");

static int run(
	struct netvm *n, const struct qvm_form *form, const struct cli_parsed *p, struct err *e)
{
	int ret = netvm_dir_find(n, e);

	n->args = p->args;
	n->count = p->count;
	if (!ret)
		ret = form ? form->run(n, p, e) : verbs[p->verb->id](n, e);
	if (!ret && fflush(stdout))
		ret = err_sys(e, -errno, "standard output");
	return ret;
}

int main(int argc, char *argv[])
{
	struct netvm n = { .o = { .sysfs = PCI_SYSFS, .timeout = TIMEOUT_DEFAULT } };
	const struct qvm_form *form = qvm_find(argc ? basename(argv[0]) : "");
	const struct cli *cli = form ? &form->cli : &netvm_cli;
	struct cli_parsed parsed;
	struct err e = ERR_NONE;
	int ret;

	log_open(cli->name, LOG_LEVEL_WARNING);
	if (cli_parse(cli, argc, argv, &n.o, &parsed, &e)) {
		log_error("%s", e.text);
		return CLI_EXIT_USAGE;
	}
	if (parsed.info != CLI_RUN)
		return cli_print_info(cli, parsed.info);
	if (parsed.verbose)
		log_open(cli->name, parsed.verbose > 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	ret = run(&n, form, &parsed, &e);
	if (ret)
		log_error("%s", e.text);
	if (ret == NETVM_USAGE)
		return CLI_EXIT_USAGE;
	return ret && !n.status ? 1 : n.status;
}
