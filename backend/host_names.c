/*
 * The file has a line a name: the name, when to ask next, then an address and its end for each.
 */
#include "backend/host_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/file.h"

static void entry_free(struct host_names_entry *e)
{
	free(e->name);
	free(e->addrs);
}

void host_names_dispose(struct host_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		entry_free(&n->items[i]);
	free(n->items);
	*n = (struct host_names){ .items = NULL };
}

static int entry_cmp(const void *a, const void *b)
{
	return strcmp(((const struct host_names_entry *)a)->name,
		((const struct host_names_entry *)b)->name);
}

static struct host_names_entry *entry_find(const struct host_names *n, const char *name)
{
	struct host_names_entry key = { .name = (char *)(uintptr_t)name };

	return n->count ? bsearch(&key, n->items, n->count, sizeof(key), entry_cmp) : NULL;
}

const struct host_names_entry *host_names_find(const struct host_names *n, const char *name)
{
	return entry_find(n, name);
}

/* --- the file --- */

/* The next word of a line, NULL at its end. */
static char *word_next(char **line)
{
	char *word = *line, *end;

	if (!word)
		return NULL;
	end = strchr(word, ' ');
	if (end)
		*end = '\0';
	*line = end ? end + 1 : NULL;
	return word;
}

static int time_parse(const char *text, int64_t *out)
{
	char *end;

	if (!text || !*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 15)
		return -EBADMSG;
	*out = strtoll(text, &end, 10);
	return 0;
}

static int line_parse(char *line, struct host_names_entry *out)
{
	char *name = word_next(&line), *word;

	if (!name || !*name || strlen(name) >= POLICY_NAME_MAX ||
		time_parse(word_next(&line), &out->ask) < 0)
		return -EBADMSG;
	out->name = strdup(name);
	out->addrs = calloc(HOST_NAMES_ADDRS_MAX, sizeof(*out->addrs));
	if (!out->name || !out->addrs)
		return -ENOMEM;
	while ((word = word_next(&line))) {
		struct host_names_addr *a = &out->addrs[out->count];

		if (out->count == HOST_NAMES_ADDRS_MAX || addr_parse(word, &a->addr) < 0 ||
			time_parse(word_next(&line), &a->until) < 0)
			return -EBADMSG;
		out->count++;
	}
	return 0;
}

static int lines_parse(char *text, struct host_names *out)
{
	int ret = 0;

	out->items = calloc(HOST_NAMES_MAX, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	while (!ret && *text) {
		char *end = strchr(text, '\n');

		if (!end || out->count == HOST_NAMES_MAX)
			return -EBADMSG;
		*end = '\0';
		ret = line_parse(text, &out->items[out->count++]);
		if (!ret && out->count > 1 &&
			entry_cmp(&out->items[out->count - 2], &out->items[out->count - 1]) >= 0)
			ret = -EBADMSG;
		text = end + 1;
	}
	return ret;
}

int host_names_parse(const char *text, struct host_names *out, struct err *e)
{
	char *copy = strdup(text);
	int ret = copy ? lines_parse(copy, out) : -ENOMEM;

	free(copy);
	if (ret)
		host_names_dispose(out);
	if (ret == -EBADMSG)
		return err_set(e, ret, "names of rules: the file is damaged");
	return ret ? err_sys(e, ret, "names of rules") : 0;
}

char *host_names_print(const struct host_names *n)
{
	char *text = NULL, addr[ADDR_TEXT_MAX];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < n->count; i++) {
		const struct host_names_entry *e = &n->items[i];

		fprintf(f, "%s %" PRId64, e->name, e->ask);
		for (size_t k = 0; k < e->count; k++)
			fprintf(f, " %s %" PRId64, addr_print(&e->addrs[k].addr, addr),
				e->addrs[k].until);
		fputc('\n', f);
	}
	if (fclose(f) != 0) {
		free(text);
		text = NULL;
	}
	return text;
}

static void file_name(const char *run_dir, char *buf, size_t size)
{
	/* No path at all rather than another one. */
	if (snprintf(buf, size, "%s/" HOST_NAMES_FILE, run_dir) >= (int)size)
		buf[0] = '\0';
}

int host_names_load(const char *run_dir, struct host_names *out, struct err *e)
{
	char path[4096], *text;
	int ret;

	*out = (struct host_names){ .items = NULL };
	file_name(run_dir, path, sizeof(path));
	if (file_read(path, HOST_NAMES_FILE_MAX, &text, NULL, NULL) < 0)
		return 0;
	ret = host_names_parse(text, out, e);
	free(text);
	return ret == -ENOMEM ? ret : 0;
}

int host_names_save(const char *run_dir, const struct host_names *n, struct err *e)
{
	char path[4096], *text = host_names_print(n);
	int ret;

	if (!text)
		return err_sys(e, -ENOMEM, "names of rules");
	file_name(run_dir, path, sizeof(path));
	ret = file_replace(path, text, strlen(text), 0644, e);
	free(text);
	return ret;
}

/* --- which names --- */

static bool rule_has_name(const struct ruleset *r, const struct policy_rule *rule)
{
	return rule->target == POLICY_TO_NAME && (!rule->expire || rule->expire > r->now);
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each name once, sorted; their number, or -ENOMEM. */
static ssize_t names_collect(const struct ruleset *r, const char ***out)
{
	size_t count = 0, space = 0, kept = 0;

	*out = NULL;
	for (size_t i = 0; i < r->guest_count; i++)
		for (size_t k = 0; k < r->guests[i].policy.count; k++) {
			const struct policy_rule *rule = &r->guests[i].policy.rules[k];

			if (!rule_has_name(r, rule))
				continue;
			if (count == space) {
				const char **more;

				space = space ? space * 2 : 64;
				more = realloc(*out, space * sizeof(*more));
				if (!more)
					return -ENOMEM;
				*out = more;
			}
			(*out)[count++] = rule->name;
		}
	if (count)
		qsort(*out, count, sizeof(**out), text_cmp);
	for (size_t i = 0; i < count && kept < HOST_NAMES_MAX; i++)
		if (!kept || strcmp((*out)[kept - 1], (*out)[i]) != 0)
			(*out)[kept++] = (*out)[i];
	return (ssize_t)kept;
}

int host_names_want(struct host_names *n, const struct ruleset *r, bool *changed)
{
	const char **wanted;
	ssize_t count = names_collect(r, &wanted);
	struct host_names next = {
		.items = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*next.items))
	};

	*changed = false;
	if (!next.items) {
		free(wanted);
		return -ENOMEM;
	}
	for (ssize_t i = 0; i < count; i++) {
		struct host_names_entry *old = entry_find(n, wanted[i]),
					*e = &next.items[next.count++];

		*changed |= !old;
		e->name = strdup(wanted[i]);
		if (old) {
			e->ask = old->ask;
			e->failing = old->failing;
			e->addrs = old->addrs;
			e->count = old->count;
			old->addrs = NULL;
			old->count = 0;
		}
		if (!e->name)
			count = -ENOMEM;
	}
	*changed |= n->count != next.count;
	free(wanted);
	host_names_dispose(n);
	*n = next;
	if (count < 0)
		host_names_dispose(n);
	return count < 0 ? -ENOMEM : 0;
}

/* --- answers --- */

static bool addr_is_of_use(const struct addr *a)
{
	return addr_is_unicast(a) && !addr_is_linklocal(a);
}

/* Those whose time is over go. */
static bool entry_prune(struct host_names_entry *e, int64_t now)
{
	size_t kept = 0, before = e->count;

	for (size_t i = 0; i < e->count; i++)
		if (e->addrs[i].until > now)
			e->addrs[kept++] = e->addrs[i];
	e->count = kept;
	return kept != before;
}

/* The place for an address: its own, a new one, or where the one stood that ends first. */
static struct host_names_addr *addr_place(
	struct host_names_entry *e, const struct addr *a, bool *changed)
{
	struct host_names_addr *first = &e->addrs[0];

	for (size_t i = 0; i < e->count; i++) {
		if (addr_equal(&e->addrs[i].addr, a))
			return &e->addrs[i];
		if (e->addrs[i].until < first->until)
			first = &e->addrs[i];
	}
	*changed = true;
	return e->count < HOST_NAMES_ADDRS_MAX ? &e->addrs[e->count++] : first;
}

int host_names_take(struct host_names *n, const char *name, const struct host_names_answer *answers,
	size_t count, int64_t now, bool *changed)
{
	struct host_names_entry *e = entry_find(n, name);
	int64_t again = HOST_NAMES_AGAIN_MAX;

	*changed = false;
	if (!e)
		return 0;
	if (!e->addrs)
		e->addrs = calloc(HOST_NAMES_ADDRS_MAX, sizeof(*e->addrs));
	if (!e->addrs)
		return -ENOMEM;
	*changed = entry_prune(e, now);
	for (size_t i = 0; i < count; i++) {
		int64_t until = now + answers[i].ttl + HOST_NAMES_GRACE;
		struct host_names_addr *a;

		if (!addr_is_of_use(&answers[i].addr))
			continue;
		a = addr_place(e, &answers[i].addr, changed);
		*a = (struct host_names_addr){ answers[i].addr, until };
		if (answers[i].ttl < again)
			again = answers[i].ttl;
	}
	e->failing = !count;
	if (!count)
		again = HOST_NAMES_AGAIN_FAILED;
	e->ask = now + (again < HOST_NAMES_AGAIN_MIN ? HOST_NAMES_AGAIN_MIN : again);
	return 0;
}

struct host_names_entry *host_names_due(struct host_names *n, int64_t now, int64_t *next)
{
	*next = 0;
	for (size_t i = 0; i < n->count; i++) {
		if (n->items[i].ask <= now)
			return &n->items[i];
		if (!*next || n->items[i].ask < *next)
			*next = n->items[i].ask;
	}
	return NULL;
}

/* --- for the rules --- */

static int addr_order(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

int host_names_to_ruleset(const struct host_names *n, int64_t now, struct ruleset *r)
{
	r->names = calloc(n->count + 1, sizeof(*r->names));
	if (!r->names)
		return -ENOMEM;
	for (size_t i = 0; i < n->count; i++) {
		const struct host_names_entry *e = &n->items[i];
		struct policy_name *p = &r->names[r->name_count++];

		p->name = strdup(e->name);
		p->addrs = calloc(e->count + 1, sizeof(*p->addrs));
		if (!p->name || !p->addrs)
			return -ENOMEM;
		for (size_t k = 0; k < e->count; k++)
			if (e->addrs[k].until > now)
				p->addrs[p->count++] = e->addrs[k].addr;
		/* In an order of their own: an answer that goes round changes no rule. */
		qsort(p->addrs, p->count, sizeof(*p->addrs), addr_order);
	}
	return 0;
}
