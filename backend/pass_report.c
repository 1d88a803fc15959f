#include "backend/pass_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/collision.h"

/* Appends a word to a list in a report, where it fits. */
static void words_add(char words[NETVM_WORDS_MAX], const char *word)
{
	size_t used = strlen(words);

	if (used + strlen(word) + 2 <= NETVM_WORDS_MAX)
		snprintf(words + used, NETVM_WORDS_MAX - used, "%s%s", used ? " " : "", word);
}

static void words_add_targets(char words[NETVM_WORDS_MAX], const struct ruleset_family *f)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < f->resolver_count && i < 2; i++)
		if (!ruleset_is_forwarder(f, &f->resolvers[i]))
			words_add(words, addr_print(&f->resolvers[i], text));
}

static void words_part(char words[NETVM_WORDS_MAX], const char *word)
{
	size_t used = strlen(words);

	if (used && used + 1 < NETVM_WORDS_MAX)
		strcpy(words + used, ";");
	words_add(words, word);
}

/* What a forwarder asks, and for which family of guests; or why there is none. */
static void words_add_forward(char words[NETVM_WORDS_MAX], const struct service *s)
{
	const struct forward *f = &s->notes.forward;
	char text[ADDR_TEXT_MAX], one[ADDR_TEXT_MAX + LINK_NAME_MAX + 1];

	if (s->dns_trouble[0]) {
		words_part(words, s->dns_trouble);
		return;
	}
	words_part(words, "forwarded for");
	if (f->ip4)
		words_add(words, "IPv4");
	if (f->ip6)
		words_add(words, "IPv6");
	words_add(words, "to");
	for (size_t i = 0; i < f->ask_count; i++) {
		snprintf(one, sizeof(one), "%s%s%s", addr_print(&f->ask[i].addr, text),
			f->ask[i].link[0] ? "%" : "", f->ask[i].link);
		words_add(words, one);
	}
}

static void words_of_resolvers(char words[NETVM_WORDS_MAX], const struct service *s)
{
	words[0] = '\0';
	words_add_targets(words, &s->ruleset.ip4);
	words_add_targets(words, &s->ruleset.ip6);
	if (s->notes.forward.ask_count)
		words_add_forward(words, s);
	if (s->notes.refused.loops[0]) {
		words_part(words, "refused, for it would come back here:");
		words_add(words, s->notes.refused.loops);
	}
	if (s->notes.refused.aside[0]) {
		words_part(words, "refused, for no uplink leads there:");
		words_add(words, s->notes.refused.aside);
	}
}

static void tell_uplinks(const struct service *s, struct events *to)
{
	const struct uplink_names *there = &s->notes.uplinks.there;
	const char *words[UPLINKS_MAX + 2] = { "uplinks" };

	_Static_assert(UPLINKS_MAX + 1 <= EVENT_WORDS_MAX, "an event has room for them");
	for (size_t i = 0; i < there->count; i++)
		words[i + 1] = there->names[i];
	events_add(to, words);
}

/* Those that guests' questions go to. */
static void tell_resolvers(const struct service *s, struct events *to)
{
	const struct ruleset_family *families[] = { &s->ruleset.ip4, &s->ruleset.ip6 };
	const char *words[EVENT_WORDS_MAX + 1] = { "resolvers" };
	char texts[4][ADDR_TEXT_MAX];
	size_t n = 0;

	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < families[f]->resolver_count && i < 2; i++, n++)
			words[n + 1] = addr_print(&families[f]->resolvers[i], texts[n]);
	events_add(to, words);
}

/* What is another now than it was said before is news. */
static void news_say(const struct service *s, const struct netvm_report *before,
	const struct netvm_report *now, const struct pass_listeners *to)
{
	char text[NETVM_WORDS_MAX + 16];

	if (strcmp(before->uplink, now->uplink) != 0) {
		snprintf(text, sizeof(text), "uplinks: %s", now->uplink[0] ? now->uplink : "none");
		to->say(false, text);
		tell_uplinks(s, to->events);
	}
	if (strcmp(before->alarm, now->alarm) != 0) {
		snprintf(text, sizeof(text), "%s",
			now->alarm[0] ? now->alarm
				      : "no uplink's subnet has guests' addresses any more");
		to->say(now->alarm[0], text);
	}
	if (strcmp(before->resolvers, now->resolvers) != 0) {
		snprintf(text, sizeof(text), "resolvers: %s",
			now->resolvers[0] ? now->resolvers : "none");
		to->say(s->notes.refused.loops[0] || s->dns_trouble[0], text);
		tell_resolvers(s, to->events);
	}
}

static int alarm_read(struct service *s, const struct pass_memory *m,
	char words[COLLISION_WORDS_MAX], struct err *e)
{
	struct addr *guests = calloc(m->vif_count * VIF_ADDRS_MAX + 1, sizeof(*guests));
	size_t n = 0;
	int ret;

	if (!guests)
		return err_sys(e, -ENOMEM, "addresses of guests");
	for (size_t i = 0; i < m->vif_count; i++)
		for (size_t k = 0; k < m->vifs[i].addr_count; k++)
			guests[n++] = m->vifs[i].addrs[k];
	ret = collision_read(s->nl, &s->ruleset, &s->notes.uplinks, guests, n, words, e);
	free(guests);
	return ret;
}

int pass_report(struct service *s, const struct pass_memory *m, uint32_t probe,
	const struct err *rules_fault, const struct pass_listeners *to, struct err *e)
{
	struct netvm_report r = { .version = PACKAGE_VERSION,
		.capabilities = PASS_CAPABILITIES,
		.state = "ready",
		.mtu = s->notes.uplinks.mtu,
		.probe = probe };
	struct netvm_report before;
	int ret;

	if (rules_fault->code)
		snprintf(r.state, sizeof(r.state), "%.*s", NETVM_WORDS_MAX - 1, rules_fault->text);
	for (size_t i = 0; i < s->notes.uplinks.there.count; i++)
		words_add(r.uplink, s->notes.uplinks.there.names[i]);
	words_of_resolvers(r.resolvers, s);
	ret = alarm_read(s, m, r.alarm, e);
	if (ret)
		return ret;
	if (netvm_report_read(s->store, SCHEMA_SELF, &before, NULL) < 0)
		before = (struct netvm_report){ .state = "" };
	if (rules_fault->code && strcmp(before.state, r.state) != 0)
		to->say(true, rules_fault->text);
	snprintf(r.power, sizeof(r.power), "%s", provider_power_word(m->answered));
	news_say(s, &before, &r, to);
	return netvm_report_write(s->store, &r, e);
}
