#include "backend/pass_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pass_memory_dispose(struct pass_memory *m)
{
	free(m->vifs);
	m->vifs = NULL;
	m->vif_count = 0;
}

bool pass_memory_is_fresh(struct pass_memory *m, const struct vif_id *id, double now)
{
	if (m->once)
		return false;
	for (size_t i = 0; i < m->count; i++)
		if (vif_id_equal(&m->closed[i].id, id))
			return now - m->closed[i].since < PASS_GRACE;
	if (m->count < PASS_CLOSED_MAX)
		m->closed[m->count++] = (struct pass_closed){ *id, now };
	else
		m->partial = true;
	return true;
}

void pass_memory_forget_closed(
	struct pass_memory *m, const struct pass_backend *backends, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		bool closed = false;

		for (size_t k = 0; k < count && !closed; k++)
			closed = vif_id_equal(&backends[k].id, &m->closed[i].id) &&
				 !backends[k].online && backends[k].state == XENBUS_CLOSED;
		if (closed)
			m->closed[kept++] = m->closed[i];
	}
	m->count = kept;
}

void pass_memory_scope(const struct pass_memory *m, struct scope *scope)
{
	if (m->partial)
		scope_add_all(scope);
	for (size_t i = 0; i < m->count; i++)
		scope_add_guest(scope, m->closed[i].id.domid);
	for (size_t i = 0; i < m->vif_count; i++)
		if (m->vifs[i].faulty)
			scope_add_guest(scope, m->vifs[i].id.domid);
}

int pass_memory_put(
	struct pass_memory *m, const struct scope *scope, const struct pass_vif *vifs, size_t count)
{
	const struct domids *of = scope_guests(scope);
	struct pass_vif *all;
	size_t n = 0;

	for (size_t i = 0; of && i < m->vif_count; i++)
		if (!domids_have(of, m->vifs[i].id.domid))
			m->vifs[n++] = m->vifs[i];
	m->vif_count = n;
	all = realloc(m->vifs, (n + count + 1) * sizeof(*all));
	if (!all) {
		m->partial = true;
		return -ENOMEM;
	}
	if (count)
		memcpy(all + n, vifs, count * sizeof(*all));
	m->vifs = all;
	m->vif_count = n + count;
	return 0;
}
