/*
 * Which engine stands, and that it is one only.
 *
 * An engine's stamp file is there from before its first rule until after its last: where the other
 * one's file is there, that one's rules may stand, and are taken away once the chosen one's do. So
 * a call that was cut short is made good by the next one, whatever that is asked for. Where there
 * is no stamp of the chosen engine (the first call, or someone emptied the run directory) the other
 * one's traces in the kernel are looked for first, and its file is made where there are some.
 */
#include "backend/packet_filter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/filter_stamp.h"
#include "backend/packet_filter_engine.h"
#include "common/file.h"

/* In the order in which the automatic choice prefers them. */
static const struct packet_filter_engine *const engines[PACKET_FILTER_CHOICES] = {
	[PACKET_FILTER_NFTABLES] = &packet_filter_nft,
	[PACKET_FILTER_IPTABLES] = &packet_filter_iptables,
};

#define FIRST (PACKET_FILTER_AUTO + 1)

struct packet_filter {
	struct netlink *nl;
	enum packet_filter_choice choice;
	void *self[PACKET_FILTER_CHOICES];
	/* What was last made to stand, and by which engine; 0: nothing that can be told again. */
	uint64_t serial;
	bool serial_ip6;
	enum packet_filter_choice serial_by;
	char stamp[PACKET_FILTER_CHOICES][PATH_MAX];
};

enum packet_filter_choice packet_filter_choice_find(const char *name)
{
	int i = FIRST;

	if (strcmp(name, "auto") == 0)
		return PACKET_FILTER_AUTO;
	while (i < PACKET_FILTER_CHOICES && strcmp(name, engines[i]->name) != 0)
		i++;
	return (enum packet_filter_choice)i;
}

int packet_filter_open(struct packet_filter **out, struct netlink *nl, const char *run_dir,
	enum packet_filter_choice choice, struct err *e)
{
	struct packet_filter *pf = calloc(1, sizeof(*pf));
	int ret = 0;

	if (!pf)
		return err_sys(e, -ENOMEM, "packet filter");
	pf->nl = nl;
	pf->choice = choice;
	for (int i = FIRST; i < PACKET_FILTER_CHOICES && !ret; i++) {
		int n = snprintf(
			pf->stamp[i], sizeof(pf->stamp[i]), "%s/%s", run_dir, engines[i]->stamp);

		if (n < 0 || (size_t)n >= sizeof(pf->stamp[i]))
			ret = err_sys(e, -ENAMETOOLONG, "%s", run_dir);
		else
			ret = engines[i]->open(&pf->self[i], nl, pf->stamp[i], e);
	}
	if (ret) {
		packet_filter_close(pf);
		return ret;
	}
	*out = pf;
	return 0;
}

void packet_filter_close(struct packet_filter *pf)
{
	if (!pf)
		return;
	for (int i = FIRST; i < PACKET_FILTER_CHOICES; i++)
		engines[i]->close(pf->self[i]);
	free(pf);
}

static enum packet_filter_choice engine_choose(const struct packet_filter *pf)
{
	if (pf->choice != PACKET_FILTER_AUTO)
		return pf->choice;
	for (int i = FIRST; i < PACKET_FILTER_CHOICES; i++)
		if (filter_stamp_is_here(pf->stamp[i]))
			return (enum packet_filter_choice)i;
	for (int i = FIRST; i < PACKET_FILTER_CHOICES; i++)
		if (engines[i]->in_use(pf->nl))
			return (enum packet_filter_choice)i;
	for (int i = FIRST; i < PACKET_FILTER_CHOICES; i++)
		if (engines[i]->usable(pf->nl))
			return (enum packet_filter_choice)i;
	/* It will say what is missing. */
	return PACKET_FILTER_IPTABLES;
}

static bool stamped(const struct packet_filter *pf, int i)
{
	return access(pf->stamp[i], F_OK) == 0;
}

/* Sees to it that each engine of which rules stand, or soon will, has its stamp file. */
static int engines_mark(const struct packet_filter *pf, int chosen, struct err *e)
{
	int ret = 0;

	if (stamped(pf, chosen))
		return 0;
	for (int i = FIRST; i < PACKET_FILTER_CHOICES && !ret; i++)
		if (i != chosen && !stamped(pf, i) && engines[i]->traces(pf->nl))
			ret = file_replace(pf->stamp[i], "", 0, 0600, e);
	return ret ? ret : file_replace(pf->stamp[chosen], "", 0, 0600, e);
}

/* What an engine left; where that is nothing it is not bothered, for it may not be installed. */
static int engine_clear(const struct packet_filter *pf, int i, struct err *e)
{
	if (engines[i]->traces(pf->nl))
		return engines[i]->tear_down(pf->self[i], e);
	return filter_stamp_remove(pf->stamp[i], e);
}

static int others_clear(const struct packet_filter *pf, int chosen, struct err *e)
{
	int ret = 0;

	for (int i = FIRST; i < PACKET_FILTER_CHOICES && !ret; i++)
		if (i != chosen && stamped(pf, i))
			ret = engine_clear(pf, i, e);
	return ret;
}

/* Whether the very same ruleset was made to stand by the last call, and still does. */
static bool stands_as_told(struct packet_filter *pf, const struct ruleset *r, bool need_ip6,
	enum packet_filter_choice chosen)
{
	return r->serial && r->serial == pf->serial && (pf->serial_ip6 || !need_ip6) &&
	       pf->serial_by == chosen && engines[chosen]->holds(pf->self[chosen]);
}

int packet_filter_stand(struct packet_filter *pf, const struct ruleset *r, bool need_ip6,
	struct packet_filter_outcome *outcome, struct err *e)
{
	struct packet_filter_outcome unasked;
	enum packet_filter_choice chosen = engine_choose(pf);
	int ret = engines_mark(pf, chosen, e);

	if (!outcome)
		outcome = &unasked;
	*outcome = (struct packet_filter_outcome){ .changed = false };
	if (!ret && stands_as_told(pf, r, need_ip6, chosen))
		return 0;
	pf->serial = 0;
	if (!ret)
		ret = engines[chosen]->stand(pf->self[chosen], r, need_ip6, outcome, e);
	if (!ret)
		ret = others_clear(pf, chosen, e);
	if (!ret) {
		pf->serial = r->serial;
		pf->serial_ip6 = need_ip6;
		pf->serial_by = chosen;
	}
	return ret;
}

double packet_filter_next(const struct packet_filter *pf)
{
	enum packet_filter_choice by = pf->serial_by;

	return engines[by] && engines[by]->next ? engines[by]->next(pf->self[by]) : 0;
}

const char *packet_filter_name(const struct packet_filter *pf)
{
	enum packet_filter_choice chosen = engine_choose(pf);

	return stamped(pf, chosen) ? engines[chosen]->name : NULL;
}

int packet_filter_hits(
	struct packet_filter *pf, const struct ruleset *r, struct policy_hits *out, struct err *e)
{
	enum packet_filter_choice chosen = engine_choose(pf);
	int ret = policy_hits_make(r, out, e);

	if (!ret && !stamped(pf, chosen))
		ret = err_set(e, -ENOENT, "no rules stand");
	return ret ? ret : engines[chosen]->hits(pf->self[chosen], r, out, e);
}

int packet_filter_print(struct packet_filter *pf, const struct ruleset *r, FILE *out, struct err *e)
{
	return engines[engine_choose(pf)]->print(r, out, e);
}

int packet_filter_tear_down(struct packet_filter *pf, struct err *e)
{
	int first = 0;

	for (int i = FIRST; i < PACKET_FILTER_CHOICES; i++) {
		struct err one = ERR_NONE;
		int ret = engine_clear(pf, i, &one);

		if (!ret || first)
			continue;
		first = ret;
		if (e)
			*e = one;
	}
	return first;
}
