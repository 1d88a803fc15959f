/* netvm dom0 status: whether dom0 has a network, and what stands half-way. */
#include <errno.h>

#include "toolstack/dom0_link.h"
#include "toolstack/dom0_work.h"
#include "toolstack/netvm_dom0.h"

struct view {
	enum dom0_standing standing;
	struct dom0_record record;
	bool looked; /* `now` and `link` say what is; else why not stands in `why` */
	struct dom0_situation now;
	struct link link; /* no name: there is none */
	struct err why;
};

static const char *const standing_words[DOM0_STANDINGS] = {
	[DOM0_AWAY] = "none",
	[DOM0_WORKING] = "working",
	[DOM0_STANDING] = "up",
	[DOM0_HALF_WAY] = "half-way",
	[DOM0_FORSAKEN] = "forsaken",
};

/* Seconds that are left of its time; 0 also where there is no limit. */
static unsigned long long seconds_left(const struct dom0_record *r)
{
	uint64_t now = dom0_clock();

	return r->until > now ? (r->until - now + 999) / 1000 : 0;
}

/* --- JSON --- */

static void addr_json(struct json *j, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	json_text(j, key, addr_is_set(a) ? addr_print(a, text) : NULL);
}

static void what_is_json(struct json *j, const struct view *v)
{
	if (!v->looked)
		return;
	json_bool(j, "netvm_runs", dom0_domain_runs(&v->now, &v->record.netvm));
	json_bool(j, "attached", v->now.attached);
	json_bool(j, "shut", v->now.shut);
	json_bool(j, "resolves", v->now.resolves);
	json_text(j, "link", v->link.name[0] ? v->link.name : NULL);
}

static int json_print(const struct view *v, struct err *e)
{
	const struct dom0_record *r = &v->record;
	struct json *j = json_open();

	json_object(j, NULL);
	json_text(j, "state", standing_words[v->standing]);
	json_text(j, "advice", dom0_standing_advice(v->standing));
	if (r->netvm.name[0]) {
		json_text(j, "netvm", r->netvm.name);
		json_number(j, "devid", r->devid);
		addr_json(j, "ip", &r->link.ip);
		addr_json(j, "ip6", &r->link.ip6);
		if (r->until)
			json_number(j, "seconds_left", (long long)seconds_left(r));
		else
			json_text(j, "seconds_left", NULL);
		json_array(j, "paused");
		for (size_t i = 0; i < r->count; i++)
			json_text(j, NULL, r->paused[i].name);
		json_array_end(j);
		what_is_json(j, v);
	}
	json_object_end(j);
	return netvm_json_end(j, e);
}

/* --- text --- */

static void paused_print(const struct dom0_record *r)
{
	if (!r->count)
		return;
	printf("Paused for it:");
	for (size_t i = 0; i < r->count; i++)
		printf("%s %s (%u)", i ? "," : "", r->paused[i].name[0] ? r->paused[i].name : "?",
			r->paused[i].domid);
	printf(".\n");
}

static void what_is_print(const struct view *v)
{
	const struct dom0_record *r = &v->record;

	if (!v->looked) {
		printf("What there is of it cannot be told: %s.\n", v->why.text);
		return;
	}
	printf("Link: %s. Packet filter: %s. Resolvers: %s.\n",
		v->link.name[0]	  ? v->link.name
		: v->now.attached ? "attached, but not there"
				  : "none",
		v->now.shut ? "lets nothing in" : "none", v->now.resolves ? "its own" : "dom0's");
	if (!dom0_domain_runs(&v->now, &r->netvm))
		printf("%s (%u) is gone: the link leads nowhere.\n", r->netvm.name, r->netvm.domid);
}

static void text_print(const struct view *v)
{
	static const char *const begin[DOM0_STANDINGS] = {
		[DOM0_WORKING] = "is being made or ended at this moment",
		[DOM0_STANDING] = "is up",
		[DOM0_HALF_WAY] = "stands half-way",
		[DOM0_FORSAKEN] = "is up, and whoever was to end it is gone",
	};
	const struct dom0_record *r = &v->record;
	char ip[ADDR_TEXT_MAX];

	if (v->standing == DOM0_AWAY) {
		printf("dom0 has no network.\n");
		return;
	}
	printf("dom0's network %s", begin[v->standing]);
	if (r->netvm.name[0])
		printf(", by %s (%u) as %s", r->netvm.name, r->netvm.domid,
			addr_print(addr_is_set(&r->link.ip) ? &r->link.ip : &r->link.ip6, ip));
	printf(".\n");
	if (!r->netvm.name[0])
		return;
	if (r->until)
		printf("Its time is over in %llu s.\n", seconds_left(r));
	what_is_print(v);
	paused_print(r);
	if (dom0_standing_advice(v->standing))
		printf("netvm dom0 down ends it.\n");
}

int netvm_dom0_status(struct netvm *n, struct err *e)
{
	struct dom0_work work = { .store = NULL };
	struct view v = { .looked = false };
	int ret = dom0_standing_find(&v.standing, &v.record, e);

	if (!ret && v.record.netvm.name[0]) {
		v.looked = !dom0_work_open(&work, n->o.sysfs, &v.why) &&
			   !dom0_work_look(&work, &v.record, &v.now, &v.why);
		if (v.looked && dom0_link_find(work.nl, &v.record.link.mac, &v.link, NULL))
			v.link.name[0] = '\0';
	}
	if (!ret && n->o.json)
		ret = json_print(&v, e);
	else if (!ret)
		text_print(&v);
	dom0_work_close(&work);
	dom0_record_dispose(&v.record);
	return ret;
}
