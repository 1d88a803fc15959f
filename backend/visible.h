/*
 * visible: the address and the gateway that a guest sees where they are others than the real ones.
 *
 * A guest may be told an IPv4 address, a gateway, or both, of somebody's choice, also the same as
 * another guest. Its link translates them one to one (link_rewrite_set()), in packets, in ARP and
 * in what ICMP errors quote, so that nothing else of this domain knows of it: routes, neighbours,
 * tracked connections, policies and counters are those of the real address. Pure; must not know
 * how it is done.
 */
#ifndef NETVM_VISIBLE_H
#define NETVM_VISIBLE_H

#include "backend/vif.h"

/* What the guest has as its address of its own, of `real`: that, or the visible one in its place.
 */
const struct addr *visible_addr(const struct vif_wanted *w, const struct addr *real);

/* Why `w` cannot be translated: 0, or -EINVAL or -EADDRINUSE with the sentence. */
int visible_check(const struct vif_wanted *w, struct err *e);

/* What its link is to rewrite; nothing where all is as it is. */
void visible_rewrites(const struct vif_wanted *w, struct rewrites *out);

/* What it sees, in words: "192.168.1.5 for 10.137.0.7, gateway 192.168.1.1 for 10.137.0.1". Returns
 * `buf`. */
#define VISIBLE_TEXT_MAX 96
const char *visible_print(const struct vif_wanted *w, char buf[VISIBLE_TEXT_MAX]);

#endif
