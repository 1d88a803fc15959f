/*
 * What differs of some guests: whom it is about is found by comparing serials, guest by guest;
 * their objects as they stand are found by whose they are, and rendered as they are wanted.
 *
 * Who has rules that other guests' being there makes count is among them whenever anybody is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ruleset_nft_internal.h"

/* --- who the guests are --- */

static bool guest_is_in_common(const struct ruleset_guest *g)
{
	bool is = g->dhcp || g->exposures.count;

	for (int i = 0; i < RULESET_LIMITS; i++)
		is |= g->limit[i] != 0;
	return is;
}

static struct nft_guest guest_note(const struct ruleset_guest *g)
{
	struct nft_guest note = {
		.serial = g->serial, .meets = nft_guest_meets(g), .in_common = guest_is_in_common(g)
	};

	memcpy(note.name, g->name, sizeof(note.name));
	return note;
}

int nft_rules_note_guests(struct nft_rules *out, const struct ruleset *r, struct err *e)
{
	out->guests = calloc(r->guest_count + 1, sizeof(*out->guests));
	if (!out->guests)
		return err_sys(e, -ENOMEM, "packet filter rules");
	for (size_t i = 0; i < r->guest_count; i++)
		out->guests[i] = guest_note(&r->guests[i]);
	out->guest_count = r->guest_count;
	return 0;
}

/* --- whom it is about --- */

struct search {
	const struct nft_rules *stood;
	const struct ruleset *r;
	struct nft_delta *out;
	size_t *which; /* those of `r`, by index */
	size_t count;
	bool meets; /* only who has rules about others, else only who is another than before */
	bool stale;
};

static void found(struct search *s, const char *name, size_t which)
{
	memcpy(s->out->names[s->out->name_count++], name, LINK_NAME_MAX);
	if (which < s->r->guest_count)
		s->which[s->count++] = which;
}

/* A guest as it was, and as it is, by its index; either may be missing. */
static void pair_see(struct search *s, const struct nft_guest *old, size_t new)
{
	const struct ruleset_guest *g = new < s->r->guest_count ? &s->r->guests[new] : NULL;
	const bool same = old && g && old->serial == g->serial;

	if (s->meets ? same && old->meets : !same)
		found(s, old ? old->name : g->name, new);
	if (!same)
		s->stale |= (old && old->in_common) || (g && guest_is_in_common(g));
}

static void guests_compare(struct search *s)
{
	const struct nft_rules *old = s->stood;
	size_t i = 0, j = 0;

	while (i < old->guest_count || j < s->r->guest_count) {
		const struct nft_guest *a = i < old->guest_count ? &old->guests[i] : NULL;
		int cmp = !a			   ? 1
			  : j == s->r->guest_count ? -1
						   : strcmp(a->name, s->r->guests[j].name);

		pair_see(s, cmp <= 0 ? a : NULL, cmp >= 0 ? j : s->r->guest_count);
		i += cmp <= 0;
		j += cmp >= 0;
	}
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int search_run(struct search *s, struct err *e)
{
	const size_t most = s->stood->guest_count + s->r->guest_count;

	s->which = calloc(s->r->guest_count + 1, sizeof(*s->which));
	s->out->names = calloc(most + 1, sizeof(*s->out->names));
	if (!s->which || !s->out->names)
		return err_sys(e, -ENOMEM, "packet filter rules");
	guests_compare(s);
	s->meets = true;
	if (s->out->name_count)
		guests_compare(s);
	if (s->out->name_count)
		qsort(s->out->names, s->out->name_count, sizeof(*s->out->names), name_cmp);
	return s->stale ? -ESTALE : 0;
}

/* --- their objects --- */

static bool is_about(const struct nft_delta *d, const struct nft_object *o)
{
	if (!o->guest[0] || d->name_count < 2)
		return d->name_count && strcmp(o->guest, d->names[0]) == 0;
	return bsearch(o->guest, d->names, d->name_count, sizeof(*d->names), name_cmp);
}

static int stood_take(const struct nft_rules *stood, struct nft_delta *d, struct err *e)
{
	struct nft_rules *now = &d->now;

	for (size_t i = 0; i < stood->count; i++) {
		if (!is_about(d, &stood->objects[i]))
			continue;
		if (now->count == now->space) {
			const size_t space = now->space ? 2 * now->space : 32;
			void *more = reallocarray(now->objects, space, sizeof(*now->objects));

			if (!more)
				return err_sys(e, -ENOMEM, "packet filter rules");
			now->objects = more;
			now->space = space;
		}
		now->objects[now->count++] = stood->objects[i];
	}
	nft_rules_sort(now);
	return 0;
}

static int wanted_render(const struct ruleset *r, const size_t *which, size_t count,
	struct nft_delta *d, struct err *e)
{
	struct nft_writer w = { .ruleset = r, .out = &d->wanted };

	for (int f = 0; f < 2; f++)
		nft_write_guests(&w, &nft_words[f], which, count);
	text_dispose(&w.body);
	nft_rules_sort(&d->wanted);
	return w.failed ? err_sys(e, -ENOMEM, "packet filter rules") : 0;
}

int nft_delta_make(const struct nft_rules *stood, const struct ruleset *r, struct nft_delta *out,
	struct err *e)
{
	struct search s = { .stood = stood, .r = r, .out = out };
	int ret;

	*out = (struct nft_delta){ .digest = 0 };
	if (!r->managed || !stood->base || stood->base != r->base)
		return -ESTALE;
	ret = search_run(&s, e);
	if (!ret)
		ret = stood_take(stood, out, e);
	if (!ret)
		ret = wanted_render(r, s.which, s.count, out, e);
	free(s.which);
	out->digest = stood->digest - out->now.digest + out->wanted.digest;
	return ret;
}

/* --- and then --- */

/* The objects of `stood` without those that it is about, and with the wanted ones among them. */
static bool objects_merge(struct nft_rules *stood, struct nft_delta *d)
{
	const size_t space = stood->count + d->wanted.count + 1;
	struct nft_object *all = calloc(space, sizeof(*all));
	size_t count = 0, next = 0;

	for (size_t i = 0; all && i < stood->count; i++) {
		struct nft_object *o = &stood->objects[i];

		if (is_about(d, o)) {
			nft_object_free(o);
			continue;
		}
		while (next < d->wanted.count && nft_object_cmp(&d->wanted.objects[next], o) < 0)
			all[count++] = d->wanted.objects[next++];
		all[count++] = *o;
	}
	if (!all)
		return false;
	while (next < d->wanted.count)
		all[count++] = d->wanted.objects[next++];
	d->wanted.count = 0; /* handed over */
	free(stood->objects);
	stood->objects = all;
	stood->count = count;
	stood->space = space;
	return true;
}

/* The notes of those that it is about are made anew; all others' stay. */
static bool guests_merge(struct nft_rules *stood, const struct ruleset *r)
{
	struct nft_guest *all = calloc(r->guest_count + 1, sizeof(*all));
	size_t old = 0;

	for (size_t i = 0; all && i < r->guest_count; i++) {
		const struct ruleset_guest *g = &r->guests[i];
		const struct nft_guest *a;

		while (old < stood->guest_count && strcmp(stood->guests[old].name, g->name) < 0)
			old++;
		a = old < stood->guest_count ? &stood->guests[old] : NULL;
		all[i] = a && strcmp(a->name, g->name) == 0 && a->serial == g->serial
				 ? *a
				 : guest_note(g);
	}
	if (!all)
		return false;
	free(stood->guests);
	stood->guests = all;
	stood->guest_count = r->guest_count;
	return true;
}

void nft_delta_apply(struct nft_rules *stood, const struct ruleset *r, struct nft_delta *d)
{
	if (!d->name_count)
		return;
	if (!guests_merge(stood, r) || !objects_merge(stood, d))
		nft_rules_free(stood);
	else
		stood->digest = d->digest;
}

void nft_delta_free(struct nft_delta *d)
{
	free(d->now.objects);
	nft_rules_free(&d->wanted);
	free(d->names);
	*d = (struct nft_delta){ .digest = 0 };
}
