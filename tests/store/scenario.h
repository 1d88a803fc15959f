/*
 * scenario: behaviour of the store and the schema, shown on a real xenstored.
 *
 * Each scenario is a sentence and a function that ends at the first thing that is not as wanted.
 * One of them runs at a time, in a process of its own (scenarios.c), with a store open that nobody
 * else uses.
 */
#ifndef NETVM_TESTS_STORE_SCENARIO_H
#define NETVM_TESTS_STORE_SCENARIO_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore-schema/schema.h"

struct scenario {
	const char *sentence; /* NULL ends a table */
	void (*run)(struct store *s);
	const char *only; /* "xenstored" or "oxenstored" (with-xenstored), NULL: on both */
};

/* clang-format off */
#define SCENARIO(words, function) { .sentence = words, .run = function }
#define SCENARIO_ON(kind, words, function) { .sentence = words, .run = function, .only = kind }
/* clang-format on */

/* Whether it is oxenstored that answers. */
bool is_oxenstored(void);

extern const struct scenario scenarios_nodes[], scenarios_published[], scenarios_clients[],
	scenarios_reports[], scenarios_permissions[], scenarios_costs[], scenarios_faults[];

/* The error of the call that is being checked; names itself when something is not as wanted. */
extern struct err scenario_err;

/* Ends the scenario. */
void scenario_fail(const char *where, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));

/* The call returns this number. */
#define RETURNS(want, call)                                                                        \
	do {                                                                                       \
		scenario_err = (struct err)ERR_NONE;                                               \
		int saw_ = (call);                                                                 \
		if (saw_ != (want))                                                                \
			scenario_fail(__FILE__, __LINE__, "%s: wanted %d, saw %d%s%s", #call,      \
				(int)(want), saw_, scenario_err.text[0] ? ": " : "",               \
				scenario_err.text);                                                \
	} while (0)

#define IS(want, saw)                                                                              \
	do {                                                                                       \
		long want_ = (long)(want), saw_ = (long)(saw);                                     \
		if (saw_ != want_)                                                                 \
			scenario_fail(                                                             \
				__FILE__, __LINE__, "%s: wanted %ld, saw %ld", #saw, want_, saw_); \
	} while (0)

#define IS_TEXT(want, saw)                                                                         \
	do {                                                                                       \
		const char *want_ = (want), *saw_ = (saw);                                         \
		if (strcmp(saw_, want_) != 0)                                                      \
			scenario_fail(__FILE__, __LINE__, "%s: wanted \"%s\", saw \"%s\"", #saw,   \
				want_, saw_);                                                      \
	} while (0)

/* What is in a node, or "(none)"; valid until the next call. */
const char *node_text(struct store *s, const char *path);
/* Writes, and ends the scenario where that fails. */
void node_put(struct store *s, const char *path, const char *value);
/* A node's permissions as xenstore-ls prints them: "n0,r5". Valid until the next call. */
const char *node_perms(const char *path);
/* What xenstored holds below `path`, nodes, values and permissions; malloc'd. */
char *tree_text(const char *path);

/* Waits for the next event and takes it. */
void event_await(struct store *s, char path[STORE_PATH_MAX], char token[64]);

/* Between the two no event comes for what is done at or below `watched`. */
struct store *quiet_begin(const char *watched);
void quiet_end(struct store *watcher, struct store *s, const char *watched);

struct addr addr_of(const char *text);
struct mac mac_of(const char *text);

#endif
