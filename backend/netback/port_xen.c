/*
 * The port on Xen: libxengnttab for rings and pages, libxenevtchn for bells.
 *
 * Linux's gntdev takes what xengnttab_grant_copy() is given in hypercalls of 16 pieces and cuts a
 * piece where it crosses a page of ours (drivers/xen/gntdev.c), so pieces that lie within one page
 * of ours are the cheap ones.
 */
#include "backend/netback/port.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

enum { TX, RX, SIDES };

struct port {
	uint32_t domid;
	xengnttab_handle *grants;
	xenevtchn_handle *events;
	void *ring[SIDES];
	xenevtchn_port_or_error_t bell[SIDES]; /* ours; the same where the guest has one */
	evtchn_port_t heard[SIDES];
	size_t heard_count;
	xengnttab_grant_copy_segment_t pieces[PORT_COPIES_MAX];
};

static int rings_map(struct port *p, const struct port_place *place, struct err *e)
{
	const uint32_t grant[SIDES] = { place->tx_ring, place->rx_ring };

	p->grants = xengnttab_open(NULL, 0);
	if (!p->grants)
		return err_sys(e, -errno, "/dev/xen/gntdev");
	for (int i = 0; i < SIDES; i++) {
		p->ring[i] = xengnttab_map_grant_ref(
			p->grants, p->domid, grant[i], PROT_READ | PROT_WRITE);
		if (!p->ring[i])
			return err_sys(e, -errno, "the ring that domain %u granted as %u", p->domid,
				grant[i]);
	}
	return 0;
}

static int bells_bind(struct port *p, const struct port_place *place, struct err *e)
{
	const uint32_t theirs[SIDES] = { place->tx_bell, place->rx_bell };

	p->events = xenevtchn_open(NULL, 0);
	if (!p->events)
		return err_sys(e, -errno, "/dev/xen/evtchn");
	/* Nobody else's from now on, whoever gets hold of the descriptor. */
	if (xenevtchn_restrict(p->events, (domid_t)p->domid) < 0)
		return err_sys(e, -errno, "event channels of domain %u alone", p->domid);
	for (int i = 0; i < SIDES; i++) {
		if (i == RX && theirs[RX] == theirs[TX]) {
			p->bell[RX] = p->bell[TX];
			continue;
		}
		p->bell[i] = xenevtchn_bind_interdomain(p->events, p->domid, theirs[i]);
		if (p->bell[i] < 0)
			return err_sys(
				e, -errno, "event channel %u of domain %u", theirs[i], p->domid);
	}
	return 0;
}

int port_open(struct port **out, const struct port_place *place, struct err *e)
{
	struct port *p = calloc(1, sizeof(*p));
	int ret;

	*out = NULL;
	if (!p)
		return err_sys(e, -ENOMEM, "port");
	p->domid = place->domid;
	ret = rings_map(p, place, e);
	if (!ret)
		ret = bells_bind(p, place, e);
	if (ret)
		port_close(p);
	else
		*out = p;
	return ret;
}

/* Closing the handles unbinds the channels; the mappings go by themselves. */
void port_close(struct port *p)
{
	if (!p)
		return;
	for (int i = 0; i < SIDES; i++)
		if (p->ring[i])
			xengnttab_unmap(p->grants, p->ring[i], 1);
	if (p->events)
		xenevtchn_close(p->events);
	if (p->grants)
		xengnttab_close(p->grants);
	free(p);
}

size_t port_fds(const struct port *p, int fds[PORT_FDS_MAX])
{
	fds[0] = xengnttab_fd(p->grants);
	fds[1] = xenevtchn_fd(p->events);
	return 2;
}

void *port_tx_ring(const struct port *p)
{
	return p->ring[TX];
}

void *port_rx_ring(const struct port *p)
{
	return p->ring[RX];
}

int port_copy(struct port *p, struct port_copy *copies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct port_copy *c = &copies[i];
		xengnttab_grant_copy_segment_t *s = &p->pieces[i];

		*s = (xengnttab_grant_copy_segment_t){ .len = c->len };
		s->flags = c->to_guest ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
		*(c->to_guest ? &s->source.virt : &s->dest.virt) = c->local;
		(c->to_guest ? &s->dest : &s->source)->foreign.ref = c->grant;
		(c->to_guest ? &s->dest : &s->source)->foreign.offset = c->offset;
		(c->to_guest ? &s->dest : &s->source)->foreign.domid = (uint16_t)p->domid;
	}
	if (xengnttab_grant_copy(p->grants, (uint32_t)count, p->pieces) < 0)
		return -errno;
	for (size_t i = 0; i < count; i++)
		copies[i].failed = p->pieces[i].status != GNTST_okay;
	return 0;
}

int port_fd(const struct port *p)
{
	return xenevtchn_fd(p->events);
}

/* A channel that was heard is masked until it is unmasked. */
void port_hear(struct port *p)
{
	xenevtchn_port_or_error_t bell = xenevtchn_pending(p->events);

	if (bell >= 0 && p->heard_count < SIDES)
		p->heard[p->heard_count++] = (evtchn_port_t)bell;
}

void port_listen(struct port *p)
{
	while (p->heard_count)
		xenevtchn_unmask(p->events, p->heard[--p->heard_count]);
}

void port_ring_tx(struct port *p)
{
	xenevtchn_notify(p->events, (evtchn_port_t)p->bell[TX]);
}

void port_ring_rx(struct port *p)
{
	xenevtchn_notify(p->events, (evtchn_port_t)p->bell[RX]);
}
