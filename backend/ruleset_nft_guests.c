/*
 * Policies as chains. Each rule of a guest is one rule of nft in each family where it says anything
 * at all: destination, service, counter, and where the packet goes on: `leave` or `refuse`, which
 * both end its way.
 *
 * Packets to other guests of this domain go another way, `peers`: there only those rules count that
 * can be about a guest (policy_decide.h), and no guest has a chain there that may reach none.
 *
 * A long policy is cut into blocks where the text of a rule says so (its digest), so that the cuts
 * stay where they are when rules come and go elsewhere. A block is named by its content, and the
 * guest's chain jumps to one after the other. A block that would come twice is left out the second
 * time: what it did not decide then, it does not decide now.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ruleset_nft_internal.h"
#include "common/digest.h"

#define BLOCK_WHOLE 64 /* rules that need no blocks */
#define BLOCK_LEAST 16
#define BLOCK_MOST  256

/* --- one rule --- */

/* The set of a name's addresses. Names are longer than those of nft's sets may be; the sets are
 * dom0's to fill, so that a digest does. */
static void name_set(char buf[NFT_NAME_MAX], const struct nft_words *f, const char *name)
{
	snprintf(buf, NFT_NAME_MAX, "name%c-%016" PRIx64, f->digit,
		digest_add(DIGEST_START, name, strlen(name)));
}

static void add_set(struct text *t, const struct nft_words *f, const char *sense, const char *set)
{
	const char end[] = { f->digit, ' ', '\0' };

	text_add(t, f->original);
	text_add(t, sense);
	text_add(t, set);
	text_add(t, end);
}

static void add_name(struct nft_writer *w, struct text *t, const struct nft_words *f,
	const struct policy_rule *rule)
{
	const struct policy_world world = ruleset_world(w->ruleset);
	const struct policy_name *name = policy_name_find(&world, rule->name);
	char set[NFT_NAME_MAX];

	if (!name || !name->count)
		return; /* a drop: of whatever else it matches */
	name_set(set, f, rule->name);
	text_addf(t, "%s@%s ", f->original, set);
}

static void add_prefix(struct text *t, const struct nft_words *f, const struct prefix *p)
{
	char text[ADDR_TEXT_MAX];

	if (!p->len)
		return; /* all of the family */
	text_add(t, f->original);
	text_add(t, addr_print(&p->addr, text));
	text_add(t, "/");
	text_add_number(t, p->len);
	text_add(t, " ");
}

static void add_destination(struct nft_writer *w, struct text *t, const struct nft_words *f,
	const struct policy_rule *rule)
{
	switch (rule->target) {
	case POLICY_TO_PREFIX:
		add_prefix(t, f, &rule->prefix);
		break;
	case POLICY_TO_NAME:
		add_name(w, t, f, rule);
		break;
	case POLICY_TO_LAN:
		add_set(t, f, "", "@lan");
		break;
	case POLICY_TO_PRIVATE:
		add_set(t, f, "", "@private");
		break;
	case POLICY_TO_INTERNET:
		add_set(t, f, "!= ", "@special");
		add_set(t, f, "!= ", "@private");
		add_set(t, f, "!= ", "@lan");
		break;
	case POLICY_TO_NETVM_DNS:
	case POLICY_TO_DNS:
		add_set(t, f, "", "@resolvers");
		break;
	case POLICY_TO_ANY:
	case POLICY_TARGETS:
		break;
	}
}

/* Of the transport header, of whichever protocol. */
static void add_ports(struct text *t, unsigned int first, unsigned int last)
{
	text_add(t, "th dport ");
	text_add_number(t, first);
	if (first != last) {
		text_add(t, "-");
		text_add_number(t, last);
	}
	text_add(t, " ");
}

static void add_service(struct text *t, const struct nft_words *f, const struct policy_rule *rule)
{
	bool dns = rule->target == POLICY_TO_DNS;
	const char *const protocol[] = {
		[POLICY_PROTO_ANY] = rule->has_ports || dns ? "meta l4proto @tcpudp " : "",
		[POLICY_PROTO_TCP] = "meta l4proto tcp ",
		[POLICY_PROTO_UDP] = "meta l4proto udp ",
		[POLICY_PROTO_ICMP] = rule->has_icmp_type ? "" : f->icmp_any,
	};

	text_add(t, protocol[rule->proto]);
	if (rule->has_icmp_type)
		text_addf(t, "%s type %u ", f->icmp, rule->icmp_type);
	if (rule->has_ports)
		add_ports(t, rule->port_first, rule->port_last);
	if (dns)
		add_ports(t, 53, 53);
}

/* --- the ways of a guest's packets --- */

struct way {
	const char *map, *suffix; /* the map's name and what is behind the names of its chains, but
				     for the family's digit */
	bool peers;
	const char *accepted;
};
static const struct way ways[] = {
	{ "guests", "", false, "goto leave" },
	{ "peers", "-peers", true, "accept" },
};

/* The addresses of all guests of a family, sorted. */
struct peers {
	const struct addr **addrs;
	size_t count;
};

/* The guests of one family on one way. */
struct job {
	struct nft_writer *w;
	const struct nft_words *f;
	const struct way *way;
	const struct peers *peers;
};

static int peer_cmp(const void *a, const void *b)
{
	return addr_cmp(*(const struct addr *const *)a, *(const struct addr *const *)b);
}

static const char *verdict_text(const struct job *j, enum policy_verdict v)
{
	return v == POLICY_ACCEPT ? j->way->accepted : "goto refuse";
}

/* What is left over where no rule matches. */
static enum policy_verdict otherwise(const struct job *j, const struct policy *policy)
{
	return j->way->peers ? POLICY_DROP : policy->otherwise;
}

static bool rule_is_for_peers(const struct job *j, const struct policy_rule *rule)
{
	const struct addr *key = &rule->prefix.addr;

	return policy_rule_counts_for_guests(rule) &&
	       (rule->action == POLICY_DROP ||
		       bsearch(&key, j->peers->addrs, j->peers->count, sizeof(key), peer_cmp));
}

/* Whether the rule can match anything of the family on this way. */
static bool rule_is_rendered(const struct job *j, const struct policy_rule *rule)
{
	if (rule->target == POLICY_TO_DNS && rule->proto == POLICY_PROTO_ICMP)
		return false;
	return ruleset_rule_applies(j->w->ruleset, rule, j->f->family) &&
	       (!j->way->peers || rule_is_for_peers(j, rule));
}

/* `which` (NULL: nobody asks) gets the index of each rule that is added. */
static size_t add_rules(
	const struct job *j, struct text *t, const struct policy *policy, size_t *which)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (!rule_is_rendered(j, rule))
			continue;
		add_destination(j->w, t, j->f, rule);
		add_service(t, j->f, rule);
		text_add(t, "counter ");
		text_add(t, verdict_text(j, rule->action));
		text_add(t, "\n");
		if (which)
			which[count] = i;
		count++;
	}
	return count;
}

/* --- one guest --- */

static bool object_exists(const struct nft_writer *w, size_t first, const char *name)
{
	for (size_t i = first; i < w->out->count; i++)
		if (strcmp(w->out->objects[i].name, name) == 0)
			return true;
	return false;
}

/* The rules from `line` on that make up the next block; returns where it ends. */
static const char *block_end(const char *line)
{
	for (size_t count = 1; *line; count++) {
		const char *end = strchr(line, '\n') + 1;
		uint64_t digest = digest_add(DIGEST_START, line, (size_t)(end - line));

		line = end;
		if (count >= BLOCK_MOST ||
			(count >= BLOCK_LEAST && (digest >> 32) % BLOCK_WHOLE == 0))
			break;
	}
	return line;
}

static size_t lines_count(const char *text, const char *end)
{
	size_t count = 0;

	for (; text < end; text++)
		count += *text == '\n';
	return count;
}

/* Writes `rules` as blocks, and leaves the jumps to them in w->body. */
static void write_blocks(struct nft_writer *w, const char *chain, const char *rules, size_t guest,
	const size_t *which)
{
	struct text jumps = { .s = NULL };
	size_t first = w->out->count;
	const char *end;

	for (const char *line = rules; *line; line = end) {
		char name[NFT_NAME_MAX + 24];
		size_t len, lines;

		end = block_end(line);
		len = (size_t)(end - line);
		snprintf(name, sizeof(name), "%s/%016" PRIx64, chain,
			digest_add(DIGEST_START, line, len));
		lines = which ? lines_count(line, end) : 0;
		which += lines;
		if (object_exists(w, first, name))
			continue;
		if (which)
			w->see(w->see_arg, name, guest, which - lines, lines);
		text_addf(&jumps, "jump %s\n", name);
		text_add_bytes(&w->body, line, len);
		nft_write(w, NFT_CHAIN, name, "");
	}
	w->failed |= jumps.failed;
	w->body = jumps;
}

static void write_chain(const struct job *j, const char *chain, size_t guest)
{
	struct nft_writer *w = j->w;
	const struct policy *policy = &w->ruleset->guests[guest].policy;
	size_t *which = w->see ? calloc(policy->count + 1, sizeof(*which)) : NULL;
	struct text rules = { .s = NULL };
	size_t count = add_rules(j, &rules, policy, which);

	w->failed |= w->see && !which;
	if (!rules.failed && count > BLOCK_WHOLE) {
		write_blocks(w, chain, rules.s, guest, which);
		text_dispose(&rules);
		count = 0;
	} else {
		w->body = rules;
	}
	if (which) {
		which[count] = policy->count;
		w->see(w->see_arg, chain, guest, which, count + 1);
	}
	free(which);
	text_addf(&w->body, "counter %s\n", verdict_text(j, otherwise(j, policy)));
	nft_write(w, NFT_CHAIN, chain, "");
}

/* --- all of them --- */

static const struct addr *guest_addr(const struct ruleset_guest *g, const struct nft_words *f)
{
	return f->family == AF_INET6 ? &g->ip6 : &g->ip;
}

/* Whether the guest is to be found on this way: always, or where some rule opens another guest. */
static bool guest_is_on(const struct job *j, const struct ruleset_guest *g)
{
	if (!addr_is_set(guest_addr(g, j->f)))
		return false;
	for (size_t i = 0; j->way->peers && i < g->policy.count; i++)
		if (g->policy.rules[i].action == POLICY_ACCEPT &&
			rule_is_rendered(j, &g->policy.rules[i]))
			return true;
	return !j->way->peers;
}

/* What a packet's source and link are to the kernel: one behind the other, each in whole words. */
static void key_set(struct nft_key *key, const struct addr *a, const char *link)
{
	const size_t len = a->family == AF_INET6 ? 16 : 4;

	*key = (struct nft_key){ .len = len + LINK_NAME_MAX };
	memcpy(key->bytes, a->bytes, len);
	memcpy(key->bytes + len, link, strlen(link));
}

/* Its elements in the map. Its packets come by its vif, or by that one's emulated twin, which one
 * with the longest of names cannot have. */
static void write_elements(const struct job *j, const struct ruleset_guest *g, const char *leads)
{
	static const char *const twins[] = { "", "-emu" };
	const struct addr *a = guest_addr(g, j->f);
	char text[ADDR_TEXT_MAX], link[LINK_NAME_MAX], name[NFT_NAME_MAX + ADDR_TEXT_MAX];

	addr_print(a, text);
	for (int i = 0; i < 2; i++) {
		const int len = snprintf(link, sizeof(link), "%s%s", g->name, twins[i]);

		if (len < 0 || (size_t)len >= sizeof(link))
			continue;
		snprintf(name, sizeof(name), "%s%c %s . \"%s\"", j->way->map, j->f->digit, text,
			link);
		key_set(&j->w->key, a, link);
		text_add(&j->w->body, leads);
		nft_write(j->w, NFT_ELEMENT, name, "");
	}
}

static void write_guest(const struct job *j, size_t guest)
{
	const struct ruleset_guest *g = &j->w->ruleset->guests[guest];
	char name[NFT_NAME_MAX], leads[NFT_NAME_MAX + 8];

	if (!guest_is_on(j, g))
		return;
	snprintf(name, sizeof(name), "%s-%c%s", g->name, j->f->digit, j->way->suffix);
	snprintf(leads, sizeof(leads), "goto %s", name);
	j->w->guest = g;
	if (g->policy.count)
		write_chain(j, name, guest);
	write_elements(j, g, g->policy.count ? leads : verdict_text(j, otherwise(j, &g->policy)));
	j->w->guest = NULL;
}

bool nft_guest_meets(const struct ruleset_guest *g)
{
	for (size_t i = 0; i < g->policy.count; i++)
		if (g->policy.rules[i].action == POLICY_ACCEPT &&
			policy_rule_counts_for_guests(&g->policy.rules[i]))
			return true;
	return false;
}

/* Nobody asks for the others where none of the guests is about one. */
static bool peers_collect(const struct nft_writer *w, const struct nft_words *f,
	const size_t *which, size_t count, struct peers *out)
{
	const struct ruleset *r = w->ruleset;
	bool meets = false;

	*out = (struct peers){ .addrs = NULL };
	for (size_t i = 0; i < count && !meets; i++)
		meets = nft_guest_meets(&r->guests[which[i]]);
	if (!meets)
		return true;
	out->addrs = calloc(r->guest_count + 1, sizeof(*out->addrs));
	for (size_t i = 0; out->addrs && i < r->guest_count; i++)
		if (addr_is_set(guest_addr(&r->guests[i], f)))
			out->addrs[out->count++] = guest_addr(&r->guests[i], f);
	if (out->count)
		qsort(out->addrs, out->count, sizeof(*out->addrs), peer_cmp);
	return out->addrs;
}

void nft_write_guests(
	struct nft_writer *w, const struct nft_words *f, const size_t *which, size_t count)
{
	struct peers peers;

	if (!peers_collect(w, f, which, count, &peers)) {
		w->failed = true;
		return;
	}
	for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
		for (size_t i = 0; i < count; i++)
			write_guest(&(struct job){ w, f, &ways[way], &peers }, which[i]);
	free(peers.addrs);
}

/* --- what they speak of --- */

/* A set of prefixes may not have one within another. */
static bool prefix_is_needed(const struct prefix *list, size_t count, size_t i)
{
	for (size_t other = 0; other < count; other++)
		if (other != i && prefix_contains(&list[other], &list[i].addr) &&
			(list[other].len < list[i].len ||
				(list[other].len == list[i].len && other < i)))
			return false;
	return true;
}

static void write_prefixes(struct nft_writer *w, const struct nft_words *f, const char *what,
	const struct prefix *list, size_t count)
{
	char text[PREFIX_TEXT_MAX], name[NFT_NAME_MAX];

	for (size_t i = 0; i < count; i++)
		if (list[i].addr.family == f->family && prefix_is_needed(list, count, i))
			text_addf(&w->body, "%s\n", prefix_print(&list[i], text));
	snprintf(name, sizeof(name), "%s%c", what, f->digit);
	nft_write(w, NFT_SET, name, f->ranges);
}

static bool add_addr(
	struct nft_writer *w, const struct nft_words *f, const struct addr *list, size_t i)
{
	char text[ADDR_TEXT_MAX];

	if (list[i].family != f->family)
		return false;
	for (size_t other = 0; other < i; other++)
		if (addr_equal(&list[other], &list[i]))
			return false;
	text_addf(&w->body, "%s\n", addr_print(&list[i], text));
	return true;
}

static void write_names(struct nft_writer *w, const struct nft_words *f)
{
	for (size_t n = 0; n < w->ruleset->name_count; n++) {
		const struct policy_name *name = &w->ruleset->names[n];
		char set[NFT_NAME_MAX];
		bool any = false;

		for (size_t i = 0; i < name->count; i++)
			any |= add_addr(w, f, name->addrs, i);
		name_set(set, f, name->name);
		if (any)
			nft_write(w, NFT_SET, set, f->set);
	}
}

void nft_write_ways(struct nft_writer *w, const struct nft_words *f)
{
	const struct ruleset *r = w->ruleset;
	const struct prefix *list;
	char name[NFT_NAME_MAX];
	size_t count;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(name, sizeof(name), "%s%c", ways[i].map, f->digit);
		nft_write(w, NFT_MAP, name, f->map);
	}
	write_prefixes(w, f, "lan", r->lan, r->lan_count);
	list = policy_private(&count);
	write_prefixes(w, f, "private", list, count);
	list = policy_special(&count);
	write_prefixes(w, f, "special", list, count);
	for (size_t i = 0; i < 2; i++)
		add_addr(w, f, nft_family(w, f)->dns, i);
	snprintf(name, sizeof(name), "resolvers%c", f->digit);
	nft_write(w, NFT_SET, name, f->set);
	write_names(w, f);
}
