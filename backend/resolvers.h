/*
 * resolvers: which real resolvers this domain has at the moment, from files in resolv.conf's format
 * that the programs leave which manage its uplinks.
 *
 * What stands in them may come from whoever answers DHCP on the uplink: it is parsed strictly, what
 * is no address that can be asked is passed over and counted. Parsing is pure; resolvers_read()
 * does the reading, struct resolvers_watch tells about changes. It must not know the packet filter,
 * nor which addresses this domain has.
 */
#ifndef NETVM_RESOLVERS_H
#define NETVM_RESOLVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/ruleset.h"
#include "common/addr.h"
#include "common/err.h"

#define RESOLVERS_FILE_MAX  65536 /* bytes of a resolv.conf; a larger one is refused */
#define RESOLVERS_PATHS_MAX 16
#define RESOLVERS_FILES_MAX 64 /* that are read of a directory */

/* A resolver that this domain can ask and no packet can be translated to. */
struct resolver_near {
	struct addr addr;
	char link[LINK_NAME_MAX]; /* by which a link-local address is reached; "" for others */
};

struct resolvers {
	struct addr ip4[RULESET_RESOLVERS_MAX], ip6[RULESET_RESOLVERS_MAX];
	size_t count4, count6; /* in the file's order, each address once */
	struct resolver_near
		near[RULESET_RESOLVERS_MAX]; /* loopback but resolved's stub, link-local */
	size_t near_count;
	size_t local;	   /* loopback, systemd-resolved's stub among them */
	size_t unusable;   /* passed over: not an address, one that no host can hold */
	size_t surplus;	   /* passed over: more than RULESET_RESOLVERS_MAX of a kind */
	char path[256];	   /* the file they came from; "" where no file could be read */
	char trouble[160]; /* why a file that is there was passed over, or "" */
};

/* Takes the `nameserver` lines of a resolv.conf(5). Never fails: a hostile file gives fewer
 * resolvers. `path` and `trouble` are "". */
void resolvers_parse(const char *text, struct resolvers *out);
/* As that, behind those that `out` has already. */
void resolvers_add(const char *text, struct resolvers *out);

/* Where resolvers are looked for when settings name no file, best first; NULL-terminated. */
extern const char *const resolvers_paths[];

/*
 * Reads the first of `paths` (NULL-terminated; NULL or empty: resolvers_paths) that can be read and
 * names more than loopback; where all do no more, the first that can be read. A path that ends in a
 * slash is a directory: all its files count, those named after a tunnel first, then by name. A file
 * without any resolver is an answer too, an empty directory is none. Where nothing can be read
 * there are no resolvers: that is no error.
 */
void resolvers_read(const char *const paths[], struct resolvers *out);

/* --- changes --- */

struct resolvers_watch;

/*
 * Watches `paths` that are directories, the directories of the others (as resolvers_read() takes
 * them), and those of what symbolic links in them lead to, so that a file replaced by rename(2), or
 * one that does not exist yet, is seen.
 */
int resolvers_watch_open(struct resolvers_watch **out, const char *const paths[], struct err *e);
void resolvers_watch_close(struct resolvers_watch *w); /* NULL is fine */
/* Readable when something may have changed. For the event loop. */
int resolvers_watch_fd(const struct resolvers_watch *w);
/* Reads away what is pending and follows links anew. `*changed`: one of the files may have changed;
 * the caller then calls resolvers_read(). */
int resolvers_watch_drain(struct resolvers_watch *w, bool *changed, struct err *e);

#endif
