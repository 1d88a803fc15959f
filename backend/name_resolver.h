/*
 * name_resolver: keeps the names of rules (host_names.h) up to date, by c-ares in netbackd's event
 * loop.
 *
 * Names are asked of the same real resolvers that guests' queries go to, again when their answers'
 * time is over, both families, through any chain of CNAMEs. Answers are an uplink's words, and not
 * trusted beyond what a rule by name means. It must not know packet filters or xenstore.
 */
#ifndef NETVM_NAME_RESOLVER_H
#define NETVM_NAME_RESOLVER_H

#include <ev.h>

#include "backend/ruleset.h"
#include "common/err.h"

struct name_resolver;

/* `changed` is called when a name stands for others than before, or begins not to resolve, with a
 * sentence to say; what is known is in the file of `run_dir` then, which outlives the resolver. */
int name_resolver_open(struct name_resolver **out, struct ev_loop *loop, const char *run_dir,
	void (*changed)(void *arg, const char *words), void *arg, struct err *e);
void name_resolver_close(struct name_resolver *n); /* NULL is fine */

/* Takes the names and the real resolvers of the rules that stand, and asks what is due. */
int name_resolver_look(struct name_resolver *n, const struct ruleset *r, struct err *e);

#endif
