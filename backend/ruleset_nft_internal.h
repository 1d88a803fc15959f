/*
 * ruleset_nft_internal: how the files of ruleset_nft.h build a table's objects.
 */
#ifndef NETVM_RULESET_NFT_INTERNAL_H
#define NETVM_RULESET_NFT_INTERNAL_H

#include <sys/socket.h>

#include "backend/ruleset_nft.h"

#define NFT_NAME_MAX 64 /* bytes of a name of ours, with the NUL */

/* A table in the making. */
struct nft_writer {
	const struct ruleset *ruleset;
	struct nft_rules *out;
	struct text body;		   /* of the object that is being written, */
	const struct ruleset_guest *guest; /* whose it is (NULL: nobody's), */
	struct nft_key key;		   /* and its key, where it is an element */
	ruleset_see see;		   /* NULL: nobody asks */
	void *see_arg;
	bool failed; /* out of memory */
};

/* Adds an object with what was written to `body`, which is then empty. */
void nft_write(struct nft_writer *w, enum nft_kind kind, const char *name, const char *spec);

/* What differs between the families in nft's words. */
struct nft_words {
	int family;
	char digit;	      /* at the end of the names of chains, sets and maps */
	const char *ip;	      /* "ip" */
	const char *icmp;     /* "icmp", before "type" */
	const char *icmp_any; /* any packet of that protocol */
	const char *original; /* before the address that a connection was opened to */
	const char *echo;     /* type of an echo request */
	const char *unreachable;
	const char *set, *ranges, *map; /* specs of a set of addresses, of prefixes, of a map to
					   chains */
	const char *counts;		/* ... and of a set that packets fill */
};
extern const struct nft_words nft_words[2]; /* IPv4, IPv6 */

static inline const struct ruleset_family *nft_family(
	const struct nft_writer *w, const struct nft_words *f)
{
	return f->family == AF_INET6 ? &w->ruleset->ip6 : &w->ruleset->ip4;
}

/* The maps that lead to guests of a family, empty, and the sets that their chains name. */
void nft_write_ways(struct nft_writer *w, const struct nft_words *f);
/* The chains of guests, by their index in the ruleset, and their elements of those maps. */
void nft_write_guests(
	struct nft_writer *w, const struct nft_words *f, const size_t *which, size_t count);

/* Whether it has a rule that another guest's being there makes count. */
bool nft_guest_meets(const struct ruleset_guest *g);

/* An object's share in the digest of all. */
uint64_t nft_object_share(const struct nft_object *o);
void nft_object_free(struct nft_object *o);
int nft_object_cmp(const void *a, const void *b);
/* Who the guests are of whom there are objects. */
int nft_rules_note_guests(struct nft_rules *out, const struct ruleset *r, struct err *e);

/* The chains that count what guests have and send, and the sets that they count in. */
void nft_write_limits(struct nft_writer *w);

#endif
