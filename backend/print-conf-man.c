/* Prints netbackd.conf(5), from the table of settings, on standard output; the build uses it. */
#include <stdio.h>
#include <stdlib.h>

#include "backend/settings.h"
#include "common/config_man.h"
#include "common/roff.h"

int main(void)
{
	printf(".TH NETBACKD.CONF 5 \"\" \"xen\\-netvm " PACKAGE_VERSION "\"\n"
	       ".SH NAME\nnetbackd.conf \\- what a network domain is told by its own file\n"
	       ".SH SYNOPSIS\n.I ");
	roff_print(stdout, SETTINGS_FILE);
	printf("\n.SH DESCRIPTION\n"
	       "Read by\n.BR netbackd (8)\nand\n.BR vif\\-route\\-netvm (8),\n"
	       "in the syntax of\n.BR xl.cfg (5).\nThe file may be absent, as may each key. In "
	       "brackets: what counts then.\n"
	       "Where dom0 manages the network domain, its gateways and resolvers count instead "
	       "of\n"
	       "those in the file. A fault is told with file and line, and no vif is opened until "
	       "it "
	       "is mended;\n"
	       "netbackd reads the file again at SIGHUP and goes on with what it had if it is "
	       "faulty.\n"
	       ".SH KEYS\n");
	config_man_keys(settings_keys);
	printf(".SH EXAMPLE\n.nf\n"
	       "gateway = \"10.137.0.1\"\n"
	       "dns = [ \"10.139.1.1\", \"10.139.1.2\" ]\n"
	       "uplinks = [ \"eth0\", \"wlan*\" ]\n"
	       ".fi\n.SH SEE ALSO\n.BR netbackd (8),\n.BR vif\\-route\\-netvm (8),\n"
	       ".BR xl.cfg (5)\n");
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
