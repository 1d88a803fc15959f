#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int addr_parse4(const char *text, struct addr *out)
{
	struct addr a = { .family = AF_INET };

	/* inet_pton(3) takes decimal only; glibc refuses leading zeros, other libraries may not. */
	for (const char *c = text; *c; c++)
		if (*c == '0' && c[1] >= '0' && c[1] <= '9' && (c == text || c[-1] == '.'))
			return -EINVAL;
	if (inet_pton(AF_INET, text, a.bytes) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

int addr_parse6(const char *text, struct addr *out)
{
	struct addr a = { .family = AF_INET6 };

	if (inet_pton(AF_INET6, text, a.bytes) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

int addr_parse(const char *text, struct addr *out)
{
	return strchr(text, ':') ? addr_parse6(text, out) : addr_parse4(text, out);
}

/* A decimal number of at most `max`, without sign or leading zero. */
static int number_parse(const char *text, unsigned int max, unsigned int *out)
{
	unsigned int n = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (unsigned int)(*text - '0');
		if (n > max)
			return -EINVAL;
	}
	*out = n;
	return 0;
}

/* Clears what lies behind the first `len` bits. */
static void addr_mask(struct addr *a, unsigned int len)
{
	for (size_t i = 0; i < addr_len(a); i++) {
		unsigned int left = len > i * 8 ? len - (unsigned int)i * 8 : 0;

		a->bytes[i] &= left >= 8 ? 0xff : (uint8_t)(0xff00 >> left);
	}
}

int prefix_parse(const char *text, struct prefix *out)
{
	char addr[ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct addr a, masked;
	unsigned int len;

	if (n >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (addr_parse(addr, &a) < 0)
		return -EINVAL;
	len = (unsigned int)addr_len(&a) * 8;
	if (slash && number_parse(slash + 1, len, &len) < 0)
		return -EINVAL;
	masked = a;
	addr_mask(&masked, len);
	if (!addr_equal(&a, &masked))
		return -EINVAL;
	out->addr = a;
	out->len = (uint8_t)len;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int mac_parse(const char *text, struct mac *out)
{
	struct mac m;

	if (strlen(text) != MAC_TEXT_MAX - 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		int hi = hex_digit(text[i * 3]), lo = hex_digit(text[i * 3 + 1]);

		if (hi < 0 || lo < 0 || (i < 5 && text[i * 3 + 2] != ':'))
			return -EINVAL;
		m.bytes[i] = (uint8_t)(hi << 4 | lo);
	}
	if ((m.bytes[0] & 1) || !mac_is_set(&m))
		return -EINVAL;
	*out = m;
	return 0;
}

/* A packet filter's rules are full of these: inet_ntop() takes five times as long. */
static void addr_print4(const uint8_t bytes[4], char *at)
{
	for (int i = 0; i < 4; i++) {
		uint8_t b = bytes[i];

		if (b >= 100)
			*at++ = (char)('0' + b / 100);
		if (b >= 10)
			*at++ = (char)('0' + b / 10 % 10);
		*at++ = (char)('0' + b % 10);
		*at++ = i < 3 ? '.' : '\0';
	}
}

const char *addr_print(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	if (a->family == AF_INET)
		addr_print4(a->bytes, buf);
	else if (!addr_is_set(a) || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX))
		memcpy(buf, "none", sizeof("none"));
	return buf;
}

const char *prefix_print(const struct prefix *p, char buf[PREFIX_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	snprintf(buf, PREFIX_TEXT_MAX, "%s/%u", addr_print(&p->addr, addr), p->len);
	return buf;
}

const char *mac_print(const struct mac *m, char buf[MAC_TEXT_MAX])
{
	const uint8_t *b = m->bytes;

	snprintf(buf, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		b[5]);
	return buf;
}

bool mac_is_set(const struct mac *m)
{
	static const struct mac none;

	return memcmp(m, &none, sizeof(none)) != 0;
}

size_t addr_len(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return (int)a->family - (int)b->family;
	return memcmp(a->bytes, b->bytes, addr_len(a));
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

struct prefix addr_prefix(const struct addr *a, uint8_t len)
{
	struct prefix p = { .addr = *a, .len = len };

	for (unsigned int bit = len; bit < addr_len(a) * 8; bit++)
		p.addr.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	return p;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	struct addr masked = *a;

	if (!addr_is_set(a) || a->family != p->addr.family)
		return false;
	addr_mask(&masked, p->len);
	return addr_equal(&masked, &p->addr);
}

bool prefixes_contain(const struct prefixes *list, const struct addr *a)
{
	for (size_t i = 0; i < list->count; i++)
		if (prefix_contains(&list->item[i], a))
			return true;
	return false;
}

bool prefixes_equal(const struct prefixes *a, const struct prefixes *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (a->item[i].len != b->item[i].len ||
			!addr_equal(&a->item[i].addr, &b->item[i].addr))
			return false;
	return a->count == b->count;
}

bool prefix_is_routable6(const struct prefix *p)
{
	/* RFC 4291 section 2.4, RFC 4193. */
	static const struct prefix routable[] = {
		{ { AF_INET6, { 0x20 } }, 3 },
		{ { AF_INET6, { 0xfc } }, 7 },
	};

	for (size_t i = 0; i < sizeof(routable) / sizeof(routable[0]); i++)
		if (p->len >= routable[i].len && prefix_contains(&routable[i], &p->addr))
			return true;
	return false;
}

static bool addr_is_in(const struct addr *a, const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_contains(&prefixes[i], a))
			return true;
	return false;
}

#define IS_IN(a, prefixes) addr_is_in(a, prefixes, sizeof(prefixes) / sizeof((prefixes)[0]))

bool addr_is_unicast(const struct addr *a)
{
	/* RFC 6890 and RFC 4291 section 2.4; ::ffff:0:0/96 (mapped IPv4) is nobody's address on a
	 * wire. */
	static const struct prefix never[] = {
		{ { AF_INET, { 0 } }, 8 },
		{ { AF_INET, { 127 } }, 8 },
		{ { AF_INET, { 224 } }, 4 },
		{ { AF_INET, { 240 } }, 4 },
		{ { AF_INET6, { 0 } }, 127 },
		{ { AF_INET6, { [10] = 0xff, [11] = 0xff } }, 96 },
		{ { AF_INET6, { 0xff } }, 8 },
	};

	return addr_is_set(a) && !IS_IN(a, never);
}

bool addr_is_loopback(const struct addr *a)
{
	static const struct prefix loopback[] = {
		{ { AF_INET, { 127 } }, 8 },
		{ { AF_INET6, { [15] = 1 } }, 128 },
	};

	return IS_IN(a, loopback);
}

bool addr_is_linklocal(const struct addr *a)
{
	static const struct prefix linklocal[] = {
		{ { AF_INET, { 169, 254 } }, 16 },
		{ { AF_INET6, { 0xfe, 0x80 } }, 10 },
	};

	return IS_IN(a, linklocal);
}
