/*
 * exposure: a port of a guest that is open to the outside, as text and as a struct.
 *
 * "tcp/8080:80": what comes to port 8080 of the network domain goes to port 80 of the guest;
 * "tcp/80": the same port on both sides. Strict: tcp or udp, ports of 1 to 65535 without leading
 * zeros. A set holds each outside port once, in order, so that equal sets look alike. It must not
 * know xenstore, nor who exposes what.
 */
#ifndef NETVM_EXPOSURE_H
#define NETVM_EXPOSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPOSURE_TEXT_MAX 16 /* "tcp/65535:65535" with the NUL */
#define EXPOSURES_MAX	  32 /* of one guest, those of the guests behind it included */

struct exposure {
	uint8_t proto; /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t port; /* of the network domain, host byte order */
	uint16_t to;   /* of the guest */
};

struct exposures {
	struct exposure item[EXPOSURES_MAX]; /* ascending by protocol and port */
	uint32_t count;
};

/* 0 or -EINVAL; then `*out` is as it was. */
int exposure_parse(const char *text, struct exposure *out);
const char *exposure_print(const struct exposure *e, char buf[EXPOSURE_TEXT_MAX]);
const char *exposure_proto(const struct exposure *e); /* "tcp", "udp" */

/* -EEXIST: the set has that protocol and port; -E2BIG: it is full. */
int exposures_add(struct exposures *set, const struct exposure *e);
bool exposures_have(const struct exposures *set, const struct exposure *e);
bool exposures_equal(const struct exposures *a, const struct exposures *b);

#endif
