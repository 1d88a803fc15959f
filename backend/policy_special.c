/* What @private and @internet mean in addresses. */
#include <sys/socket.h>

#include "backend/policy_decide.h"

/* clang-format off */
#define BYTES2(a)	(a) >> 8, (a) & 0xff
#define V4(a, b, c, d, len) { { AF_INET, { a, b, c, d } }, len }
/* The first three groups of an IPv6 address. */
#define V6(a, b, c, len) { { AF_INET6, { BYTES2(a), BYTES2(b), BYTES2(c) } }, len }
/* ::a:b:0:0 */
#define V6_LOW(a, b, len) { { AF_INET6, { [8] = BYTES2(a), BYTES2(b) } }, len }
/* An IPv4 prefix behind NAT64's well-known one, 64:ff9b::/96 (RFC 6052): it leads there. */
#define NAT64(a, b, c, d, len) \
	{ { AF_INET6, { 0x00, 0x64, 0xff, 0x9b, [12] = a, b, c, d } }, 96 + (len) }
#define BOTH(a, b, c, d, len) V4(a, b, c, d, len), NAT64(a, b, c, d, len)

static const struct prefix private[] = {
	BOTH(10, 0, 0, 0, 8),		/* RFC 1918 */
	BOTH(172, 16, 0, 0, 12),
	BOTH(192, 168, 0, 0, 16),
	BOTH(100, 64, 0, 0, 10),	/* RFC 6598: behind a provider's NAT */
	BOTH(169, 254, 0, 0, 16),	/* RFC 3927: link-local */
	V6(0xfc00, 0, 0, 7),		/* RFC 4193: unique local */
	V6(0xfe80, 0, 0, 10),		/* RFC 4291: link-local */
};

/* The registries of RFC 6890, with what has been added to them since; multicast and what is
 * reserved. */
static const struct prefix special[] = {
	BOTH(0, 0, 0, 0, 8),		/* this network */
	BOTH(127, 0, 0, 0, 8),		/* loopback */
	BOTH(192, 0, 0, 0, 24),		/* IETF protocol assignments */
	BOTH(192, 88, 99, 0, 24),	/* RFC 7526: 6to4 relays, deprecated */
	BOTH(198, 18, 0, 0, 15),	/* RFC 2544: benchmarks */
	BOTH(224, 0, 0, 0, 4),		/* multicast */
	BOTH(240, 0, 0, 0, 4),		/* reserved, and the limited broadcast */
	V6(0, 0, 0, 96),		/* unspecified, loopback, IPv4-compatible (RFC 4291) */
	V6_LOW(0, 0xffff, 96),		/* IPv4-mapped: ::ffff:0:0/96 */
	V6_LOW(0xffff, 0, 96),		/* RFC 2765: IPv4-translated, ::ffff:0:0:0/96 */
	V6(0x64, 0xff9b, 1, 48),	/* RFC 8215: NAT64 of one's own */
	V6(0x100, 0, 0, 32),		/* RFC 6666 and 9780: discarded, dummies */
	V6(0x2001, 0, 0, 23),		/* IETF protocol assignments, Teredo */
	V6(0x2002, 0, 0, 16),		/* RFC 3056: 6to4, any IPv4 address behind it */
	V6(0x5f00, 0, 0, 16),		/* RFC 9602: segment routing */
	V6(0xfec0, 0, 0, 10),		/* RFC 3879: site-local, deprecated */
	V6(0xff00, 0, 0, 8),		/* multicast */
};
/* clang-format on */

const struct prefix *policy_private(size_t *count)
{
	*count = sizeof(private) / sizeof(private[0]);
	return private;
}

const struct prefix *policy_special(size_t *count)
{
	*count = sizeof(special) / sizeof(special[0]);
	return special;
}
