#include "backend/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/netback_run.h"
#include "backend/vif_source.h"

#define HITS_TRIES 3 /* the daemon may change the rules meanwhile */

static int link_look(struct service *s, const struct vif_id *id, bool emulated,
	struct status_link *out, struct err *e)
{
	char name[LINK_NAME_MAX];
	struct link link;
	int ret = link_get(s->nl, vif_link_name(id, emulated, name), &link, e);

	if (!ret)
		ret = link_counters_get(s->nl, link.ifindex, &out->counters, e);
	if (!ret)
		ret = link_offloads_get(name, &out->offloads, e);
	out->exists = !ret;
	out->up = !ret && link.up;
	return ret == -ENODEV ? 0 : ret;
}

static int vif_look(
	struct service *s, const struct vif_id *id, struct status_vif *out, struct err *e)
{
	struct client c = { .rules = NULL };
	struct record record = { .digest = 0 };
	int ret = vif_source_read(
		s->store, &s->settings, NULL, s->options.backend, id, false, &out->wanted, e);

	if (!ret && s->settings.managed && client_read(s->store, SCHEMA_SELF, id, &c, NULL) == 0)
		memcpy(out->name, c.name, sizeof(out->name));
	client_dispose(&c);
	if (!ret && client_report_read(s->store, SCHEMA_SELF, id, &out->report, NULL) < 0)
		out->report = (struct client_report){ .state = "" };
	out->netback = netback_process(service_run_dir(s), id, &record);
	out->counters = record.counters;
	if (!ret)
		ret = link_look(s, id, false, &out->link, e);
	return ret ? ret : link_look(s, id, true, &out->emulated, e);
}

static int vifs_look(struct status *st, struct err *e)
{
	struct service *s = st->service;
	struct vif_id *ids = NULL;
	size_t count = 0;
	int ret = vif_backend_list(s->store, s->options.backend, &ids, &count, e);

	if (!ret)
		st->vifs = calloc(count + 1, sizeof(*st->vifs));
	if (!ret && !st->vifs)
		ret = err_sys(e, -ENOMEM, "list of vifs");
	for (size_t i = 0; i < count && !ret; i++) {
		ret = vif_look(s, &ids[i], &st->vifs[st->count], e);
		if (!ret && st->vifs[st->count].wanted.life != VIF_GONE)
			st->count++;
	}
	free(ids);
	return ret;
}

/* Rules and what they counted. That they could not be told apart is no failure of the rest. */
static int hits_look(struct status *st, struct err *e)
{
	struct service *s = st->service;
	int ret = -EAGAIN;

	for (int tries = 0; tries < HITS_TRIES && ret == -EAGAIN; tries++) {
		int looked = service_rules_look(s, e);

		if (looked)
			return looked;
		policy_hits_dispose(&st->hits);
		ret = packet_filter_hits(s->filter, &s->ruleset, &st->hits, &st->hits_fault);
	}
	if (!ret)
		st->hits_fault.code = 0;
	return 0;
}

int status_read(struct service *s, struct status *out, struct err *e)
{
	int ret;

	*out = (struct status){ .service = s };
	ret = hits_look(out, e);
	out->packet_filter = packet_filter_name(s->filter);
	if (!ret && netvm_report_read(s->store, SCHEMA_SELF, &out->report, NULL) < 0)
		out->report = (struct netvm_report){ .state = "" };
	return ret ? ret : vifs_look(out, e);
}

void status_dispose(struct status *st)
{
	policy_hits_dispose(&st->hits);
	free(st->vifs);
	st->vifs = NULL;
	st->count = 0;
}
