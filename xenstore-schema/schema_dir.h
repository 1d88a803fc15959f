/*
 * schema_dir: a directory of xenstore as a table of its keys; reading, writing and printing it.
 * Private to xenstore-schema.
 *
 * Each noun (guest_link.c, provider.c ...) describes its directory with one struct schema_dir and
 * does with it what the functions here do for all of them. It must not know any noun.
 */
#ifndef NETVM_SCHEMA_DIR_H
#define NETVM_SCHEMA_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "xenstore-schema/schema.h"
#include "xenstore-schema/store.h"

enum key_kind {
	KEY_ADDR4,     /* struct addr, one host's */
	KEY_ADDR6,     /* struct addr, one host's */
	KEY_ADDRS,     /* struct vif_backend's `addrs` and `count` */
	KEY_MAC,       /* struct mac */
	KEY_MTU,       /* uint32_t, 0: absent */
	KEY_NUMBER,    /* uint32_t; 0 is written as absent unless the key is required */
	KEY_DOMID,     /* uint32_t */
	KEY_WORD,      /* an enum or a bool: the index in `words` */
	KEY_STATE,     /* enum xenbus_state, as a number */
	KEY_TEXT,      /* char[size]: printable ASCII */
	KEY_NAME,      /* char[DOMAIN_NAME_MAX]: a domain's name */
	KEY_PREFIXES6, /* struct prefixes, each routable IPv6, separated by single spaces */
	KEY_PORTS,     /* struct exposures, separated by single spaces */
	KEY_KINDS
};

struct schema_key {
	const char *name;
	enum key_kind kind;
	size_t offset;		  /* of the field in the noun's struct */
	size_t size;		  /* of the field */
	const char *const *words; /* KEY_WORD: ends with NULL */
	unsigned int fallback;	  /* KEY_WORD: what an absent key means */
	bool required;		  /* a directory without it is refused */
	bool read_only;		  /* never written by us */
	const char *help;	  /* for the manual: a sentence or more */
};

struct schema_dir {
	const char *path;	       /* for the manual: "/local/domain/G/netvm/<devid>" */
	const char *perms;	       /* for the manual: "n0,rG" */
	const char *writer;	       /* for the manual: who writes it */
	const char *help;	       /* for the manual: a paragraph */
	size_t size;		       /* of the noun's struct */
	const struct schema_key *keys; /* written in this order; ends with a NULL name */
	bool each;		       /* read by store_read_each() */
};

/* A row of the table: what `field` of `type` is called in xenstore. */
#define SCHEMA_FIELD(type, field)                                                                  \
	.offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)

extern const struct schema_dir guest_link_dir, provider_dir, client_dir, netvm_report_dir,
	client_report_dir, vif_backend_dir, vif_frontend_dir, vif_connection_dir;

/* The words of an online/offline bit. */
extern const char *const words_01[];

/* --- values --- */

/*
 * A decimal number below `limit` (at most 2^32), without sign or leading zero; decimal_take() from
 * the start of `*text`, which is moved behind it. Return 0 or -EINVAL.
 */
int decimal_take(const char **text, uint64_t limit, uint32_t *out);
int decimal_parse(const char *text, uint64_t limit, uint32_t *out);

/* Words for what a key holds: "an IPv4 address". */
const char *key_expected(const struct schema_key *key);
/* `text` into the key's field of `object`. 0 or -EINVAL; then the field is as it was. */
int key_parse(const struct schema_key *key, const char *text, void *object);
/* The key's value as text: 1, 0 where it is to be absent, -EMSGSIZE, or -EINVAL for a value that
 * key_parse() would refuse. */
int key_print(const struct schema_key *key, const void *object, char buf[STORE_VALUE_MAX]);
/* Gives the field the value that an absent key means. */
void key_clear(const struct schema_key *key, void *object);

/* `ip` of a vif: addresses separated by white space or commas, each one host's, none twice. 0 or
 * -EINVAL, then nothing is written. */
int vif_addrs_parse(const char *text, struct addr addrs[VIF_ADDRS_MAX], size_t *count);

/* Copies text, with '?' for what is not printable ASCII. Returns 0, or -EMSGSIZE where it does not
 * fit; it is cut then. */
int text_printable(const char *text, char *buf, size_t size);

/* --- rules of a client --- */

/* Whether it is a name of a child of `policy`: four digits. */
bool rules_name_is_valid(const char *name);
/* How many bytes from the start of `rules` go into one value, with the line break behind it: whole
 * lines, at most 2048 bytes without that break. 0: the first line is too long. */
size_t rules_next(const char *rules);

/* --- paths --- */

/* Path of a domain: relative to its own home for SCHEMA_SELF. What is printed is numbers and fixed
 * words, so it always fits. */
const char *schema_path(char buf[STORE_PATH_MAX], uint32_t domid, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "<path>/<name>"; empty, which xenstored refuses, where it does not fit. */
const char *path_join(char buf[STORE_PATH_MAX], const char *path, const char *name);

/* --- directories --- */

/* Into `object`, as one state unless the table says `each`; within a transaction or not. -ENOENT:
 * no such directory (`e` says so). */
int schema_dir_read(struct store *s, const struct schema_dir *dir, const char *path, void *object,
	struct err *e);
/* Each value by itself, the table's last key last, and only those that the directory lists: for one
 * that has few of the table's keys, and that no stranger may fill. */
int schema_dir_read_listed(struct store *s, const struct schema_dir *dir, const char *path,
	void *object, struct err *e);
/* Writes the keys into a directory that is not there, or empty, one by one. */
int schema_dir_begin(struct store *s, const struct schema_dir *dir, const char *path,
	const void *object, struct err *e);
/* Within a transaction: writes the keys that differ, removes those that are to be absent, touches
 * no key that the table does not name. */
int schema_dir_write_in(struct store *s, const struct schema_dir *dir, const char *path,
	const void *object, struct err *e);

/*
 * Within a transaction: makes sure that `top` (a directory of dom0 in domain `domid`'s home) exists
 * and is readable by that domain alone. A directory with other permissions may hold anything, so it
 * is removed with all that is in it. -ENOENT: there is no such domain (any more); nothing is
 * created then.
 */
int schema_dir_own(struct store *s, uint32_t domid, const char *top, struct err *e);

/* SCHEMA_SELF becomes the own domid. */
int schema_resolve(struct store *s, uint32_t *domid, struct err *e);

/* Whether `err` is -ENOENT; then `e` (may be NULL) is empty again, for what may be absent. */
bool schema_is_absent(int err, struct err *e);

/* Whether `names` has it. */
bool names_have(const struct store_names *names, const char *name);

/* --- directories of devices --- */

/* Numbers below `path`, ascending; 0 entries where it does not exist. */
int schema_list_devids(struct store *s, const char *path, uint32_t *devids, size_t max,
	size_t *count, struct err *e);
/* Pairs <domid>/<devid> below `path`, ascending; malloc'd. `of`: only these domains', NULL: all. */
int schema_list_vifs(struct store *s, const char *path, const struct domids *of,
	struct vif_id **out, size_t *count, struct err *e);
/* Removes <path>/<domid>/<devid>, then <path>/<domid> where nothing else is in it and the caller
 * may (a network domain may not: its directory is the toolstack's), in one transaction. */
int schema_remove_vif(struct store *s, const char *path, const struct vif_id *id, struct err *e);

#endif
