/* The words for an action, and the end of what a plan was made from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/netvmd_plan.h"

#define WHO_MAX (DOMAIN_NAME_MAX + 16)

static const char *who_print(const char *name, uint32_t domid, char buf[WHO_MAX])
{
	if (name[0])
		snprintf(buf, WHO_MAX, "%s (%u)", name, domid);
	else
		snprintf(buf, WHO_MAX, "domain %u", domid);
	return buf;
}

/* The addresses of a link: "10.137.0.2", "10.137.0.2 and 2001:db8::2". */
#define ADDRS_MAX (2 * ADDR_TEXT_MAX + 8)
static const char *addrs_print(const struct addr *ip, const struct addr *ip6, char buf[ADDRS_MAX])
{
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	if (addr_is_set(ip) && addr_is_set(ip6))
		snprintf(buf, ADDRS_MAX, "%s and %s", addr_print(ip, a), addr_print(ip6, b));
	else
		snprintf(buf, ADDRS_MAX, "%s", addr_print(addr_is_set(ip) ? ip : ip6, a));
	return buf;
}

/* How many rules: "", ", 1 rule", ", 12 rules". */
#define RULES_WORDS_MAX 32
static const char *rules_print(const char *rules, char buf[RULES_WORDS_MAX])
{
	size_t count = rules && *rules;

	for (; rules && (rules = strchr(rules, '\n')); rules++)
		count++;
	buf[0] = '\0';
	if (count)
		snprintf(buf, RULES_WORDS_MAX, ", %zu rule%s", count, count > 1 ? "s" : "");
	return buf;
}

const char *netvmd_action_print(const struct netvmd_action *a, char buf[NETVMD_WORDS_MAX])
{
	char guest[WHO_MAX], provider[WHO_MAX], addrs[ADDRS_MAX], mac[MAC_TEXT_MAX];
	char rules[RULES_WORDS_MAX];
	uint32_t devid = a->guest.devid;

	who_print(a->guest_name, a->guest.domid, guest);
	who_print(a->provider_name, a->provider, provider);
	switch (a->verb) {
	case NETVMD_UNPUBLISH_LINK:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: unpublish link %u", guest, devid);
		break;
	case NETVMD_WITHDRAW_CLIENT:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: withdraw as client of %s, vif %u", guest,
			provider, devid);
		break;
	case NETVMD_WITHDRAW_PROVIDER:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: withdraw provider", provider);
		break;
	case NETVMD_DETACH:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: detach vif %u%s", guest, devid,
			a->force ? ", whose backend is dead" : "");
		break;
	case NETVMD_PUBLISH_PROVIDER:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: publish provider, gateway %s%s%s", provider,
			addrs_print(&a->published.gateway, &a->published.gateway6, addrs),
			a->published.datapath ? ", datapath " : "",
			provider_datapath_word(a->published.datapath));
		break;
	case NETVMD_PUBLISH_LINK:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: publish link %u, %s, %s", guest, devid,
			addrs_print(&a->link.ip, &a->link.ip6, addrs),
			mac_print(&a->link.mac, mac));
		break;
	case NETVMD_PUBLISH_CLIENT:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: publish as client of %s, vif %u, %s%s%s%s",
			guest, provider, devid, addrs_print(&a->client.ip, &a->client.ip6, addrs),
			rules_print(a->client.rules, rules),
			a->client.policy == POLICY_DROP ? ", policy drop" : "",
			a->client.cable ? "" : ", cut off");
		break;
	case NETVMD_ATTACH:
		snprintf(buf, NETVMD_WORDS_MAX, "%s: attach vif %u, %s, backend in %s", guest,
			devid, addrs_print(&a->vif.ip, &a->vif.ip6, addrs), provider);
		break;
	case NETVMD_VERBS:
		buf[0] = '\0';
		break;
	}
	return buf;
}

void netvmd_actual_dispose(struct netvmd_actual *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free(a->domain[i].vif);
		free(a->domain[i].link);
		for (size_t k = 0; k < a->domain[i].clients; k++)
			client_dispose(&a->domain[i].client[k].client);
		free(a->domain[i].client);
		free(a->domain[i].nonsense);
	}
	free(a->domain);
	memset(a, 0, sizeof(*a));
}
