/*
 * Netlink messages: requests are put together in their place, answers are read where they lie. What
 * does not fit is not put, and the request that it was for is not sent (netlink_run()); nothing is
 * read behind the end of what came.
 */
#include <string.h>

#include "common/netlink_internal.h"

/* --- requests --- */

/* Room for `len` more bytes, what fills them up zeroed; NULL where there is none. */
static void *request_add(struct netlink_request *r, size_t len)
{
	size_t at = r->header->nlmsg_len, more = NLMSG_ALIGN(len);

	if (more < len || more > sizeof(r->space) - at) {
		r->full = true;
		return NULL;
	}
	r->header->nlmsg_len += (uint32_t)more;
	memset(r->space + at + len, 0, more - len);
	return r->space + at;
}

void netlink_begin(struct netlink_request *r, enum netlink_bus bus, uint16_t type, uint16_t flags,
	const void *fixed, size_t len)
{
	void *at;

	r->bus = bus;
	r->full = false;
	r->fixed = len;
	r->header = &r->align;
	*r->header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
	};
	at = request_add(r, len);
	if (at)
		memcpy(at, fixed, len);
}

void netlink_ask_one(struct netlink_request *r)
{
	r->header->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
}

static struct nlattr *attr_begin(struct netlink_request *r, uint16_t type, size_t len)
{
	struct nlattr *attr = NULL;

	if (len > UINT16_MAX - NLA_HDRLEN)
		r->full = true;
	else
		attr = request_add(r, NLA_HDRLEN + len);
	if (attr)
		*attr = (struct nlattr){ (uint16_t)(NLA_HDRLEN + len), type };
	return attr;
}

void attr_put(struct netlink_request *r, uint16_t type, size_t len, const void *data)
{
	struct nlattr *attr = attr_begin(r, type, len);

	if (attr && len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
}

void attr_put_u16(struct netlink_request *r, uint16_t type, uint16_t value)
{
	attr_put(r, type, sizeof(value), &value);
}

void attr_put_u32(struct netlink_request *r, uint16_t type, uint32_t value)
{
	attr_put(r, type, sizeof(value), &value);
}

void attr_put_text(struct netlink_request *r, uint16_t type, const char *text)
{
	attr_put(r, type, strlen(text) + 1, text);
}

struct nlattr *attr_nest(struct netlink_request *r, uint16_t type)
{
	return attr_begin(r, (uint16_t)(type | NLA_F_NESTED), 0);
}

void attr_nest_end(struct netlink_request *r, struct nlattr *nest)
{
	size_t len = nest ? r->header->nlmsg_len - (size_t)((char *)nest - r->space) : 0;

	if (len > UINT16_MAX)
		r->full = true;
	else if (nest)
		nest->nla_len = (uint16_t)len;
}

void netlink_put_addr(struct netlink_request *r, uint16_t type, const struct addr *a)
{
	if (addr_is_set(a))
		attr_put(r, type, addr_len(a), a->bytes);
}

/* --- answers --- */

const struct nlmsghdr *message_at(const void *at, const void *end)
{
	const struct nlmsghdr *h = at;
	ptrdiff_t room = (const char *)end - (const char *)at;

	return room >= NLMSG_HDRLEN && h->nlmsg_len >= NLMSG_HDRLEN && h->nlmsg_len <= (size_t)room
		       ? h
		       : NULL;
}

const void *message_end(const struct nlmsghdr *h)
{
	return (const char *)h + NLMSG_ALIGN(h->nlmsg_len);
}

const void *message_data(const struct nlmsghdr *h)
{
	return (const char *)h + NLMSG_HDRLEN;
}

size_t message_len(const struct nlmsghdr *h)
{
	return h->nlmsg_len - NLMSG_HDRLEN;
}

uint16_t attr_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

size_t attr_len(const struct nlattr *attr)
{
	return attr->nla_len - (size_t)NLA_HDRLEN;
}

const void *attr_data(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

/* The attribute at `at`, or NULL where none fits before `end`. */
static const struct nlattr *attr_at(const void *at, const void *end)
{
	const struct nlattr *attr = at;
	ptrdiff_t room = (const char *)end - (const char *)at;

	return room >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN && attr->nla_len <= room ? attr
											  : NULL;
}

const struct nlattr *attr_first(const struct nlattr *nest)
{
	return attr_at(attr_data(nest), (const char *)nest + nest->nla_len);
}

const struct nlattr *attr_next(const struct nlattr *nest, const struct nlattr *attr)
{
	return attr_at(
		(const char *)attr + NLA_ALIGN(attr->nla_len), (const char *)nest + nest->nla_len);
}

bool attr_is_text(const struct nlattr *attr)
{
	return attr_len(attr) > 0 && ((const char *)attr_data(attr))[attr_len(attr) - 1] == '\0';
}

const char *attr_text(const struct nlattr *attr)
{
	return attr_data(attr);
}

/* The number that it holds; what is missing of it is 0. */
static void attr_number(const struct nlattr *attr, void *out, size_t size)
{
	memset(out, 0, size);
	memcpy(out, attr_data(attr), attr_len(attr) < size ? attr_len(attr) : size);
}

uint8_t attr_u8(const struct nlattr *attr)
{
	uint8_t n;

	attr_number(attr, &n, sizeof(n));
	return n;
}

uint16_t attr_u16(const struct nlattr *attr)
{
	uint16_t n;

	attr_number(attr, &n, sizeof(n));
	return n;
}

uint32_t attr_u32(const struct nlattr *attr)
{
	uint32_t n;

	attr_number(attr, &n, sizeof(n));
	return n;
}

uint64_t attr_u64(const struct nlattr *attr)
{
	uint64_t n;

	attr_number(attr, &n, sizeof(n));
	return n;
}

bool attr_is_u32(const struct nlattr *attr)
{
	return attr_len(attr) == sizeof(uint32_t);
}

bool attr_is_u64(const struct nlattr *attr)
{
	return attr_len(attr) == sizeof(uint64_t);
}

bool netlink_get_addr(const struct nlattr *attr, uint8_t family, struct addr *out)
{
	struct addr a = { .family = family };

	if (!attr || addr_len(&a) == 0 || attr_len(attr) != addr_len(&a))
		return false;
	memcpy(a.bytes, attr_data(attr), addr_len(&a));
	*out = a;
	return true;
}

static void table_fill(const void *at, const void *end, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1U) * sizeof(*table));
	for (attr = attr_at(at, end); attr;
		attr = attr_at((const char *)attr + NLA_ALIGN(attr->nla_len), end))
		if (attr_type(attr) <= max && !table[attr_type(attr)])
			table[attr_type(attr)] = attr;
}

void netlink_attrs(
	const struct nlmsghdr *h, size_t fixed, const struct nlattr **table, uint16_t max)
{
	table_fill((const char *)message_data(h) + NLMSG_ALIGN(fixed),
		(const char *)h + h->nlmsg_len, table, max);
}

void netlink_attrs_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	table_fill(attr_data(nest), (const char *)nest + nest->nla_len, table, max);
}

/* --- comparing --- */

/* The `n`th attribute of a type in a nest; NULL: there are not so many. */
static const struct nlattr *attr_nth(const struct nlattr *nest, uint16_t type, size_t n)
{
	const struct nlattr *a = attr_first(nest);

	while (a && (attr_type(a) != type || n--))
		a = attr_next(nest, a);
	return a;
}

bool attr_says(const struct nlattr *is, const struct nlattr *said)
{
	uint16_t last = 0;
	size_t n = 0;

	if (!(said->nla_type & NLA_F_NESTED))
		return attr_len(is) == attr_len(said) &&
		       memcmp(attr_data(is), attr_data(said), attr_len(said)) == 0;
	for (const struct nlattr *s = attr_first(said); s; s = attr_next(said, s)) {
		const struct nlattr *i;

		/* Those of one type stand together. */
		n = attr_type(s) == last ? n + 1 : 0;
		last = attr_type(s);
		i = attr_nth(is, last, n);
		if (!i || !attr_says(i, s) ||
			(!attr_nth(said, last, n + 1) && attr_nth(is, last, n + 1)))
			return false;
	}
	return true;
}
