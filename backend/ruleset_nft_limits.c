/*
 * How many connections a guest may have. An address that is counted is an element of a set, with
 * the number that counts for it inside; so each number has a set of its own, and one that is not
 * wanted any more goes with its set. Sets stand while rules change, and what they have counted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend/ruleset_nft_internal.h"

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const struct addr *guest_addr(const struct ruleset_guest *g, const struct nft_words *f)
{
	return f->family == AF_INET6 ? &g->ip6 : &g->ip;
}

/* The numbers that guests of the family have of their own, each once. */
static size_t numbers_find(const struct ruleset *r, const struct nft_words *f, uint32_t *numbers)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < r->guest_count; i++)
		if (r->guests[i].connections && addr_is_set(guest_addr(&r->guests[i], f)))
			numbers[count++] = r->guests[i].connections;
	qsort(numbers, count, sizeof(*numbers), number_cmp);
	for (size_t i = 0; i < count; i++)
		if (!kept || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	return kept;
}

/* The sets of a number: those guests whose own it is, and what is counted. */
static void write_sets(struct nft_writer *w, const struct nft_words *f, uint32_t number, bool own)
{
	char name[NFT_NAME_MAX], text[ADDR_TEXT_MAX];

	for (size_t i = 0; own && i < w->ruleset->guest_count; i++) {
		const struct ruleset_guest *g = &w->ruleset->guests[i];

		if (g->connections == number && addr_is_set(guest_addr(g, f)))
			text_addf(&w->body, "%s\n", addr_print(guest_addr(g, f), text));
	}
	snprintf(name, sizeof(name), "limited%c-%u", f->digit, number);
	if (own)
		nft_write(w, NFT_SET, name, f->set);
	snprintf(name, sizeof(name), "counted%c-%u%s", f->digit, number, own ? "" : "-all");
	nft_write(w, NFT_SET, name, f->counts);
}

static void add_rules(struct text *t, const struct nft_words *f, uint32_t number, bool own)
{
	char whose[NFT_NAME_MAX] = "";

	if (own)
		snprintf(whose, sizeof(whose), "%s saddr @limited%c-%u ", f->ip, f->digit, number);
	text_addf(t, "%sadd @counted%c-%u%s { %s saddr ct count over %u } drop\n", whose, f->digit,
		number, own ? "" : "-all", f->ip, number);
	if (own)
		text_addf(t, "%sreturn\n", whose);
}

void nft_write_limits(struct nft_writer *w)
{
	const struct ruleset *r = w->ruleset;
	uint32_t *numbers = calloc(r->guest_count + 1, sizeof(*numbers));
	struct text rules = { .s = NULL };

	for (int i = 0; numbers && i < 2; i++) {
		const struct nft_words *f = &nft_words[i];
		size_t count = numbers_find(r, f, numbers);

		for (size_t k = 0; k < count; k++) {
			write_sets(w, f, numbers[k], true);
			add_rules(&rules, f, numbers[k], true);
		}
		if (r->connections) {
			write_sets(w, f, r->connections, false);
			add_rules(&rules, f, r->connections, false);
		}
	}
	w->failed |= !numbers || rules.failed;
	free(numbers);
	w->body = rules; /* handed over */
	nft_write(w, NFT_CHAIN, "connections", "");
}
