/*
 * import: domains of existing xl configs, as the registry would hold them.
 *
 * Reads the name and the network of a config and takes over what a link can be: one vif that a
 * network domain serves, with its addresses, its MAC address and MTU. What is anything else is
 * refused with file and line, since taking a part of it would give the domain another network than
 * it has. It must not know what runs, and changes nothing.
 */
#ifndef NETVM_IMPORT_H
#define NETVM_IMPORT_H

#include <stdbool.h>

#include "common/config.h"
#include "common/err.h"
#include "toolstack/registry.h"

/* A vif as xl-network-configuration(5) has it, as far as a link can be it. */
struct import_vif {
	char backend[DOMAIN_NAME_MAX]; /* never "" */
	struct addr ip, ip6;
	struct mac mac;
	long mtu; /* bytes, 0: not given */
};
/* -EINVAL with what cannot be taken, and why: "bridge=xenbr0: a link has no bridge". */
int import_vif_parse(const char *text, struct import_vif *out, struct err *e);

struct import_domain {
	char *file;   /* as it was named; malloc'd */
	char *config; /* its path, where that is not what the registry takes for granted; NULL */
	char name[DOMAIN_NAME_MAX];
	struct import_vif vif; /* backend "": it has none */
	bool driver_domain;
	unsigned int name_line, vif_line; /* of the vif itself, 0: none */
	unsigned int first, last;	  /* lines of the `vif` statement, 0: none */
	bool provides_network;		  /* found by import_check() */
};

/* Reads one file. -EINVAL: "FILE:LINE: ..."; errno of open(2). `out` is valid for import_dispose()
 * in any case. */
int import_read(const char *file, struct import_domain *out, struct err *e);
void import_dispose(struct import_domain *d);

/*
 * Checks the domains beside each other and beside the registry, finds who of them provides network
 * and puts them in an order in which network domains come before whom they serve. Tells each thing
 * that is in the way with file and line and returns how many there are. Pure.
 */
size_t import_check(struct import_domain *d, size_t count, const struct registry *r,
	config_tell tell, void *arg);

/* What its file in the registry is to hold. */
struct import_entry {
	struct registry_change change[8];
	size_t count;
	const char *value[8];
	char ip[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX], mtu[16];
};
/* `out` points into itself and `d`. */
void import_entry_make(const struct import_domain *d, struct import_entry *out);

#endif
