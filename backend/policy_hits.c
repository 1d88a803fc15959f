#include "backend/policy_hits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int policy_hits_make(const struct ruleset *r, struct policy_hits *out, struct err *e)
{
	*out = (struct policy_hits){ .counts = calloc(r->guest_count + 1, sizeof(*out->counts)) };
	if (!out->counts)
		return err_sys(e, -ENOMEM, "counters");
	for (; out->guest_count < r->guest_count; out->guest_count++) {
		uint64_t *counts =
			calloc(r->guests[out->guest_count].policy.count + 1, sizeof(*counts));

		if (!counts)
			return err_sys(e, -ENOMEM, "counters");
		out->counts[out->guest_count] = counts;
	}
	return 0;
}

static void chains_forget(struct policy_hits *h)
{
	for (size_t i = 0; i < h->chain_count; i++) {
		free(h->chains[i].name);
		free(h->chains[i].rules);
	}
	h->chain_count = 0;
	h->sorted = false;
}

void policy_hits_dispose(struct policy_hits *h)
{
	chains_forget(h);
	for (size_t i = 0; i < h->guest_count; i++)
		free(h->counts[i]);
	free(h->counts);
	free(h->chains);
	*h = (struct policy_hits){ .counts = NULL };
}

static struct policy_hits_chain *chain_add(struct policy_hits *h)
{
	size_t space = h->chain_space ? 2 * h->chain_space : 16;
	void *chains;

	if (h->chain_count == h->chain_space) {
		chains = reallocarray(h->chains, space, sizeof(*h->chains));
		if (!chains)
			return NULL;
		h->chains = chains;
		h->chain_space = space;
	}
	return &h->chains[h->chain_count];
}

void policy_hits_see(void *arg, const char *chain, size_t guest, const size_t *rules, size_t count)
{
	struct policy_hits *h = arg;
	struct policy_hits_chain *c = chain_add(h);

	if (!c) {
		h->out_of_memory = true;
		return;
	}
	*c = (struct policy_hits_chain){ .name = strdup(chain),
		.guest = guest,
		.count = count,
		.rules = calloc(count + 1, sizeof(*rules)) };
	h->chain_count++;
	if (!c->name || !c->rules)
		h->out_of_memory = true;
	else
		memcpy(c->rules, rules, count * sizeof(*rules));
}

static int chain_cmp(const void *a, const void *b)
{
	return strcmp(((const struct policy_hits_chain *)a)->name,
		((const struct policy_hits_chain *)b)->name);
}

void policy_hits_count(struct policy_hits *h, const char *chain, uint64_t packets)
{
	const struct policy_hits_chain key = { .name = (char *)chain };
	struct policy_hits_chain *c;
	size_t rule;

	if (h->out_of_memory || !h->chain_count)
		return;
	if (!h->sorted)
		qsort(h->chains, h->chain_count, sizeof(*h->chains), chain_cmp);
	h->sorted = true;
	c = bsearch(&key, h->chains, h->chain_count, sizeof(*h->chains), chain_cmp);
	if (!c)
		return;
	if (c->next == c->count) {
		h->surplus = true;
		return;
	}
	rule = c->rules[c->next++];
	if (rule != RULESET_NO_RULE)
		h->counts[c->guest][rule] += packets;
}

int policy_hits_end(struct policy_hits *h, struct err *e)
{
	bool whole = !h->surplus;

	if (h->out_of_memory)
		return err_sys(e, -ENOMEM, "counters");
	for (size_t i = 0; i < h->chain_count; i++)
		whole = whole && h->chains[i].next == h->chains[i].count;
	chains_forget(h);
	return whole ? 0 : err_set(e, -EAGAIN, "the rules that stand are not those that should");
}
