/* The manual page of the contract, from the tables that read and write it. */
#include "xenstore-schema/schema_dir.h"

#include <stdio.h>

#include "common/roff.h"

static const struct schema_dir *const dirs[] = {
	&guest_link_dir,
	&provider_dir,
	&client_dir,
	&netvm_report_dir,
	&client_report_dir,
	&vif_backend_dir,
	&vif_frontend_dir,
	&vif_connection_dir,
};

static const char head[] =
	".TH XEN\\-NETVM\\-XENSTORE 7 \"\" \"xen-netvm\" \"xen-netvm\"\n"
	".SH NAME\n"
	"xen\\-netvm\\-xenstore \\- what xen\\-netvm keeps in xenstore\n"
	".SH DESCRIPTION\n"
	"dom0 tells guests and network domains through xenstore what their links are, and network "
	"domains tell dom0 how they fare.\n"
	"This page lists every directory and key that\n"
	".BR netvmd (8),\n"
	".BR netbackd (8),\n"
	".BR vif\\-route\\-netvm (8)\n"
	"and\n"
	".BR netfront\\-config (8)\n"
	"read or write.\n"
	"It is made from the table by which they do so.\n"
	".PP\n"
	".I G\n"
	"is a guest's domain number,\n"
	".I N\n"
	"its network domain's, and\n"
	".I devid\n"
	"the number of the vif.\n"
	"Permissions are in xenstore's notation:\n"
	".B n0,r5\n"
	"means that domain 0 owns the node, domain 5 may read it, and others may nothing.\n"
	"A directory has its permissions before anything is in it, and what is in it inherits "
	"them.\n"
	".PP\n"
	"An absent key means that the thing is not provided.\n"
	"A key that is present and not of its form is an error, never a default: who reads it "
	"says so and blocks the traffic that depends on it.\n"
	"Numbers are decimal, without sign or leading zero.\n"
	"A value is written only where it changes, so that no watch fires in vain.\n";

static const char tail[] = ".SH SEE ALSO\n"
			   ".BR netvm (8),\n"
			   ".BR netvmd (8),\n"
			   ".BR netbackd (8),\n"
			   ".BR vif\\-route\\-netvm (8),\n"
			   ".BR netfront\\-config (8),\n"
			   ".BR xenstore\\-ls (1)\n";

static void print_key(FILE *out, const struct schema_key *key)
{
	fputs(".TP\n.B ", out);
	roff_print(out, key->name);
	fputc('\n', out);
	if (key->kind == KEY_WORD) {
		for (int i = 0; key->words[i]; i++) {
			fputs(i ? " or \\(dq" : "\\(dq", out);
			roff_print(out, key->words[i]);
			fputs("\\(dq", out);
		}
	} else {
		roff_print(out, key_expected(key));
	}
	if (key->kind == KEY_TEXT)
		fprintf(out, ", at most %zu characters", key->size - 1);
	fputs(key->required ? "; always there.\n" : ".\n", out);
	roff_print(out, key->help);
	if (key->kind == KEY_WORD && !key->required)
		fprintf(out, " Absent: \\(dq%s\\(dq.", key->words[key->fallback]);
	fputc('\n', out);
}

static void print_dir(FILE *out, const struct schema_dir *dir)
{
	fputs(".SS ", out);
	roff_print(out, dir->path);
	fputs("\nPermissions\n.BR ", out);
	roff_print(out, dir->perms);
	fputs(" ,\nwritten by ", out);
	roff_print(out, dir->writer);
	fputs(".\n", out);
	roff_print(out, dir->help);
	fputc('\n', out);
	for (const struct schema_key *key = dir->keys; key->name; key++)
		print_key(out, key);
}

void schema_print_man(FILE *out)
{
	fputs(head, out);
	fputs(".SH DIRECTORIES\n", out);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		print_dir(out, dirs[i]);
	fputs(tail, out);
}
