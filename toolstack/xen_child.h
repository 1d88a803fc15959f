/*
 * xen_child: libxl's calls in processes of their own.
 *
 * libxl waits: for xenstored as long as it takes, for a network domain up to half a minute, and a
 * network domain may be hung or hostile. A daemon that called it would be deaf for that long, to
 * its other guests and to SIGTERM. libxl's own asynchronous mode (ao_how) helps with the network
 * domain only, ties us to its event loop and to a context that does not survive a new xenstored. So
 * each call is made by this same program, started anew under the name XEN_CHILD_NAME: it makes one
 * call, prints what came of it, and ends; a deadline, which it keeps itself and whoever waits for
 * it keeps too, ends it in any case. What libxl had begun then stands in xenstore, where the next
 * look finds it.
 *
 * It must not know the registry, nor an event loop.
 */
#ifndef NETVM_XEN_CHILD_H
#define NETVM_XEN_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"
#include "toolstack/xen.h"

#define XEN_CHILD_NAME "netvmd-libxl" /* argv[0] of a child */
/* What a look is given at first, and at most: a libxl that is only slow, on a host with much to do,
 * has to be waited for some day. */
#define XEN_LOOK_SECONDS 4
#define XEN_LOOK_MOST	 16
#define XEN_VIF_SECONDS	 60 /* libxl: 10 s each for two states and a removal, 40 s for a script */

/* What main() of the program does when its argv[0] is XEN_CHILD_NAME. Returns its exit status. */
int xen_child_main(int argc, char *argv[]);

/* --- for the parent --- */

struct xen_child {
	pid_t pid;
	int fd; /* non-blocking; its words; readable to its end */
};

/* xen_vif_attach(), xen_vif_detach(): starts it. The caller reads `fd` to its end and closes it,
 * and waits for `pid`. */
int xen_child_attach(const struct xen_vif_spec *spec, struct xen_child *out, struct err *e);
int xen_child_detach(const struct vif_id *id, bool force, struct xen_child *out, struct err *e);

/* What such a child said (a text of any kind, which is checked) and ended with (as waitpid(2)). */
#define XEN_CHILD_WORDS_MAX ERR_TEXT_MAX
int xen_child_result(const char *words, int status, struct err *e);

/* Waits for it, at most `seconds`. */
int xen_child_wait(struct xen_child *c, unsigned int seconds, struct err *e);

/* All domains and all their vifs, as xen_domains_list() and xen_vifs_list(). -ETIMEDOUT after
 * `seconds`, XEN_LOOK_MOST at most. */
struct xen_look {
	struct xen_domain *domain; /* ascending by domid */
	size_t domains;
	struct xen_vif *vif; /* ascending by domid, devid */
	size_t vifs;
};
int xen_child_look(unsigned int seconds, struct xen_look *out, struct err *e);
void xen_look_dispose(struct xen_look *l); /* may be repeated */

/* The text of a look. Pure. */
int xen_look_parse(char *text, struct xen_look *out, struct err *e);

#endif
