/*
 * How much a guest may have: connections at once, packets and bytes in a second. An address that is
 * counted is an element of a set, with the number that counts for it inside; so each number has a
 * set of its own, and one that is not wanted any more goes with its set. Sets stand while rules
 * change, and what they have counted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend/limits.h"
#include "backend/ruleset_nft_internal.h"

/* A number's sets: whose it is, and what is counted. */
static const struct names {
	const char *whose, *counted;
} names[RULESET_LIMITS] = {
	[LIMIT_CONNECTIONS] = { "limited", "counted" },
	[LIMIT_PACKETS] = { "paced", "packets" },
	[LIMIT_BYTES] = { "metered", "bytes" },
};

/* The chain that is being written, beside the sets that it names. */
struct limits {
	struct nft_writer *w;
	const struct nft_words *f;
	struct text *rules;
};

/* Beyond it. A second's worth may come at once, and 64 KiB of it as one packet (GSO). */
static void add_measure(struct text *t, enum ruleset_limit limit, uint32_t n)
{
	if (limit == LIMIT_CONNECTIONS)
		text_addf(t, "ct count over %u", n);
	else if (limit == LIMIT_PACKETS)
		text_addf(t, "limit rate over %u/second burst %u packets", n, n);
	else
		text_addf(t, "limit rate over %u bytes/second burst 65536 bytes", n);
}

static void write_whose(struct limits *l, enum ruleset_limit limit, uint32_t number)
{
	char name[NFT_NAME_MAX], text[ADDR_TEXT_MAX];
	const struct ruleset *r = l->w->ruleset;

	for (size_t i = 0; i < r->guest_count; i++) {
		const struct addr *a = limits_addr(&r->guests[i], l->f->family, limit, number);

		if (a)
			text_addf(&l->w->body, "%s\n", addr_print(a, text));
	}
	snprintf(name, sizeof(name), "%s%c-%u", names[limit].whose, l->f->digit, number);
	nft_write(l->w, NFT_SET, name, l->f->set);
	text_addf(l->rules, "%s saddr @%s ", l->f->ip, name);
}

/* What is counted of a number, and the rest of the rule; `of`: "-all" for the number of all. */
static void write_counted(
	struct limits *l, enum ruleset_limit limit, uint32_t number, const char *of)
{
	char name[NFT_NAME_MAX];

	snprintf(name, sizeof(name), "%s%c-%u%s", names[limit].counted, l->f->digit, number, of);
	nft_write(l->w, NFT_SET, name, l->f->counts);
	text_addf(l->rules, "add @%s { %s saddr ", name, l->f->ip);
	add_measure(l->rules, limit, number);
	text_add(l->rules, " } drop\n");
}

static void write_own(struct limits *l, enum ruleset_limit limit, uint32_t *numbers)
{
	size_t count = limits_numbers(l->w->ruleset, l->f->family, limit, numbers);

	for (size_t i = 0; i < count; i++) {
		write_whose(l, limit, numbers[i]);
		write_counted(l, limit, numbers[i], "");
		if (limit == LIMIT_CONNECTIONS) /* that of all is not for them */
			text_addf(l->rules, "%s saddr @%s%c-%u return\n", l->f->ip,
				names[limit].whose, l->f->digit, numbers[i]);
	}
}

static void write_connections(struct limits *l, uint32_t *numbers)
{
	write_own(l, LIMIT_CONNECTIONS, numbers);
	if (l->w->ruleset->connections)
		write_counted(l, LIMIT_CONNECTIONS, l->w->ruleset->connections, "-all");
}

static void write_rates(struct limits *l, uint32_t *numbers)
{
	write_own(l, LIMIT_PACKETS, numbers);
	write_own(l, LIMIT_BYTES, numbers);
}

static void write_chain(struct nft_writer *w, const char *name,
	void (*write)(struct limits *l, uint32_t *numbers), uint32_t *numbers)
{
	struct text rules = { .s = NULL };

	for (int i = 0; i < 2; i++)
		write(&(struct limits){ w, &nft_words[i], &rules }, numbers);
	w->failed |= rules.failed;
	w->body = rules; /* handed over */
	nft_write(w, NFT_CHAIN, name, "");
}

void nft_write_limits(struct nft_writer *w)
{
	uint32_t *numbers = calloc(w->ruleset->guest_count + 1, sizeof(*numbers));

	if (numbers) {
		write_chain(w, "connections", write_connections, numbers);
		write_chain(w, "rates", write_rates, numbers);
	}
	w->failed |= !numbers;
	free(numbers);
}
