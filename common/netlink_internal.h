/*
 * netlink_internal: the conversation with the kernel under common/netlink.h, shared by its files.
 *
 * A request is built in a struct netlink_request (header, fixed part, attributes) and run: sent,
 * answers handed to a callback, until all has been said. Nobody but common/netlink*.c includes
 * this.
 *
 * No library does it: what libmnl has of this is small, does not look whether a request is full,
 * reads a number behind the end of a short attribute, and cannot be part of a program that is
 * linked statically (Debian has no libmnl.a), as vif-route-netvm is for the sake of its start.
 */
#ifndef NETVM_NETLINK_INTERNAL_H
#define NETVM_NETLINK_INTERNAL_H

#include <linux/netlink.h>

#include "common/netlink.h"

#define NETLINK_REQUEST_MAX 16384 /* a guard program of 1,500 instructions and some attributes */

enum netlink_bus { BUS_ROUTE, BUS_NETFILTER, BUS_COUNT };

struct netlink_request {
	enum netlink_bus bus;
	bool full;    /* something did not fit: it cannot be sent */
	size_t fixed; /* bytes of the fixed part; an answer has one of the same kind */
	struct nlmsghdr *header;
	union {
		struct nlmsghdr align;
		char space[NETLINK_REQUEST_MAX];
	};
};

/*
 * Begins a request of `type` with `flags` (NLM_F_REQUEST and NLM_F_ACK are added) and copies its
 * fixed part of `len` bytes behind the header.
 */
void netlink_begin(struct netlink_request *r, enum netlink_bus bus, uint16_t type, uint16_t flags,
	const void *fixed, size_t len);

/* For a request that asks for one thing: its answer is one message or an error, and no
 * acknowledgement is waited for besides. */
void netlink_ask_one(struct netlink_request *r);

/* Put an attribute; a text with its NUL. A nest holds those that are put before its end. */
void attr_put(struct netlink_request *r, uint16_t type, size_t len, const void *data);
void attr_put_u16(struct netlink_request *r, uint16_t type, uint16_t value);
void attr_put_u32(struct netlink_request *r, uint16_t type, uint32_t value);
void attr_put_text(struct netlink_request *r, uint16_t type, const char *text);
struct nlattr *attr_nest(struct netlink_request *r, uint16_t type);
void attr_nest_end(struct netlink_request *r, struct nlattr *nest);
/* An absent address is left out. */
void netlink_put_addr(struct netlink_request *r, uint16_t type, const struct addr *a);

/* A message of an answer at `at`, or NULL where no whole one is before `end`; where the next may
 * be; what stands behind its header. */
const struct nlmsghdr *message_at(const void *at, const void *end);
const void *message_end(const struct nlmsghdr *h);
const void *message_data(const struct nlmsghdr *h);
size_t message_len(const struct nlmsghdr *h);

/* What an attribute is and holds. Of a number that is shorter the rest is 0. attr_text() is for one
 * of which attr_is_text() holds: its last byte is a NUL. */
uint16_t attr_type(const struct nlattr *attr);
size_t attr_len(const struct nlattr *attr);
const void *attr_data(const struct nlattr *attr);
bool attr_is_text(const struct nlattr *attr);
bool attr_is_u32(const struct nlattr *attr);
bool attr_is_u64(const struct nlattr *attr);
const char *attr_text(const struct nlattr *attr);
uint8_t attr_u8(const struct nlattr *attr);
uint16_t attr_u16(const struct nlattr *attr);
uint32_t attr_u32(const struct nlattr *attr);
uint64_t attr_u64(const struct nlattr *attr);
/* An address of `family`; false where its length does not fit, or there is no attribute. */
bool netlink_get_addr(const struct nlattr *attr, uint8_t family, struct addr *out);

/* The attributes in a nest, one after the other; NULL: no more. */
const struct nlattr *attr_first(const struct nlattr *nest);
const struct nlattr *attr_next(const struct nlattr *nest, const struct nlattr *attr);

/* Whether `is`, which the kernel said, says all that `said` does, which it was told: the same bytes
 * or, in a nest, for each type that `said` has, as many that say all that those do. What is of
 * other types the kernel added. */
bool attr_says(const struct nlattr *is, const struct nlattr *said);

/* Called for each message of the answer. Returns 0, or a negative errno that ends the request. */
typedef int (*netlink_answer)(const struct nlmsghdr *h, void *arg);

/*
 * Sends `r` and takes the answer until the kernel's acknowledgement, the end of the dump, or the
 * one message that was asked for. Returns 0 or a negative errno; netlink_words() then has the
 * kernel's own explanation, if it gave one. A dump that something changed under is asked for again:
 * `restart` (may be NULL) is called with `arg` before.
 */
int netlink_run(struct netlink *nl, struct netlink_request *r, netlink_answer answer,
	void (*restart)(void *arg), void *arg);
const char *netlink_words(const struct netlink *nl);

/* Several requests that the kernel takes all or none of (a batch of nfnetlink). `bytes` alone are
 * those added; without netlink_batch_begin() one cannot be run, and zeroed it is empty. */
struct netlink_batch {
	char *bytes; /* malloc'd */
	size_t len, space;
	int rc; /* of what could not be added */
};
void netlink_batch_begin(struct netlink_batch *b, uint16_t subsystem);
void netlink_batch_add(struct netlink_batch *b, const struct netlink_request *r);
/* Once. Returns as netlink_run(), the first error of any. */
int netlink_batch_run(struct netlink *nl, struct netlink_batch *b);
void netlink_batch_dispose(struct netlink_batch *b); /* may be repeated */

/* netlink_batch_run() with a batch that has its end: aligned messages one behind the other, whose
 * numbers and acknowledgements are set here. */
int netlink_run_all(struct netlink *nl, char *messages, size_t len);

/* The link whose rewriting a message of nf_tables is about; NULL: it is about something else. */
const char *rewrites_of(const struct nlmsghdr *h);

/* As err_sys() with the sentence, and the kernel's explanation behind it where there is one. */
int netlink_fail(struct netlink *nl, struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A growing array of `size`-byte items. */
struct netlink_list {
	void *items;
	size_t count, space, size;
};
/* Room for one more, zeroed, or NULL without memory. */
void *netlink_list_add(struct netlink_list *l);
void netlink_list_clear(void *list); /* keeps the memory; a `restart` */
/* Hands the array over to the caller of a public function (never NULL, so that free(3) suits). */
int netlink_list_give(struct netlink_list *l, int rc, void *out, size_t *count);

/* Attributes of a message by type, the first of each, up to `max`; NULL where absent. */
void netlink_attrs(
	const struct nlmsghdr *h, size_t fixed, const struct nlattr **table, uint16_t max);
void netlink_attrs_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max);

/* The two ways of conntrack_forget(), for its test. -EINVAL: this kernel deletes by no filter. */
int conntrack_forget_by_filter(struct netlink *nl, const struct addr *addr);
int conntrack_forget_by_dump(struct netlink *nl, const struct addr *addr);

#endif
