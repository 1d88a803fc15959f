/*
 * What vif-route-netvm has in place of libraries that are loaded when they are needed.
 *
 * A hotplug program is all start, and a third of its start was the search for libraries, so it is
 * linked statically, and can load none. libxlutil's parser becomes part of it. libnftables does
 * not: it is needed when rules have to be written, which is seldom, and then this program becomes
 * the one beside it, vif-route-netvm-nft: the same, linked as usual (become_other()). Every call
 * can be cut short and made again (backend/service.h); so it is begun anew there, with the lock let
 * go and connections closed (all are close-on-exec).
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libxlutil.h>

#include "backend/forwarder_user.h"
#include "backend/nft_run.h"
#include "common/xlutil.h"

#define OTHER "-nft"

static char **arguments;

/* glibc gives constructors what main() gets. */
__attribute__((constructor)) static void arguments_keep(int argc, char *argv[])
{
	(void)argc;
	arguments = argv;
}

/* Returns only where that program cannot be run. */
static int become_other(struct err *e)
{
	char path[4096 + sizeof(OTHER)];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(OTHER));

	if (len < 0)
		return err_sys(e, -errno, "/proc/self/exe");
	snprintf(path + len, sizeof(path) - (size_t)len, OTHER);
	execv(path, arguments);
	return err_sys(e, -errno, "%s: could not be run; install xen-netvm again", path);
}

/* --- libnftables --- */

/* Asked when an engine is to be chosen, so that rules have to be written anyway. */
bool nft_run_usable(void)
{
	become_other(NULL);
	return false;
}

int nft_run(struct nft_run **run, const char *batch, struct err *e)
{
	(void)run;
	(void)batch;
	return become_other(e);
}

void nft_run_free(struct nft_run *run)
{
	(void)run;
}

/* --- libxlutil --- */

/* The one function of libxenlight that libxlutil's parser refers to, for a getter that xlutil.h
 * does not have. */
void libxl_defbool_set(libxl_defbool *db, bool b)
{
	(void)db;
	(void)b;
	abort();
}

int xlutil_load(const struct xlutil **out, struct err *e)
{
	static const struct xlutil functions = {
		.cfg_init = xlu_cfg_init,
		.cfg_readdata = xlu_cfg_readdata,
		.cfg_destroy = xlu_cfg_destroy,
		.cfg_get_string = xlu_cfg_get_string,
		.cfg_get_list = xlu_cfg_get_list,
		.cfg_get_listitem = xlu_cfg_get_listitem,
	};

	(void)e;
	*out = &functions;
	return 0;
}

/* --- accounts --- */

/* For the start of a forwarder, which is netbackd's business alone. */
const char *forwarder_user_group(const char *user)
{
	(void)user;
	return NULL;
}
