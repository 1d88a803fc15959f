/*
 * policy: what a guest may reach, as its rule lines say; parsed strictly, printed canonically.
 *
 * One rule a line, words NAME=VALUE separated by single spaces, in the language that Qubes users
 * know (qubes-core-admin: qubes/firewall.py), first match wins:
 *
 *   action=accept|drop  dst4=A[/N]|dst6=A[/N]|dsthost=NAME|dst=A[/N]|dst=@lan|@private|@internet|
 *   @netvm-dns  proto=tcp|udp|icmp  dstports=A[-B]  icmptype=N  specialtarget=dns
 *   expire=UNIXTIME  comment=REST OF THE LINE
 *
 * As in Qubes, dsthost takes an address or subnet as well, and then is dst4 or dst6.
 *
 * This is the grammar alone: shared by dom0, which checks what an administrator writes, and by the
 * network domain, which takes nothing on trust. It must not know what a destination is at this
 * moment, packet filters, or where lines come from.
 */
#ifndef NETVM_POLICY_H
#define NETVM_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/addr.h"
#include "common/err.h"
#include "xenstore-schema/schema.h"

#define POLICY_LINE_MAX	   2048 /* bytes of a line, without its newline */
#define POLICY_RULES_MAX   32768
#define POLICY_NAME_MAX	   254 /* a host name (RFC 1035 section 2.3.4: 253), with the NUL */
#define POLICY_COMMENT_MAX 1024

enum policy_target {
	POLICY_TO_ANY,
	POLICY_TO_PREFIX,   /* dst4, dst6, dst=ADDRESS */
	POLICY_TO_NAME,	    /* dsthost */
	POLICY_TO_LAN,	    /* the subnets that the uplinks have now */
	POLICY_TO_PRIVATE,  /* RFC 1918, RFC 6598, RFC 3927, RFC 4193, link-local IPv6; by NAT64 too
			     */
	POLICY_TO_INTERNET, /* unicast that is none of @lan, @private and special use (RFC 6890, but
			       for documentation) */
	POLICY_TO_NETVM_DNS, /* the virtual resolvers, any port */
	POLICY_TO_DNS,	     /* specialtarget=dns: those, port 53 of UDP and TCP */
	POLICY_TARGETS
};

enum policy_proto { POLICY_PROTO_ANY, POLICY_PROTO_TCP, POLICY_PROTO_UDP, POLICY_PROTO_ICMP };

struct policy_rule {
	enum policy_verdict action;
	enum policy_target target;
	struct prefix prefix; /* POLICY_TO_PREFIX */
	char *name;	      /* POLICY_TO_NAME: in lower case, without a last dot; malloc'd */
	enum policy_proto proto;
	bool has_ports;	     /* only with TCP, UDP, or neither: then of both */
	uint16_t port_first; /* host byte order, first <= last */
	uint16_t port_last;
	bool has_icmp_type; /* only with ICMP, which stands for ICMPv6 as well: of its own family */
	uint8_t icmp_type;
	int64_t expire; /* seconds since 1970; 0: never */
	char *comment;	/* malloc'd; NULL: none */
	uint32_t line;	/* from 1, counting every line of the text */
};

struct policy {
	struct policy_rule *rules; /* policy_dispose() */
	size_t count;
	enum policy_verdict otherwise; /* what no rule matches */
};

/*
 * Parses lines joined by '\n' (NULL: none; an empty line is passed over, as is one that begins with
 * '#'). The words of a line may stand in any order. Refused with -EINVAL and a sentence that names
 * line, word and what was expected: an unknown or repeated word, no action, two destinations, ports
 * with ICMP, an ICMP type without it, DNS as target without port 53 or a protocol that has it, dst4
 * with an IPv6 address, an IPv4-mapped one, host bits behind a prefix, a name that is no host's,
 * all but printable ASCII. -EMSGSIZE: a line or comment that is too long; -E2BIG: too many rules;
 * -ENOMEM. One rule that is refused refuses all. `out` is valid for policy_dispose() in any case;
 * with an error it has no rules.
 */
int policy_parse(
	const char *text, enum policy_verdict otherwise, struct policy *out, struct err *e);
void policy_dispose(struct policy *p); /* may be repeated */

/* Tells what policy_parse() would refuse, every line of it, and returns how many those are. */
int policy_check(
	const char *text, void (*tell)(void *arg, uint32_t line, const char *words), void *arg);

/* Whether it is exactly one rule. Refused as above, without the line's number in the sentence. */
int policy_rule_check(const char *line, struct err *e);

/* The rule as one line, without newline: words in the order above, addresses canonical, so that
 * parsing it gives an equal rule. */
void policy_rule_print(const struct policy_rule *r, char buf[POLICY_LINE_MAX + 1]);

/* Prints the language as a man page (roff, man macros). */
void policy_print_man(FILE *out);

#endif
