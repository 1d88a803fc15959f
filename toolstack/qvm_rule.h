/*
 * qvm_rule: a firewall rule as Qubes' own tools take and print it (qubes-core-admin-client:
 * qubesadmin/firewall.py). Its words are those of policy.h in another order and with every address
 * as a subnet, every port as a range. It must not know whose rule it is. Pure.
 */
#ifndef NETVM_QVM_RULE_H
#define NETVM_QVM_RULE_H

#include <stdint.h>

#include "common/err.h"
#include "xenstore-schema/policy.h"

/* In the order in which they are printed. */
enum qvm_word {
	QVM_ACTION,
	QVM_PROTO,
	QVM_HOST,
	QVM_PORTS,
	QVM_ICMP_TYPE,
	QVM_SPECIAL,
	QVM_EXPIRE,
	QVM_COMMENT,
	QVM_WORDS
};

struct qvm_rule {
	char *value[QVM_WORDS]; /* malloc'd; NULL: not said */
	const char *host;	/* name of QVM_HOST: "dst4", "dst6", "dsthost", "dst" */
};

/* A line that stands in the registry. -EINVAL: none that could; -ENOMEM. qvm_rule_dispose() in any
 * case, as below. */
int qvm_rule_read(const char *line, struct qvm_rule *out);

/*
 * Words of a command line: NAME=VALUE in any order, or values alone, which are taken for action,
 * host, protocol and ports (or ICMP type) in that order, as far as those have none. "expire=+N" is
 * N seconds from `now` (seconds since 1970). -EINVAL: what is none of these; whether the rule makes
 * sense is not looked at.
 */
int qvm_rule_take(char *const *words, int count, int64_t now, struct qvm_rule *out, struct err *e);

void qvm_rule_dispose(struct qvm_rule *r); /* may be repeated */

/* As one line, which the registry takes as well. malloc'd; NULL: memory is out. */
char *qvm_rule_print(const struct qvm_rule *r);

/* A word for people: NULL where it is not said; the time that is left of a rule as "+300s". */
#define QVM_WORD_MAX (POLICY_LINE_MAX + 1)
const char *qvm_rule_show(
	const struct qvm_rule *r, enum qvm_word w, int64_t now, char buf[QVM_WORD_MAX]);

/* Its time is over. */
bool qvm_rule_expired(const struct qvm_rule *r, int64_t now);

#endif
