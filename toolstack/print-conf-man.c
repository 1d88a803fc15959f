/* Prints netvm.conf(5), from the registry's tables, on standard output; the build uses it. */
#include <stdio.h>
#include <stdlib.h>

#include "common/config_man.h"
#include "common/roff.h"
#include "toolstack/registry.h"

int main(void)
{
	printf(".TH NETVM.CONF 5 \"\" \"xen\\-netvm " PACKAGE_VERSION "\"\n"
	       ".SH NAME\nnetvm.conf \\- which domain is served by which network domain\n"
	       ".SH SYNOPSIS\n.I ");
	roff_print(stdout, REGISTRY_DIR "/netvm.conf");
	printf("\n.br\n.I ");
	roff_print(stdout, REGISTRY_DIR "/domains/NAME.conf");
	printf("\n.SH DESCRIPTION\n"
	       "The registry of dom0, kept in force by\n.BR netvmd (8).\n"
	       "One file holds what concerns all domains, and one a domain, NAME being its name in "
	       "Xen,\nwhat concerns that domain; both in the syntax of\n.BR xl.cfg (5).\n"
	       "Each file and each key may be absent.\n"
	       ".BR netvm (8)\nchanges them and keeps comments and order; so may an editor, and a "
	       "change is seen at once.\n"
	       ".PP\nA fault is named with file and line in the log of\n.B netvmd\nand by\n"
	       ".BR \"netvm status\" ;\nthe domain that it concerns, with the guests of a network "
	       "domain, keeps what it has until it is mended.\n"
	       ".SH KEYS OF NETVM.CONF\n");
	config_man_keys(registry_global_keys);
	printf(".SH KEYS OF A DOMAIN'S FILE\n");
	config_man_keys(registry_domain_keys);
	printf(".SH EXAMPLE\nA network domain and a guest that may use the web; both are given "
	       "their "
	       "addresses.\n.PP\n.nf\n");
	roff_print(stdout, "# " REGISTRY_DIR "/domains/net.conf\n"
			   "provides_network = 1\n\n"
			   "# " REGISTRY_DIR "/domains/work.conf\n"
			   "netvm = \"net\"\n"
			   "rules = [\n"
			   "\t\"action=accept specialtarget=dns\",\n"
			   "\t\"action=accept proto=tcp dstports=443 dst=@internet\",\n"
			   "]\n");
	printf(".fi\n.SH SEE ALSO\n.BR netvm (8),\n.BR netvmd (8),\n"
	       ".BR xen\\-netvm\\-policy (7),\n.BR xl.cfg (5)\n");
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
