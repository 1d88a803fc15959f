/*
 * packet_filter_engine: what packet_filter.h asks of each kind of packet filter.
 *
 * An engine makes a ruleset stand by its own means and remembers what it made in a stamp file of
 * its own. Which engine is asked, and that one only stands in the end, is packet_filter.c's
 * business; an engine must not know the others.
 */
#ifndef NETVM_PACKET_FILTER_ENGINE_H
#define NETVM_PACKET_FILTER_ENGINE_H

#include <stdbool.h>

#include "backend/packet_filter.h"

struct packet_filter_engine {
	const char *name;  /* in netbackd.conf */
	const char *stamp; /* name of its file in the run directory */

	/* Whether this machine can have it. */
	bool (*usable)(struct netlink *nl);
	/* Whether rules stand that it may have made. Cheap: no process is started. */
	bool (*traces)(struct netlink *nl);
	/* Whether others use it here, which "auto" then does as well. */
	bool (*in_use)(struct netlink *nl);

	/* `nl` and `stamp` (its path) outlive `*self`. Touches nothing yet. */
	int (*open)(void **self, struct netlink *nl, const char *stamp, struct err *e);
	void (*close)(void *self); /* rules stay; NULL is fine */
	/* As packet_filter_stand() and packet_filter_tear_down(). */
	int (*stand)(void *self, const struct ruleset *r, bool need_ip6,
		struct packet_filter_outcome *outcome, struct err *e);
	/* Whether the rules of its last stand() in this process stand as they were then. Cheap,
	 * however many they are; false where it cannot be told. */
	bool (*holds)(void *self);
	/* As packet_filter_next(); NULL: never. */
	double (*next)(const void *self);
	/* As packet_filter_hits(), added to `out`, which is zeroed. */
	int (*hits)(void *self, const struct ruleset *r, struct policy_hits *out, struct err *e);
	int (*tear_down)(void *self, struct err *e);
	/* As packet_filter_print(). */
	int (*print)(const struct ruleset *r, FILE *out, struct err *e);
};

extern const struct packet_filter_engine packet_filter_nft, packet_filter_iptables;

/* --- what every engine does when its rules stand, before it writes its stamp; flows_settle() after
 * rules were written is the other thing --- */

/* Switches forwarding on: IPv4, and with `ip6` IPv6. */
int packet_filter_forward(struct netlink *nl, const struct ruleset *r, bool ip6, struct err *e);

#endif
