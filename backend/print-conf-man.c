/* Prints netbackd.conf(5), from the table of settings, on standard output; the build uses it. */
#include <stdio.h>
#include <stdlib.h>

#include "backend/settings.h"

static const char *const kinds[] = {
	[CONFIG_TEXT] = "\"text\"",
	[CONFIG_NUMBER] = "number",
	[CONFIG_BOOL] = "0 or 1",
	[CONFIG_LIST] = "[ \"one\", \"another\" ]",
};

static void text_print(const char *text)
{
	for (; *text; text++)
		if (*text == '-')
			printf("\\-");
		else if (*text == '\\')
			printf("\\e");
		else
			putchar(*text);
}

int main(void)
{
	printf(".TH NETBACKD.CONF 5 \"\" \"xen\\-netvm " PACKAGE_VERSION "\"\n"
	       ".SH NAME\nnetbackd.conf \\- what a network domain is told by its own file\n"
	       ".SH SYNOPSIS\n.I ");
	text_print(SETTINGS_FILE);
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
	for (const struct config_key *k = settings_keys; k->name; k++) {
		printf(".TP\n.BR %s \" = ", k->name);
		/* A quoted argument of a macro: each double quote in it is written twice. */
		for (const char *c = kinds[k->kind]; *c; c++)
			printf(*c == '"' ? "\"\"" : "%c", *c);
		printf("\"\n");
		text_print(k->help);
		printf(".\n");
	}
	printf(".SH EXAMPLE\n.nf\n"
	       "gateway = \"10.137.0.1\"\n"
	       "dns = [ \"10.139.1.1\", \"10.139.1.2\" ]\n"
	       "uplinks = [ \"wlan0\", \"eth0\" ]\n"
	       ".fi\n.SH SEE ALSO\n.BR netbackd (8),\n.BR vif\\-route\\-netvm (8),\n"
	       ".BR xl.cfg (5)\n");
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
