/* What there is: backend directories, and links. */
#include "backend/pass_internal.h"

#include <errno.h>
#include <stdlib.h>

void pass_due(struct pass_result *r, double seconds)
{
	if (!r->next || seconds < r->next)
		r->next = seconds;
}

/* A directory whose `online` or `state` makes no sense is one to be brought up, which then says
 * what is wrong with it. */
int pass_look_backends(struct pass *p, struct err *e)
{
	struct vif_id *ids = NULL;
	size_t count = 0;
	int ret = vif_backend_list_of(
		p->s->store, p->s->options.backend, scope_guests(p->scope), &ids, &count, e);

	if (!ret) {
		p->backends = calloc(count + 1, sizeof(*p->backends));
		p->outcomes = calloc(count + 1, sizeof(*p->outcomes));
		if (!p->backends || !p->outcomes)
			ret = err_sys(e, -ENOMEM, "list of vifs");
	}
	for (size_t i = 0; i < count && !ret; i++) {
		struct vif_backend b;

		ret = vif_backend_read_life(p->s->store, p->s->options.backend, &ids[i], &b, e);
		if (ret == -ENOTCONN)
			break;
		if (ret != -ENOENT)
			p->backends[p->backend_count++] = (struct pass_backend){
				.id = ids[i],
				.online = ret < 0 || b.online,
				.state = ret < 0 ? XENBUS_INIT_WAIT : b.state,
				.fresh = ret == 0 && !b.online && b.state == XENBUS_CLOSED &&
					 pass_memory_is_fresh(p->memory, &ids[i], p->now),
			};
		if (p->backend_count && p->backends[p->backend_count - 1].fresh)
			pass_due(p->result, PASS_GRACE);
		ret = 0;
	}
	pass_memory_forget_closed(p->memory, p->backends, p->backend_count);
	free(ids);
	return ret;
}

static void link_note(struct pass *p, const struct link *link)
{
	struct pass_link *l = &p->links[p->link_count];

	l->ours = link->group == VIF_GROUP;
	if (vif_name_parse(link->name, &l->id, &l->emulated) == 0)
		p->link_count++;
}

/* A vif's link that was given another name. */
static bool is_stray(const struct link *link)
{
	struct vif_id id;
	bool twin;

	return link->group == VIF_GROUP && vif_name_parse(link->name, &id, &twin) < 0;
}

static int stray_close(struct pass *p, const char *name, struct err *e)
{
	struct err why = ERR_NONE;
	int ret = service_stray_close(p->s, name, &why);

	if (ret == -ENOTCONN && e)
		*e = why;
	else if (ret)
		pass_undone(p, &why);
	return ret == -ENOTCONN ? ret : 0;
}

/* What links that are gone left, which does nothing any more. */
static void rewrites_sweep(struct pass *p)
{
	struct err why = ERR_NONE;

	if (!p->s->options.plan && link_rewrite_sweep(p->s->nl, &why))
		pass_undone(p, &why);
}

static int links_look_all(struct pass *p, struct err *e)
{
	struct link *links = NULL;
	size_t count = 0;
	int ret = link_list(p->s->nl, &links, &count, e);

	if (!ret) {
		p->links = calloc(count + 1, sizeof(*p->links));
		if (!p->links)
			ret = err_sys(e, -ENOMEM, "list of links");
	}
	for (size_t i = 0; i < count && !ret; i++) {
		link_note(p, &links[i]);
		if (is_stray(&links[i]))
			ret = stray_close(p, links[i].name, e);
	}
	free(links);
	rewrites_sweep(p);
	return ret;
}

/* The link of this vif and its emulated twin's, where they are there. */
static int links_look_at(struct pass *p, const struct vif_id *id, struct err *e)
{
	char name[LINK_NAME_MAX];
	struct link link;
	int ret = 0;

	for (size_t i = 0; i < p->link_count; i++)
		if (vif_id_equal(&p->links[i].id, id))
			return 0;
	for (int twin = 0; twin < 2 && !ret; twin++) {
		ret = link_get(p->s->nl, vif_link_name(id, twin, name), &link, e);
		if (!ret)
			link_note(p, &link);
		ret = ret == -ENODEV ? 0 : ret;
	}
	return ret;
}

/* Those of vifs that xenstore has, or had in an earlier pass. */
int pass_look_links(struct pass *p, struct err *e)
{
	const struct pass_memory *m = p->memory;
	const struct domids *of = scope_guests(p->scope);
	int ret = 0;

	if (!of)
		return links_look_all(p, e);
	p->links = calloc(2 * (p->backend_count + m->vif_count) + 1, sizeof(*p->links));
	if (!p->links)
		return err_sys(e, -ENOMEM, "list of links");
	for (size_t i = 0; i < p->backend_count && !ret; i++)
		ret = links_look_at(p, &p->backends[i].id, e);
	for (size_t i = 0; i < m->vif_count && !ret; i++)
		if (domids_have(of, m->vifs[i].id.domid))
			ret = links_look_at(p, &m->vifs[i].id, e);
	return ret;
}
