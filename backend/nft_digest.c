#include "backend/nft_digest.h"

#include <stdio.h>
#include <string.h>

#include "common/digest.h"

bool nft_name_is_user(const char *name)
{
	for (int i = 0; i < NFT_USER_CHAINS; i++)
		if (strcmp(name, nft_user_chains[i]) == 0)
			return true;
	return false;
}

static uint64_t name_share(const char *name)
{
	return digest_add(DIGEST_START, name, strlen(name) + 1);
}

/* An element's share, or that of the sum of several. */
static uint64_t elements_share(const char *set, uint64_t digest)
{
	return (name_share(set) | 1) * digest;
}

uint64_t nft_part_share(const struct nft_part *p)
{
	uint64_t share = name_share(p->name);

	if (!p->chain)
		return share + elements_share(p->name, p->digest);
	if (nft_name_is_user(p->name))
		return share;
	share = digest_add(share, &p->count, sizeof(p->count));
	return digest_add(share, &p->digest, sizeof(p->digest));
}

static int element_read(
	struct netlink *nl, const struct nft_object *o, uint64_t *share, struct err *e)
{
	char map[NFT_PART_NAME_MAX];
	uint64_t digest = 0;
	int ret;

	snprintf(map, sizeof(map), "%.*s", (int)strcspn(o->name, " "), o->name);
	ret = nft_element_read(
		nl, NFT_FAMILY, NFT_TABLE, map, o->key.bytes, o->key.len, &digest, e);
	*share = elements_share(map, digest);
	return ret;
}

static int part_read(struct netlink *nl, const struct nft_object *o, uint64_t *share, struct err *e)
{
	struct nft_part p = { .chain = o->kind == NFT_CHAIN };
	int ret;

	snprintf(p.name, sizeof(p.name), "%s", o->name);
	ret = nft_part_read(nl, NFT_FAMILY, NFT_TABLE, &p, e);
	*share = nft_part_share(&p);
	return ret;
}

int nft_share_read(struct netlink *nl, const struct nft_object *o, uint64_t *share, struct err *e)
{
	if (o->kind == NFT_ELEMENT)
		return element_read(nl, o, share, e);
	if (o->kind != NFT_MAP)
		return part_read(nl, o, share, e);
	*share = name_share(o->name); /* its elements are seen by themselves */
	return 0;
}
