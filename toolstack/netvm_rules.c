#include "toolstack/netvm_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POLICY "policy="

static const char *const verdicts[] = { [POLICY_ACCEPT] = "accept", [POLICY_DROP] = "drop" };

/* Room for one more: there is room for the power of two that the count has reached, at least. */
static int rules_grow(struct rules *r)
{
	char **grown;

	if (r->count & (r->count - 1))
		return 0;
	grown = realloc(r->line, (r->count ? 2 * r->count : 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->line = grown;
	return 0;
}

int rules_insert(struct rules *r, size_t at, const char *rule, struct err *e)
{
	char *copy = strdup(rule);

	if (!copy || rules_grow(r)) {
		free(copy);
		return err_sys(e, -ENOMEM, "a rule");
	}
	memmove(&r->line[at + 1], &r->line[at], (r->count - at) * sizeof(*r->line));
	r->line[at] = copy;
	r->count++;
	return 0;
}

void rules_delete(struct rules *r, size_t at)
{
	free(r->line[at]);
	r->count--;
	memmove(&r->line[at], &r->line[at + 1], (r->count - at) * sizeof(*r->line));
}

void rules_dispose(struct rules *r)
{
	while (r->count)
		free(r->line[--r->count]);
	free(r->line);
	*r = (struct rules){ .count = 0 };
}

bool rules_equal(const struct rules *a, const struct rules *b)
{
	if (a->count != b->count || a->said != b->said || a->policy != b->policy)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->line[i], b->line[i]) != 0)
			return false;
	return true;
}

/* --- from a domain, and into its file --- */

int rules_of(const struct registry_domain *d, struct rules *out, struct err *e)
{
	char *copy = strdup(d->rules ? d->rules : ""), *rest = NULL;
	int ret = copy ? 0 : err_sys(e, -ENOMEM, "%s", d->name);

	*out = (struct rules){ .said = RULES_POLICY_DEFAULT };
	if (d->policy_text)
		rules_policy_parse(out, d->policy_text);
	for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line && !ret;
		line = strtok_r(NULL, "\n", &rest))
		ret = rules_insert(out, out->count, line, e);
	free(copy);
	return ret;
}

size_t rules_changes(
	const struct rules *r, const char **policy, struct registry_change out[NETVM_DECIDED_MAX])
{
	const bool given = r->said == RULES_POLICY_GIVEN;

	out[0] = (struct registry_change){ "rules", r->count ? (const char *const *)r->line : NULL,
		r->count };
	if (r->said == RULES_POLICY_UNSAID)
		return 1;
	*policy = verdicts[r->policy];
	out[1] = (struct registry_change){ "policy", given ? policy : NULL, 1 };
	return 2;
}

/* --- as a text --- */

int rules_policy_parse(struct rules *r, const char *word)
{
	r->policy = POLICY_ACCEPT;
	r->said = strcmp(word, "default") == 0 ? RULES_POLICY_DEFAULT : RULES_POLICY_UNSAID;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(word, verdicts[i]) == 0) {
			r->said = RULES_POLICY_GIVEN;
			r->policy = (enum policy_verdict)i;
		}
	return r->said == RULES_POLICY_UNSAID ? -EINVAL : 0;
}

static int policy_take(struct rules *r, const char *line, struct err *e)
{
	if (r->said != RULES_POLICY_UNSAID)
		return err_set(e, -EINVAL, "the policy is said a second time");
	if (rules_policy_parse(r, line + strlen(POLICY)))
		return config_refuse(
			line, "a policy: policy=accept, policy=drop or policy=default expected", e);
	return 0;
}

static int line_take(struct rules *r, const char *line, struct err *e)
{
	struct err why = ERR_NONE;

	if (!line[0] || line[0] == '#')
		return 0;
	if (strncmp(line, POLICY, strlen(POLICY)) == 0)
		return policy_take(r, line, e);
	if (registry_rule_check(line, &why)) {
		err_prefix(&why, "a rule");
		return config_refuse(line, why.text, e);
	}
	return rules_insert(r, r->count, line, e);
}

int rules_parse(const char *name, const char *text, struct rules *out, struct err *e)
{
	int ret = 0;

	*out = (struct rules){ .said = RULES_POLICY_UNSAID };
	for (unsigned int number = 1; *text && !ret; number++) {
		const size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		ret = line ? line_take(out, line, e) : err_sys(e, -ENOMEM, "a rule");
		if (ret)
			err_prefix(e, "%s:%u", name, number);
		free(line);
		text += len + (text[len] == '\n');
	}
	return ret;
}

void rules_print(FILE *out, const char *name, const struct rules *r)
{
	fprintf(out,
		"# What %s may reach: a rule a line (xen-netvm-policy(7)), the first that matches "
		"decides.\n"
		"# policy: for what none matches, accept or drop; default is drop where there are "
		"rules, else accept.\n",
		name);
	for (size_t i = 0; i < r->count; i++)
		fprintf(out, "%s\n", r->line[i]);
	if (r->said != RULES_POLICY_UNSAID)
		fprintf(out, POLICY "%s\n",
			r->said == RULES_POLICY_GIVEN ? verdicts[r->policy] : "default");
}
