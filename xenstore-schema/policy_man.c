/* The manual page of the rule language, from the tables that parse it. */
#include <stdio.h>

#include "common/roff.h"
#include "xenstore-schema/policy_internal.h"

static const char head[] =
	".TH XEN\\-NETVM\\-POLICY 7 \"\" \"xen\\-netvm " PACKAGE_VERSION "\"\n"
	".SH NAME\n"
	"xen\\-netvm\\-policy \\- what a guest may reach through its network domain\n"
	".SH DESCRIPTION\n"
	"A policy is a list of rules, and what happens to a packet that none of them matches: it "
	"is accepted or dropped.\n"
	"In dom0 it stands in the guest's file, as\n"
	".B rules\n"
	"and\n"
	".B policy\n"
	"(see\n"
	".BR netvm.conf (5)).\n"
	".PP\n"
	"A rule is one line of words,\n"
	".IB NAME = VALUE\n"
	"each, with one space between them.\n"
	"The words may stand in any order, each once at most;\n"
	".B comment\n"
	"is the last, because it takes the rest of the line.\n"
	"A rule matches a packet if every word of it does; a rule that is only an action matches "
	"all.\n"
	"The first rule that matches decides.\n"
	"What is compared is the packet as the guest sent it, before any translation of addresses, "
	"and in its own family: no rule for IPv4 matches a packet of IPv6.\n"
	"Answers to what was accepted pass.\n"
	".PP\n"
	"Of IPv6 a rule sees what stands behind extension headers: fragments are put together "
	"first, hop\\-by\\-hop and destination options gone over.\n"
	"Whatever the policy says, a guest's packet is dropped if it has a routing or an "
	"authentication header, more than four extension headers, or neighbour discovery behind "
	"one.\n"
	".PP\n"
	"Another guest of the same network domain is reached only by a rule that accepts its "
	"address "
	"alone, a single one in\n"
	".BR dst4 ,\n"
	".B dst6\n"
	"or\n"
	".BR dst :\n"
	"a rule without destination, for a subnet or for a name opens no guest, and neither does a "
	"policy of accept.\n"
	"It opens one direction.\n"
	"In dom0's files the other may be named,\n"
	".BI dst=@guest: NAME\n"
	"in the place of its addresses: the rule then is one for each address that it has, follows "
	"them, and a network domain sees addresses only.\n"
	".PP\n"
	"Empty lines and lines that begin with\n"
	".B #\n"
	"are passed over.\n"
	"All else that is not exactly of this form is refused, with its line and word, and so is "
	"the whole policy: one with a hole would be another.\n"
	"Numbers are decimal, without sign or leading zero; a line has at most 2048 characters of "
	"printable ASCII.\n";

static const char tail[] = ".SH SEE ALSO\n"
			   ".BR netvm (8),\n"
			   ".BR netvm.conf (5),\n"
			   ".BR netbackd (8),\n"
			   ".BR xen\\-netvm\\-xenstore (7)\n";

const struct policy_example policy_examples[] = {
	{ "Names are resolved, and two sites are reached by HTTPS; nothing else, if the policy "
	  "is drop.",
		"action=accept specialtarget=dns\n"
		"action=accept dsthost=www.example.com proto=tcp dstports=443\n"
		"action=accept dsthost=static.example.com proto=tcp dstports=443\n" },
	{ "The internet, but no machine nearby other than the printer.",
		"action=accept specialtarget=dns\n"
		"action=accept dst4=192.168.1.9 proto=tcp dstports=631 comment=the printer\n"
		"action=accept dst=@internet\n"
		"action=drop\n" },
	{ "Everything until the end of November 2026, then ping only.",
		"action=accept expire=1796083200\n"
		"action=accept proto=icmp icmptype=8\n"
		"action=accept dst6=::/0 proto=icmp icmptype=128\n"
		"action=drop\n" },
	{ NULL, NULL },
};

static void row_print(FILE *out, const char *name, const char *form, const char *help)
{
	fputs(".TP\n.B ", out);
	roff_print(out, name);
	roff_print(out, form);
	fputc('\n', out);
	roff_print(out, help);
	fputc('\n', out);
}

void policy_print_man(FILE *out)
{
	char name[32];

	fputs(head, out);
	fputs(".SH WORDS\n", out);
	for (const struct policy_word *w = policy_words; w->name; w++) {
		snprintf(name, sizeof(name), "%s=", w->name);
		row_print(out, name, w->form, w->help);
	}
	fputs(".PP\nA rule has one destination at most: one of dst4, dst6, dsthost, dst and "
	      "specialtarget.\n"
	      ".SH DESTINATIONS\n",
		out);
	for (int i = 0; i < POLICY_TARGETS; i++)
		if (policy_targets[i].word)
			row_print(out, "dst=", policy_targets[i].word, policy_targets[i].help);
	fputs(".SH EXAMPLES\n", out);
	for (const struct policy_example *x = policy_examples; x->help; x++) {
		fputs(x == policy_examples ? "" : ".PP\n", out);
		roff_print(out, x->help);
		fputs("\n.PP\n.nf\n", out);
		roff_print(out, x->rules);
		fputs(".fi\n", out);
	}
	fputs(tail, out);
}
