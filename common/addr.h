/*
 * addr: IPv4 and IPv6 addresses and MACs, parsed strictly and printed canonically.
 *
 * Each parser takes the whole string or refuses it: no white space, no leading zeros in IPv4
 * (inet_aton's octal is not accepted), no scope, no port, no rest. This module must not know Xen,
 * netlink or files.
 */
#ifndef NETVM_ADDR_H
#define NETVM_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDR_TEXT_MAX	46 /* INET6_ADDRSTRLEN */
#define PREFIX_TEXT_MAX (ADDR_TEXT_MAX + 4)
#define MAC_TEXT_MAX	18

/* An address. All zero (family 0) means: none given. */
struct addr {
	uint8_t family;	   /* AF_INET, AF_INET6, or 0: none */
	uint8_t bytes[16]; /* network byte order; the first 4 for AF_INET, the rest zero */
};

struct prefix {
	struct addr addr; /* host bits zero */
	uint8_t len;	  /* bits */
};

/* Several of them, as they were given. */
#define PREFIXES_MAX 16
struct prefixes {
	struct prefix item[PREFIXES_MAX];
	size_t count;
};

struct mac {
	uint8_t bytes[6];
};

/* Parse exactly one address of that family, or of either. Return 0 or -EINVAL; `out` is written on
 * success only. */
int addr_parse4(const char *text, struct addr *out);
int addr_parse6(const char *text, struct addr *out);
int addr_parse(const char *text, struct addr *out);

/* "ADDR/LEN" or "ADDR" (then LEN is 32 or 128); set host bits are refused. Returns 0 or -EINVAL. */
int prefix_parse(const char *text, struct prefix *out);

/* "xx:xx:xx:xx:xx:xx", hexadecimal of either case; a multicast or all-zero address is refused.
 * Returns 0 or -EINVAL. */
int mac_parse(const char *text, struct mac *out);

/* Print into a caller's buffer and return it. An absent address prints as "none". */
const char *addr_print(const struct addr *a, char buf[ADDR_TEXT_MAX]);
const char *prefix_print(const struct prefix *p, char buf[PREFIX_TEXT_MAX]);
const char *mac_print(const struct mac *m, char buf[MAC_TEXT_MAX]);

static inline bool addr_is_set(const struct addr *a)
{
	return a->family != 0;
}
bool mac_is_set(const struct mac *m);

/* Length of the family's address in bytes: 4, 16, or 0 for none. */
size_t addr_len(const struct addr *a);

/* Total order (family, then bytes): negative, 0, positive, as memcmp(). */
int addr_cmp(const struct addr *a, const struct addr *b);
static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}
bool mac_equal(const struct mac *a, const struct mac *b);

/* The first `len` bits of an address, its host bits zero. */
struct prefix addr_prefix(const struct addr *a, uint8_t len);

/* Whether `a` lies in `p` (never where families differ). */
bool prefix_contains(const struct prefix *p, const struct addr *a);

bool prefixes_contain(const struct prefixes *list, const struct addr *a);
bool prefixes_equal(const struct prefixes *a, const struct prefixes *b);

/* Whether the world can route all of it to somebody: an IPv6 subnet of 2000::/3 or fc00::/7. */
bool prefix_is_routable6(const struct prefix *p);

/* Whether one host can hold it as its own: not unspecified, loopback, multicast, broadcast, nor 0/8
 * or 240/4. */
bool addr_is_unicast(const struct addr *a);
bool addr_is_loopback(const struct addr *a);
bool addr_is_linklocal(const struct addr *a);

#endif
