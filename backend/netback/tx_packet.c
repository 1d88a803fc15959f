#include "backend/netback/tx_packet.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <xen/io/netif.h>

#define ETHERNET_HEADER 14

static_assert(TX_SLOT_SIZE == sizeof(union netif_tx_sring_entry), "netif.h");
static_assert(TX_FRAGMENTS_MAX == XEN_NETIF_NR_SLOTS_MIN + 1, "netif.h");

/* Where the taking of one packet stands. */
struct taking {
	struct ring *ring;
	size_t waiting; /* slots that are there, with those that were taken */
	struct tx_packet *out;
	struct tx_slot *slots;
	size_t rest; /* bytes of the packet that are not the fragments' so far */
};

static int gso_take(const struct netif_extra_info *extra, struct tx_packet *out, struct err *e)
{
	out->gso_size = extra->u.gso.size;
	if (!out->gso_size)
		return err_set(e, -EPROTO, "segments of no size");
	if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4)
		out->gso = TX_GSO_TCP4;
	else if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6)
		out->gso = TX_GSO_TCP6;
	else
		return err_set(e, -EPROTO, "segments of the unknown type %u", extra->u.gso.type);
	return 0;
}

static void multicast_take(const struct netif_extra_info *extra, struct tx_packet *out)
{
	out->multicast = extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD ? TX_MULTICAST_JOIN
								       : TX_MULTICAST_LEAVE;
	memcpy(out->group.bytes, extra->u.mcast.addr, sizeof(out->group.bytes));
}

/* Of one type only the last counts, so there is no use for more than there are types. Hashes, which
 * we have not offered, say nothing to us. */
static int extras_take(struct taking *t, struct err *e)
{
	struct netif_extra_info extra = { .flags = XEN_NETIF_EXTRA_FLAG_MORE };
	int ret = 0;

	for (size_t n = 0; !ret && extra.flags & XEN_NETIF_EXTRA_FLAG_MORE; n++) {
		if (t->out->slot_count == t->waiting)
			return err_set(e, -EPROTO, "an extra that is not there");
		if (n == TX_EXTRAS_MAX)
			return err_set(e, -EPROTO, "more than %d extras", TX_EXTRAS_MAX);
		ring_take(t->ring, &extra, sizeof(extra));
		t->slots[t->out->slot_count++] =
			(struct tx_slot){ .id = (uint16_t)(extra.type | extra.flags << 8),
				.extra = true };
		if (!extra.type || extra.type >= XEN_NETIF_EXTRA_TYPE_MAX)
			return err_set(e, -EPROTO, "an extra of the unknown type %u", extra.type);
		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO)
			ret = gso_take(&extra, t->out, e);
		else if (extra.type != XEN_NETIF_EXTRA_TYPE_HASH)
			multicast_take(&extra, t->out);
	}
	return ret;
}

/* The size in a packet's first request is that of all. */
static void slot_note(struct taking *t, const struct netif_tx_request *request)
{
	t->slots[t->out->slot_count++] = (struct tx_slot){
		.grant = request->gref,
		.offset = request->offset,
		.len = request->size,
		.id = request->id,
	};
}

static int slot_check(const struct tx_slot *slot, struct err *e)
{
	return slot->offset + slot->len <= RING_PAGE
		       ? 0
		       : err_set(e, -EPROTO, "a fragment of %u bytes at %u of its page", slot->len,
				 slot->offset);
}

static int fragments_take(struct taking *t, struct err *e)
{
	struct netif_tx_request request = { .flags = NETTXF_more_data };
	int ret = 0;

	for (size_t n = 1; !ret && request.flags & NETTXF_more_data; n++) {
		if (t->out->slot_count == t->waiting)
			return err_set(e, -EPROTO, "a fragment that is not there");
		if (n == TX_FRAGMENTS_PATIENCE)
			return err_set(e, -EPROTO, "a packet of more than %d fragments",
				TX_FRAGMENTS_PATIENCE);
		if (n == TX_FRAGMENTS_MAX)
			t->out->fault = DROP_TX_PIECES;
		ring_take(t->ring, &request, sizeof(request));
		slot_note(t, &request);
		if (request.size > t->rest)
			t->out->fault = DROP_TX_SHORT;
		else
			t->rest -= request.size;
		ret = slot_check(&t->slots[t->out->slot_count - 1], e);
	}
	return ret;
}

int tx_packet_take(
	struct ring *r, size_t waiting, struct tx_packet *out, struct tx_slot *slots, struct err *e)
{
	struct taking t = { .ring = r, .waiting = waiting, .out = out, .slots = slots };
	struct netif_tx_request first;
	int ret = 0;

	*out = (struct tx_packet){ .fault = DROP_NONE };
	ring_take(r, &first, sizeof(first));
	slot_note(&t, &first);
	out->len = t.rest = first.size;
	out->checksum_blank = first.flags & NETTXF_csum_blank;
	if (first.flags & NETTXF_extra_info)
		ret = extras_take(&t, e);
	if (!ret && first.flags & NETTXF_more_data)
		ret = fragments_take(&t, e);
	if (ret)
		return ret;
	slots[0].len = (uint16_t)t.rest;
	if (out->multicast)
		return 0;
	if (out->len < ETHERNET_HEADER)
		out->fault = DROP_TX_SHORT;
	return out->fault ? 0 : slot_check(&slots[0], e);
}
