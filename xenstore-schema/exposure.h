/*
 * exposure: a port of a guest that is open to the outside, as text and as a struct.
 *
 * "tcp/8080:80": what comes to port 8080 of the network domain goes to port 80 of the guest;
 * "tcp/80": the same port on both sides; "tcp/80@192.0.2.0/24": only what comes from there, and so
 * only of that address family. Strict: tcp or udp, ports of 1 to 65535 without leading zeros, an
 * address or a prefix without host bits. A set holds each outside port once for each source, in
 * order, so that equal sets look alike. It must not know xenstore, nor who exposes what.
 */
#ifndef NETVM_EXPOSURE_H
#define NETVM_EXPOSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

#define EXPOSURE_TEXT_MAX (16 + PREFIX_TEXT_MAX) /* "tcp/65535:65535@..." with the NUL */
#define EXPOSURES_MAX	  32 /* of one guest, those of the guests behind it included */

struct exposure {
	uint8_t proto;	      /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t port;	      /* of the network domain, host byte order */
	uint16_t to;	      /* of the guest */
	struct prefix source; /* who may come there; no address: anybody */
};

struct exposures {
	struct exposure item[EXPOSURES_MAX]; /* ascending by protocol, port and source */
	uint32_t count;
};

/* 0 or -EINVAL; then `*out` is as it was. */
int exposure_parse(const char *text, struct exposure *out);
const char *exposure_print(const struct exposure *e, char buf[EXPOSURE_TEXT_MAX]);
const char *exposure_proto(const struct exposure *e); /* "tcp", "udp" */
/* Whether both are about the same outside port. */
bool exposure_same_port(const struct exposure *a, const struct exposure *b);
/* Whether packets of that family (AF_INET, AF_INET6) may come there. */
bool exposure_has_family(const struct exposure *e, int family);
/* Whether what comes from `source` is let in. */
bool exposure_is_open_to(const struct exposure *e, const struct addr *source);

/* -EEXIST: the set has that protocol and port for that source already, or leads the port to another
 * of the guest's, or is open for anybody there while one of the two names a source; -E2BIG: it is
 * full. */
int exposures_add(struct exposures *set, const struct exposure *e);
/* Whether what comes from `source` to that port is led to that port of the guest. */
bool exposures_lead(const struct exposures *set, uint8_t proto, uint16_t port, uint16_t to,
	const struct addr *source);
/* Whether what comes from `source` may come to that port of the guest's, by whatever port outside.
 */
bool exposures_open(
	const struct exposures *set, uint8_t proto, uint16_t to, const struct addr *source);
bool exposures_equal(const struct exposures *a, const struct exposures *b);

#endif
