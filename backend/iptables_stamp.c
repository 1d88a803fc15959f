#include "backend/iptables_stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/filter_stamp.h"
#include "backend/iptables_legacy.h"

const int stamp_families[STAMP_FAMILIES] = { [STAMP_IP4] = AF_INET, [STAMP_IP6] = AF_INET6 };

bool iptables_stamp_read(const char *path, struct iptables_stamp *out)
{
	char text[FILTER_STAMP_MAX];
	unsigned int kind[STAMP_FAMILIES];
	int end = 0;
	bool ok = filter_stamp_read(path, text) &&
		  sscanf(text,
			  "%" SCNx64 " %" SCNx64 " %" SCNx64 " %u %u %" SCNx32 " %" SCNx64
			  " %" SCNx64 "%n",
			  &out->wanted, &out->saved[0], &out->saved[1], &kind[0], &kind[1],
			  &out->state.generation, &out->state.legacy[0], &out->state.legacy[1],
			  &end) == 8 &&
		  end > 0 && !text[end];

	for (int i = 0; ok && i < STAMP_FAMILIES; i++) {
		ok = kind[i] <= IPTABLES_LEGACY;
		out->state.kind[i] = (enum iptables_kind)kind[i];
	}
	if (!ok)
		memset(out, 0, sizeof(*out));
	return ok;
}

int iptables_stamp_write(const char *path, const struct iptables_stamp *in, struct err *e)
{
	const struct iptables_state *s = &in->state;
	char text[FILTER_STAMP_MAX];

	snprintf(text, sizeof(text),
		"%" PRIx64 " %" PRIx64 " %" PRIx64 " %u %u %" PRIx32 " %" PRIx64 " %" PRIx64,
		in->wanted, in->saved[0], in->saved[1], s->kind[0], s->kind[1], s->generation,
		s->legacy[0], s->legacy[1]);
	return filter_stamp_write(path, text, e);
}

int iptables_state_get(struct netlink *nl, const enum iptables_kind *kind, bool guess,
	struct iptables_state *out, struct err *e)
{
	bool nft = false;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
		out->kind[i] = kind[i];
		if (kind[i] == IPTABLES_LEGACY)
			ret = iptables_legacy_digest(stamp_families[i], &out->legacy[i], e);
		nft = nft || kind[i] == IPTABLES_NFT;
	}
	if (!ret && nft)
		ret = nft_generation_get(nl, &out->generation, e);
	else if (!ret && guess)
		nft_generation_get(nl, &out->generation, NULL);
	return ret;
}

bool iptables_state_equal(const struct iptables_state *a, const struct iptables_state *b)
{
	for (int i = 0; i < STAMP_FAMILIES; i++)
		if (a->kind[i] != b->kind[i] || a->legacy[i] != b->legacy[i])
			return false;
	return a->generation == b->generation;
}
