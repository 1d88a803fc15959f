/*
 * The port on any Linux, for tests, fuzzing and benches. The numbers of struct port_place are:
 *
 *	domid            descriptor of the guest's memory, a file of whole pages (memfd)
 *	tx_ring, rx_ring numbers of pages in it, as grants are
 *	tx_bell, rx_bell descriptors of eventfds that we write to; the guest writes to the one whose
 *	                 number is one above tx_bell, for either ring
 */
#include "backend/netback/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

struct port {
	uint8_t *memory;
	size_t pages;
	struct port_place place;
};

static int memory_map(struct port *p, struct err *e)
{
	struct stat st;

	if (fstat((int)p->place.domid, &st) < 0)
		return err_sys(e, -errno, "the guest's memory");
	p->pages = (size_t)st.st_size / PAGE;
	if (p->place.tx_ring >= p->pages || p->place.rx_ring >= p->pages)
		return err_set(e, -EINVAL, "a ring lies outside of the guest's memory");
	p->memory = mmap(
		NULL, p->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)p->place.domid, 0);
	if (p->memory != MAP_FAILED)
		return 0;
	p->memory = NULL;
	return err_sys(e, -errno, "the guest's memory");
}

int port_open(struct port **out, const struct port_place *place, struct err *e)
{
	struct port *p = calloc(1, sizeof(*p));
	int ret;

	*out = NULL;
	if (!p)
		return err_sys(e, -ENOMEM, "port");
	p->place = *place;
	ret = memory_map(p, e);
	if (ret)
		port_close(p);
	else
		*out = p;
	return ret;
}

void port_close(struct port *p)
{
	if (!p)
		return;
	if (p->memory)
		munmap(p->memory, p->pages * PAGE);
	free(p);
}

size_t port_fds(const struct port *p, int fds[PORT_FDS_MAX])
{
	fds[0] = (int)p->place.tx_bell;
	fds[1] = port_fd(p);
	fds[2] = (int)p->place.rx_bell;
	return 3;
}

void *port_tx_ring(const struct port *p)
{
	return p->memory + (size_t)p->place.tx_ring * PAGE;
}

void *port_rx_ring(const struct port *p)
{
	return p->memory + (size_t)p->place.rx_ring * PAGE;
}

int port_copy(struct port *p, struct port_copy *copies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct port_copy *c = &copies[i];
		uint8_t *page = p->memory + (size_t)c->grant * PAGE;

		c->failed = c->grant >= p->pages || c->offset + c->len > PAGE;
		if (!c->failed)
			memcpy(c->to_guest ? page + c->offset : c->local,
				c->to_guest ? c->local : page + c->offset, c->len);
	}
	return 0;
}

int port_fd(const struct port *p)
{
	return (int)p->place.tx_bell + 1;
}

void port_hear(struct port *p)
{
	uint64_t count;

	/* An eventfd that has been read already does not ring. */
	if (read(port_fd(p), &count, sizeof(count)) < 0)
		return;
}

/* An eventfd that is read rings again by itself. */
void port_listen(struct port *p)
{
	(void)p;
}

static void bell_ring(uint32_t bell)
{
	const uint64_t one = 1;

	/* A bell that nobody has heard for 2^64 times rings already. */
	if (write((int)bell, &one, sizeof(one)) < 0)
		return;
}

void port_ring_tx(struct port *p)
{
	bell_ring(p->place.tx_bell);
}

void port_ring_rx(struct port *p)
{
	bell_ring(p->place.rx_bell);
}
