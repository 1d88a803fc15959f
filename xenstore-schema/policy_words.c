/* The words of a rule line: one row each, with its parser, its printer and its help. */
#include "xenstore-schema/policy_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The last second of the year 9999: who writes more has written milliseconds. */
#define EXPIRE_MAX 253402300799ULL
#define LABEL_MAX  63 /* RFC 1035 section 2.3.4 */

static const char *const actions[] = { [POLICY_ACCEPT] = "accept", [POLICY_DROP] = "drop" };
static const char *const protos[] = {
	[POLICY_PROTO_TCP] = "tcp", [POLICY_PROTO_UDP] = "udp", [POLICY_PROTO_ICMP] = "icmp"
};
/* clang-format off */
const struct policy_target_word policy_targets[POLICY_TARGETS] = {
	[POLICY_TO_LAN] = { "@lan",
		"The subnets that the network domain's uplinks have now; none while there is no "
		"uplink." },
	[POLICY_TO_PRIVATE] = { "@private",
		"10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, fc00::/7, "
		"fe80::/10; the IPv4 ones behind NAT64 (64:ff9b::/96) as well." },
	[POLICY_TO_INTERNET] = { "@internet",
		"All addresses of single hosts that are neither @lan nor @private nor of special use "
		"(RFC 6890: loopback, benchmarks, 6to4, Teredo and others). The networks for "
		"documentation count as the internet." },
	[POLICY_TO_NETVM_DNS] = { "@netvm-dns",
		"The virtual resolvers that the guest was told, every protocol and port." },
};
/* clang-format on */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The index of `text` in a table that may have holes, or its length. */
static size_t word_find(const char *const *table, size_t count, const char *text)
{
	size_t i = 0;

	while (i < count && (!table[i] || strcmp(table[i], text) != 0))
		i++;
	return i;
}

/* A decimal number without sign or leading zero, at most `max`. */
static bool number_parse(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

/* --- action, proto --- */

static int action_take(const char *value, struct policy_rule *rule, struct err *why)
{
	size_t i = word_find(actions, COUNT(actions), value);

	if (i == COUNT(actions))
		return err_set(why, -EINVAL, "accept or drop expected");
	rule->action = (enum policy_verdict)i;
	return 0;
}

static bool action_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	strcpy(value, actions[rule->action]);
	return true;
}

static int proto_take(const char *value, struct policy_rule *rule, struct err *why)
{
	size_t i = word_find(protos, COUNT(protos), value);

	if (i == COUNT(protos))
		return err_set(why, -EINVAL, "tcp, udp or icmp expected");
	rule->proto = (enum policy_proto)i;
	return 0;
}

static bool proto_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	if (rule->proto == POLICY_PROTO_ANY)
		return false;
	strcpy(value, protos[rule->proto]);
	return true;
}

/* --- destinations --- */

/* An IPv4 address in IPv6's notation is in no packet: a rule for it would not do what it says. */
static bool prefix_is_mapped(const struct prefix *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return p->addr.family == AF_INET6 && p->len >= 96 &&
	       memcmp(p->addr.bytes, mapped, sizeof(mapped)) == 0;
}

/* `family` 0: either. */
static int prefix_take(const char *value, int family, struct policy_rule *rule, struct err *why)
{
	static const char example4[] = "10.0.0.0/8", example6[] = "2001:db8::/32";
	struct prefix p;

	if (prefix_parse(value, &p) < 0 || (family && p.addr.family != family))
		return err_set(why, -EINVAL,
			"an %s address or subnet, no host bits set (%s), expected",
			family == AF_INET ? "IPv4"
			: family	  ? "IPv6"
					  : "IP",
			family == AF_INET6 ? example6 : example4);
	if (prefix_is_mapped(&p))
		return err_set(why, -EINVAL, "this is an IPv4 address, which dst4= takes");
	rule->target = POLICY_TO_PREFIX;
	rule->prefix = p;
	return 0;
}

static int dst4_take(const char *value, struct policy_rule *rule, struct err *why)
{
	return prefix_take(value, AF_INET, rule, why);
}

static int dst6_take(const char *value, struct policy_rule *rule, struct err *why)
{
	return prefix_take(value, AF_INET6, rule, why);
}

static bool prefix_value(
	const struct policy_rule *rule, int family, char value[POLICY_LINE_MAX + 1])
{
	const struct prefix *p = &rule->prefix;

	if (rule->target != POLICY_TO_PREFIX || p->addr.family != family)
		return false;
	if (p->len == addr_len(&p->addr) * 8)
		addr_print(&p->addr, value);
	else
		prefix_print(p, value);
	return true;
}

static bool dst4_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	return prefix_value(rule, AF_INET, value);
}

static bool dst6_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	return prefix_value(rule, AF_INET6, value);
}

static int dst_take(const char *value, struct policy_rule *rule, struct err *why)
{
	for (int i = 0; i < POLICY_TARGETS; i++)
		if (policy_targets[i].word && strcmp(policy_targets[i].word, value) == 0) {
			rule->target = (enum policy_target)i;
			return 0;
		}
	if (prefix_take(value, 0, rule, NULL) == 0)
		return 0;
	return err_set(why, -EINVAL,
		"an IP address, a subnet without host bits, or one of @lan, @private, @internet "
		"and @netvm-dns expected (a name is dsthost=)");
}

static bool dst_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	const char *word = policy_targets[rule->target].word;

	if (!word)
		return false;
	strcpy(value, word);
	return true;
}

/* Copies a host name in lower case and without a last dot; NULL, or what is wrong with it. The last
 * label has a letter, so that no mistyped address is taken for a name. */
static const char *name_normalize(const char *value, char name[POLICY_NAME_MAX])
{
	size_t len = strlen(value), label = 0;
	bool letter = false;

	if (len > 1 && value[len - 1] == '.')
		len--;
	if (len >= POLICY_NAME_MAX)
		return "a host name has at most 253 characters";
	for (size_t i = 0; i <= len; i++) {
		char c = i < len ? value[i] : '.';

		if (c == '.') {
			if (!label || label > LABEL_MAX)
				return "a part of a host name has 1 to 63 characters";
			if (value[i - label] == '-' || value[i - 1] == '-')
				return "a part of a host name neither begins nor ends with \"-\"";
			label = 0;
		} else {
			if (c >= 'A' && c <= 'Z')
				c = (char)(c - 'A' + 'a');
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", c))
				return "a host name is of letters, digits, \"-\", \"_\" and \".\"";
			letter = (label++ ? letter : false) || (c >= 'a' && c <= 'z');
		}
		name[i] = c;
	}
	name[len] = '\0';
	return letter ? NULL : "neither an IP address or subnet nor a host name";
}

/* As Qubes: an address or subnet is taken as one. */
static int dsthost_take(const char *value, struct policy_rule *rule, struct err *why)
{
	char name[POLICY_NAME_MAX];
	const char *wrong;

	if (strpbrk(value, ":/") || prefix_take(value, 0, rule, NULL) == 0)
		return prefix_take(value, 0, rule, why);
	wrong = name_normalize(value, name);
	if (wrong)
		return err_set(why, -EINVAL, "%s", wrong);
	rule->name = strdup(name);
	if (!rule->name)
		return err_sys(why, -ENOMEM, "its name");
	rule->target = POLICY_TO_NAME;
	return 0;
}

static bool dsthost_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	if (rule->target != POLICY_TO_NAME)
		return false;
	snprintf(value, POLICY_NAME_MAX, "%s", rule->name);
	return true;
}

static int specialtarget_take(const char *value, struct policy_rule *rule, struct err *why)
{
	if (strcmp(value, "dns") != 0)
		return err_set(why, -EINVAL, "dns expected");
	rule->target = POLICY_TO_DNS;
	return 0;
}

static bool specialtarget_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	strcpy(value, "dns");
	return rule->target == POLICY_TO_DNS;
}

/* --- numbers --- */

static int dstports_take(const char *value, struct policy_rule *rule, struct err *why)
{
	const char *dash = strchr(value, '-');
	char first[8] = "";
	uint64_t a, b;

	if (!dash)
		dash = value + strlen(value);
	if ((size_t)(dash - value) < sizeof(first))
		memcpy(first, value, (size_t)(dash - value));
	if (!number_parse(first, UINT16_MAX, &a) ||
		!number_parse(*dash ? dash + 1 : first, UINT16_MAX, &b))
		return err_set(why, -EINVAL,
			"a port or two with \"-\" between, each from 0 to 65535, expected");
	if (a > b)
		return err_set(why, -EINVAL, "the first port is greater than the last");
	rule->has_ports = true;
	rule->port_first = (uint16_t)a;
	rule->port_last = (uint16_t)b;
	return 0;
}

static bool dstports_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	if (rule->port_first == rule->port_last)
		sprintf(value, "%u", rule->port_first);
	else
		sprintf(value, "%u-%u", rule->port_first, rule->port_last);
	return rule->has_ports;
}

static int icmptype_take(const char *value, struct policy_rule *rule, struct err *why)
{
	uint64_t n;

	if (!number_parse(value, UINT8_MAX, &n))
		return err_set(why, -EINVAL, "a number from 0 to 255 expected");
	rule->has_icmp_type = true;
	rule->icmp_type = (uint8_t)n;
	return 0;
}

static bool icmptype_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	sprintf(value, "%u", rule->icmp_type);
	return rule->has_icmp_type;
}

static int expire_take(const char *value, struct policy_rule *rule, struct err *why)
{
	uint64_t n;

	if (!number_parse(value, EXPIRE_MAX, &n) || !n)
		return err_set(why, -EINVAL,
			"seconds since 1970, not 0 and not after the year 9999, expected");
	rule->expire = (int64_t)n;
	return 0;
}

static bool expire_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	sprintf(value, "%lld", (long long)rule->expire);
	return rule->expire != 0;
}

/* --- comment --- */

static int comment_take(const char *value, struct policy_rule *rule, struct err *why)
{
	if (strlen(value) > POLICY_COMMENT_MAX)
		return err_set(
			why, -EMSGSIZE, "a comment has at most %d characters", POLICY_COMMENT_MAX);
	rule->comment = strdup(value);
	return rule->comment ? 0 : err_sys(why, -ENOMEM, "its comment");
}

static bool comment_print(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1])
{
	if (!rule->comment)
		return false;
	snprintf(value, POLICY_COMMENT_MAX + 1, "%s", rule->comment);
	return true;
}

/* clang-format off */
const struct policy_word policy_words[] = {
	{ "action", "accept|drop", false, action_take, action_print,
		"What happens to a packet that this rule is the first to match. "
		"Every rule has this word." },
	{ "dst4", "ADDRESS[/LENGTH]", true, dst4_take, dst4_print,
		"An IPv4 address or subnet. No bit behind the length may be set." },
	{ "dst6", "ADDRESS[/LENGTH]", true, dst6_take, dst6_print,
		"The same in IPv6." },
	{ "dsthost", "NAME", true, dsthost_take, dsthost_print,
		"Every address, of both families, that the name has in the network domain's view, "
		"followed as it changes. While the name does not resolve, an accept by it accepts "
		"nothing, and a drop by it drops whatever its other words match. An address or "
		"subnet is taken as by dst4 and dst6." },
	{ "dst", "ADDRESS[/LENGTH]|@lan|@private|@internet|@netvm-dns", true, dst_take, dst_print,
		"An address or subnet of either family, or one of the destinations below." },
	{ "proto", "tcp|udp|icmp", false, proto_take, proto_print,
		"icmp stands for ICMPv6 as well." },
	{ "dstports", "PORT[-PORT]", false, dstports_take, dstports_print,
		"Destination ports, the last included, of proto; without that word, of TCP and of "
		"UDP. Not with icmp." },
	{ "icmptype", "NUMBER", false, icmptype_take, icmptype_print,
		"A type of ICMP messages, in the numbers of the packet's own family. "
		"Only with proto=icmp." },
	{ "specialtarget", "dns", true, specialtarget_take, specialtarget_print,
		"Port 53, TCP and UDP, of the virtual resolvers that the guest was told." },
	{ "expire", "SECONDS", false, expire_take, expire_print,
		"The time, in seconds since 1970, from which on the rule is not there any more." },
	{ "comment", "TEXT", false, comment_take, comment_print,
		"The rest of the line, at most 1024 characters; it changes nothing." },
	{ 0 },
};
/* clang-format on */
static_assert(POLICY_COMMENT_MAX + POLICY_NAME_MAX + 256 < POLICY_LINE_MAX,
	"the longest rule can be printed");
