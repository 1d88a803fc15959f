/*
 * nft_digest: our table as nf_tables has it, as one number.
 *
 * The sum of what its parts, and the elements of its sets and maps, come to each: one can be taken
 * out and another put in, so that a change costs what it changes. Must not know what is wanted.
 */
#ifndef NETVM_NFT_DIGEST_H
#define NETVM_NFT_DIGEST_H

#include "backend/ruleset_nft.h"
#include "common/netlink.h"

/* Whether it is one of the user's chains, of which it counts that they are there. */
bool nft_name_is_user(const char *name);

/* A chain's share, or that of a set or map with all of its elements. */
uint64_t nft_part_share(const struct nft_part *p);

/* The share of one object, as it stands: of a map without its elements, which are objects of their
 * own. What is not there has the share of what is empty, an element none. */
int nft_share_read(struct netlink *nl, const struct nft_object *o, uint64_t *share, struct err *e);

#endif
