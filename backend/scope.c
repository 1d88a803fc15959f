#include "backend/scope.h"

void scope_add_all(struct scope *s)
{
	s->all = true;
}

void scope_add_guest(struct scope *s, uint32_t domid)
{
	if (!s->all && !domids_add(&s->guests, domid))
		s->all = true;
}

void scope_add(struct scope *s, const struct scope *more)
{
	s->all |= more->all;
	for (size_t i = 0; i < more->guests.count; i++)
		scope_add_guest(s, more->guests.id[i]);
}

void scope_add_event(struct scope *s, const char *path)
{
	uint32_t guest;

	if (event_path_guest(path, &guest) == 0)
		scope_add_guest(s, guest);
	else
		scope_add_all(s);
}

void scope_add_link(struct scope *s, const char *name)
{
	struct vif_id id;
	bool emulated;

	if (vif_name_parse(name, &id, &emulated) == 0)
		scope_add_guest(s, id.domid);
	else
		scope_add_all(s);
}

const struct domids *scope_guests(const struct scope *s)
{
	return s->all ? NULL : &s->guests;
}
