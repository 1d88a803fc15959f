/*
 * ruleset_nft: a ruleset in the words of nft.
 *
 * Pure: from a ruleset to the objects of one table (sets, maps, chains), and from "what stands" and
 * "what is wanted" to one batch of nft commands that leads from one to the other and touches only
 * the objects that differ. The only place that knows nft's language. It runs nothing.
 *
 * All that is ours is one table, `inet xen-netvm`; nothing else is touched. Its chains:
 *
 *   input, forward             base chains at priority filter; the user's custom-input and
 *                              custom-forward are called by them, and never written to
 *   from-guests, dns, postrouting  base chains: the mark, destination NAT, source NAT
 *   resolvers, leave, refuse   parts of forward
 *   connections                the limit of each guest's, counted in sets that packets fill,
 *                              named after the number: counted4-65536; the guests with a number
 *                              of their own are in limited4-NUMBER
 *   rates                      as connections, for packets (packets4-NUMBER, paced4-NUMBER) and
 *                              bytes (bytes4-NUMBER, metered4-NUMBER) in a second; called by
 *                              from-guests
 *   vifG.D-4, vifG.D-6         a guest's policy for each family; a long one in blocks of rules,
 *                              vifG.D-4/DIGEST, cut and named by what is in them, so that a rule
 *                              that comes, goes or changes concerns one block
 *
 * A guest's chain is found by its address and vif in the map `guests4` or `guests6`, whatever the
 * number of guests; a guest without rules has no chain. Packets to other guests have maps and
 * chains of their own (`peers4`, vifG.D-4-peers). Destinations of policies are compared with what
 * the guest asked for, the destination of the tracked connection before translation. Named
 * destinations are sets (lan4, private4, special4, resolvers4, and one for each host name), so that
 * a change of what they stand for changes no rule.
 */
#ifndef NETVM_RULESET_NFT_H
#define NETVM_RULESET_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/ruleset.h"
#include "common/err.h"
#include "common/text.h"

#define NFT_TABLE      "xen-netvm"
#define NFT_FAMILY     1	 /* NFPROTO_INET */
#define NFT_CHAIN_OURS "forward" /* stands for as long as anything of ours does */
#define NFT_CHAIN_DNS  "dns"

/* The user's chains: made where they are missing, never written to. */
#define NFT_USER_CHAINS 2
extern const char *const nft_user_chains[NFT_USER_CHAINS];

/* In the order in which a batch makes them. */
enum nft_kind { NFT_SET, NFT_MAP, NFT_ELEMENT, NFT_CHAIN };

/* Of a map's element, as the kernel has it (nft_element_read()). */
#define NFT_KEY_MAX (16 + LINK_NAME_MAX)
struct nft_key {
	unsigned char bytes[NFT_KEY_MAX];
	size_t len;
};

/* A map's elements are objects of their own, for there are some a guest. */
struct nft_object {
	enum nft_kind kind;
	char *name;		   /* of an element: the map's, a space, and what it is found by */
	const char *spec;	   /* static: what is behind the name where it is made */
	char *body;		   /* a set's elements or a chain's rules, a line each, or where a
				      map's element leads; NULL: none, or not known */
	struct nft_key key;	   /* of an element */
	char guest[LINK_NAME_MAX]; /* whose it is, "": nobody's */
	bool user;		   /* one of the user's chains */
	uint64_t digest;	   /* of all that; 0: not known, and so equal to nothing */
};

/* Of a guest of whom there are objects. */
struct nft_guest {
	char name[LINK_NAME_MAX];
	uint64_t serial; /* its struct ruleset_guest's */
	bool meets;	 /* some of its objects are as they are because of other guests */
	bool in_common;	 /* objects that are nobody's are as they are because of it */
};

/* Everything of the table, sorted by kind and name. All zero: nothing. */
struct nft_rules {
	struct nft_object *objects;
	size_t count, space;
	uint64_t digest;	  /* of all of it: the sum of its objects' shares */
	uint64_t base;		  /* the ruleset's */
	struct nft_guest *guests; /* sorted by name */
	size_t guest_count;
};

/* What `r` means. -ENOMEM; -EINVAL: it cannot be said in nft's words. `out` is valid for
 * nft_rules_free() in any case. */
int nft_rules_render(const struct ruleset *r, struct nft_rules *out, struct err *e);
/* The same, and tells `see` (may be NULL) what the rules that count stand for. */
int nft_rules_render_seen(
	const struct ruleset *r, struct nft_rules *out, ruleset_see see, void *arg, struct err *e);

/* Notes an object that stands and of which nothing else is known (`chain`: it is one, or else a set
 * or map); nft_rules_sort() when all are noted. -ENOMEM. */
int nft_rules_note(struct nft_rules *r, bool chain, const char *name, struct err *e);
void nft_rules_sort(struct nft_rules *r);

/* Calls `see` for every object that `now` and `wanted` do not have alike: as it stands (NULL: not
 * at all), and as it is wanted (NULL: not at all). Ends with the first negative value of it, which
 * is returned. */
typedef int (*nft_rules_see)(
	void *arg, const struct nft_object *now, const struct nft_object *wanted, struct err *e);
int nft_rules_compare(const struct nft_rules *now, const struct nft_rules *wanted,
	nft_rules_see see, void *arg, struct err *e);

/* The batch that makes `wanted` out of `now`, for nft_run(). What `wanted` lacks is removed, but
 * for the user's chains. -ENOMEM. */
int nft_rules_change(const struct nft_rules *now, const struct nft_rules *wanted, struct text *out,
	struct err *e);
/* That which removes all of `now`: the table, or, where it has chains of the user, the rest. */
int nft_rules_remove(const struct nft_rules *now, struct text *out, struct err *e);

void nft_rules_free(struct nft_rules *r); /* may be repeated */

/*
 * What a ruleset means of which but for some guests all is as it was: only those are looked at, so
 * that a guest costs the same whatever the number of others.
 */
struct nft_delta {
	struct nft_rules now;	 /* the objects of these guests; they are those of what stood */
	struct nft_rules wanted; /* and as they are wanted */
	uint64_t digest;	 /* of everything, with it */
	char (*names)[LINK_NAME_MAX]; /* of these guests, sorted; also of those that are gone */
	size_t name_count;
};

/* -ESTALE: it cannot be told from `stood`, which was rendered from an earlier reading of `r`, or
 * more differs than guests: render all. -ENOMEM. nft_delta_free() in any case. */
int nft_delta_make(const struct nft_rules *stood, const struct ruleset *r, struct nft_delta *out,
	struct err *e);
/* Makes `stood` what nft_rules_render() would make of `r`; where memory is short it is empty. */
void nft_delta_apply(struct nft_rules *stood, const struct ruleset *r, struct nft_delta *d);
void nft_delta_free(struct nft_delta *d); /* may be repeated */

#endif
