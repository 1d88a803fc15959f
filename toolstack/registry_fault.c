/* A domain that is in order, as nearly all are, holds no sentence: of thousands of them the room
 * would be more than all else. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "toolstack/registry_internal.h"

/* Where the sentence itself finds no room. */
static const struct err no_room = { -ENOMEM,
	"what is wrong with it could not be kept: out of memory" };

void registry_fault_clear(struct registry_domain *d)
{
	if (d->fault != &no_room)
		free((struct err *)d->fault);
	d->fault = NULL;
}

void registry_fault_take(struct registry_domain *d, const struct err *why)
{
	struct err *kept = malloc(sizeof(*kept));

	if (kept)
		*kept = *why;
	registry_fault_clear(d);
	d->fault = kept ? kept : &no_room;
}

void registry_fault_set(struct registry_domain *d, int code, const char *fmt, ...)
{
	struct err why = ERR_NONE;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&why, code, fmt, ap);
	va_end(ap);
	registry_fault_take(d, &why);
}

const struct err *registry_fault(const struct registry *r)
{
	if (r->globals.fault.code)
		return &r->globals.fault;
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].fault)
			return r->domain[i].fault;
	return NULL;
}
