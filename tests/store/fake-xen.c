/*
 * fake-xen: what Debian's unmodified xenstored and oxenstored need of Xen, to run on plain Linux.
 *
 * Loaded in front of their libraries (LD_PRELOAD), it stands in for the functions that they take
 * from libxenctrl, libxengnttab and libxenevtchn, for the two files of xenfs that xenstored opens
 * (oxenstored is told others by its configuration), and for setrlimit(), by which oxenstored wants
 * more descriptors than a container may have. What they share with domains are files in their run
 * directory (XENSTORED_RUNDIR), by which tests/store/guest.c plays a domain:
 *
 *   ring-<domid>  the page that a domain speaks through, made when it is introduced
 *   event         a FIFO in place of event channels; each message is an uint32_t: the domid whose
 *                 ring has something, or UINT32_MAX: some domain died
 *   dead-<domid>  such a domain; all others are alive, so that permissions for any are kept
 *
 * All prototypes come from Xen's own headers, so that a change of them breaks the build and not the
 * tests.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define RING_SIZE                                                                                  \
	4096 /* one page holds a domain's xenstore ring (xen/include/public/io/xs_wire.h) */
#define PORT_VIRQ    1
#define PORT_FIRST   2
#define PORT_OF_DOM0 "1\n"

int open(const char *path, int flags, ...);

static int handle; /* its address is every library's handle */

static const char *run_path(char buf[256], const char *name, int number)
{
	const char *dir = getenv("XENSTORED_RUNDIR");

	snprintf(
		buf, 256, number < 0 ? "%.200s/%s" : "%.200s/%s-%d", dir ? dir : ".", name, number);
	return buf;
}

/* A file of one page. */
static int page_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0 && ftruncate(fd, RING_SIZE) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* --- libxenctrl --- */

xc_interface *xc_interface_open(
	xentoollog_logger *logger, xentoollog_logger *dombuild_logger, unsigned flags)
{
	(void)logger, (void)dombuild_logger, (void)flags;
	return (xc_interface *)&handle;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

static int domain_is_alive(uint32_t domid)
{
	char path[256];

	return domid < DOMID_FIRST_RESERVED &&
	       access(run_path(path, "dead", (int)domid), F_OK) != 0;
}

int xc_domain_getinfo(
	xc_interface *xch, uint32_t first_domid, unsigned int max_doms, xc_dominfo_t *info)
{
	(void)xch;
	if (!max_doms || !domain_is_alive(first_domid))
		return 0;
	memset(info, 0, sizeof(*info));
	info->domid = first_domid;
	info->running = 1;
	return 1;
}

int xc_domain_getinfolist(
	xc_interface *xch, uint32_t first_domain, unsigned int max_domains, xc_domaininfo_t *info)
{
	(void)xch;
	if (!max_domains || !domain_is_alive(first_domain))
		return 0;
	memset(info, 0, sizeof(*info));
	info->domain = (domid_t)first_domain;
	info->flags = XEN_DOMINF_running;
	return 1;
}

static void *ring_map(uint32_t domid, int prot)
{
	char path[256];
	int fd = page_open(run_path(path, "ring", (int)domid));
	void *ring = fd < 0 ? MAP_FAILED : mmap(NULL, RING_SIZE, prot, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	return ring == MAP_FAILED ? NULL : ring;
}

void *xc_map_foreign_range(xc_interface *xch, uint32_t dom, int size, int prot, unsigned long mfn)
{
	(void)xch, (void)size, (void)mfn;
	return ring_map(dom, prot);
}

/* --- libxengnttab --- */

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned open_flags)
{
	(void)logger, (void)open_flags;
	return (xengnttab_handle *)&handle;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t count)
{
	(void)xgt, (void)count;
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	(void)xgt, (void)ref;
	return ring_map(domid, prot);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	(void)xgt;
	return munmap(start_address, (size_t)count * RING_SIZE);
}

/* --- libxenevtchn --- */

static int event_fd = -1;

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
	char path[256];

	(void)logger, (void)flags;
	run_path(path, "event", -1);
	event_fd = mkfifo(path, 0600) < 0 ? -1 : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return event_fd < 0 ? NULL : (xenevtchn_handle *)&handle;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	(void)xce;
	return 0;
}

xenevtchn_handle *xenevtchn_fdopen(xentoollog_logger *logger, int fd, unsigned open_flags)
{
	(void)logger, (void)open_flags;
	event_fd = fd;
	return (xenevtchn_handle *)&handle;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	(void)xce;
	return event_fd;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce, (void)port;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce, (void)port;
	return 0;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce, (void)port;
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	uint32_t domid;

	(void)xce;
	if (read(event_fd, &domid, sizeof(domid)) != sizeof(domid))
		return -1;
	return domid == UINT32_MAX ? PORT_VIRQ : PORT_FIRST + (int)domid;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	(void)xce, (void)virq;
	return PORT_VIRQ;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(
	xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
	(void)xce, (void)remote_port;
	return PORT_FIRST + (int)domid;
}

/* --- limits --- */

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	(void)resource, (void)limit;
	return 0;
}

/* --- xenfs --- */

static int file_of_text(const char *text)
{
	int fd = memfd_create("xsd_port", 0);

	if (fd >= 0 && (write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) =
		(int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	mode_t mode = 0;
	char ring[256];
	va_list ap;

	if (strcmp(path, "/proc/xen/xsd_port") == 0)
		return file_of_text(PORT_OF_DOM0);
	if (strcmp(path, "/proc/xen/xsd_kva") == 0)
		return page_open(run_path(ring, "ring", 0));
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return next(path, flags, mode);
}
