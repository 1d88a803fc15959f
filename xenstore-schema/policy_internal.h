/* What the grammar's parser, printer and manual page share; nobody else includes it. */
#ifndef NETVM_POLICY_INTERNAL_H
#define NETVM_POLICY_INTERNAL_H

#include "xenstore-schema/policy.h"

/* One word of a rule line. */
struct policy_word {
	const char *name; /* NULL ends the table */
	const char *form; /* of its value, as the manual page shows it */
	bool destination; /* a rule has one such word at most */
	/* Takes the value into the rule; or -EINVAL, -EMSGSIZE or -ENOMEM, with what is wrong with
	 * it or what was expected in `why`. */
	int (*take)(const char *value, struct policy_rule *rule, struct err *why);
	/* The value that the rule has, into `value`; false where it has none. */
	bool (*print)(const struct policy_rule *rule, char value[POLICY_LINE_MAX + 1]);
	const char *help;
};

/* In the order in which a rule is printed. */
extern const struct policy_word policy_words[];

/* The words behind "dst=" that stand for many addresses; no word: none for this target. */
struct policy_target_word {
	const char *word; /* "@lan" and so on */
	const char *help;
};
extern const struct policy_target_word policy_targets[POLICY_TARGETS];

/* What the manual page shows. */
struct policy_example {
	const char *help; /* NULL ends the table */
	const char *rules;
};
extern const struct policy_example policy_examples[];

#endif
