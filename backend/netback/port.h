/*
 * port: what joins us to one guest's vif: its two rings, its pages, and the bell that each side
 * rings to wake the other.
 *
 * The one interface with two sides. port_xen.c is Xen: rings are mapped grants, pages are reached
 * by copies that the hypervisor makes and checks, bells are event channels. port_plain.c is any
 * Linux: the guest's memory is a file that a frontend of our own shares, a grant is the number of a
 * page in it, bells are eventfds. A program is linked with one of them. Must not know what is in
 * rings or pages.
 */
#ifndef NETVM_PORT_H
#define NETVM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct port;

/* Where the guest's end is. Xen: domain number, grant references, event channel ports, all the
 * guest's. Plain: descriptors (port_plain.c says which). One bell for both rings: the same number.
 */
struct port_place {
	uint32_t domid;
	uint32_t tx_ring, rx_ring;
	uint32_t tx_bell, rx_bell;
};

/* Maps the rings and takes up the bells. Afterwards nothing but the calls below is needed. */
int port_open(struct port **out, const struct port_place *place, struct err *e);
void port_close(struct port *p); /* NULL is fine */

/* The descriptors that it needs from then on. */
#define PORT_FDS_MAX 3
size_t port_fds(const struct port *p, int fds[PORT_FDS_MAX]);

/* The rings' pages, mapped for as long as the port is open. */
void *port_tx_ring(const struct port *p);
void *port_rx_ring(const struct port *p);

/* A piece of at most a page between us and a page of the guest. */
struct port_copy {
	void *local;
	uint32_t grant;
	uint16_t offset, len; /* in the guest's page */
	bool to_guest;
	bool failed; /* answer: the guest has granted nothing of the kind */
};

/* At most so many in one call. */
#define PORT_COPIES_MAX 512

/* Makes all of them; each says whether it failed. -errno: none was made, and none will ever be. */
int port_copy(struct port *p, struct port_copy *copies, size_t count);

/* Readable when the guest has rung. */
int port_fd(const struct port *p);
/* Takes a ring of the bell that waits; the guest's further ones wait until port_listen(). */
void port_hear(struct port *p);
void port_listen(struct port *p);

/* Rings the guest's bell for one ring, or the other. */
void port_ring_tx(struct port *p);
void port_ring_rx(struct port *p);

#endif
