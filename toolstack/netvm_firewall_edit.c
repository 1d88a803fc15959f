/* netvm firewall NAME edit, load FILE, save [FILE]: all rules of a domain and its policy as one
 * text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "toolstack/netvm_editor.h"
#include "toolstack/netvm_firewall.h"

/* malloc'd; NULL: memory is out. */
static char *text_of(const char *name, const struct rules *r)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	rules_print(out, name, r);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* The rules of the domain that is in order. rules_dispose() in any case. */
static int rules_read(const struct netvm *n, struct rules *out, struct err *e)
{
	const struct registry_domain *d;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	*out = (struct rules){ .count = 0 };
	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = rules_of(d, out, e);
	registry_dispose(&r);
	return ret;
}

static void changed_say(const struct netvm *n, const struct rules *r)
{
	if (n->o.dry_run)
		printf("would set %zu rules of %s\n", r->count, n->args[0]);
}

/* A text with nothing in it may be that of a program that failed, and would open everything. */
static int nothing_check(
	const struct netvm *n, const char *path, const struct rules *r, struct err *e)
{
	if (r->count || r->said == RULES_POLICY_GIVEN)
		return 0;
	return err_set(e, -EINVAL,
		"%s: neither a rule nor a policy (policy=drop) in it, so that %s might reach "
		"everything; if it is to, say netvm firewall %s reset",
		path, n->args[0], n->args[0]);
}

/* --- save --- */

/* A device or a pipe would be replaced by a file of its name. */
static int file_check(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, -EINVAL,
			"%s is no regular file; without a name the rules are printed", path);
	return 0;
}

int firewall_save(const struct netvm *n, struct err *e)
{
	const char *path = n->count > 2 ? n->args[2] : "-";
	const bool prints = strcmp(path, "-") == 0;
	struct rules rules;
	char *text = NULL;
	int ret = rules_read(n, &rules, e);

	if (!ret) {
		text = text_of(n->args[0], &rules);
		ret = text ? 0 : err_sys(e, -ENOMEM, "%s", n->args[0]);
	}
	if (!ret && !prints)
		ret = file_check(path, e);
	if (!ret && prints)
		fputs(text, stdout);
	else if (!ret && n->o.dry_run)
		printf("would write %s\n", path);
	else if (!ret)
		ret = file_replace(path, text, strlen(text), 0644, e);
	free(text);
	rules_dispose(&rules);
	return ret;
}

/* --- load --- */

/* Reads to the end, also from a pipe. `*out` malloc'd. */
static int stream_read(FILE *in, const char *name, char **out, struct err *e)
{
	size_t len = 0;
	char *text = malloc(CONFIG_FILE_MAX + 2);
	int ret = 0;

	if (!text)
		return err_sys(e, -ENOMEM, "%s", name);
	len = fread(text, 1, CONFIG_FILE_MAX + 1, in);
	text[len] = '\0';
	if (ferror(in))
		ret = err_sys(e, -EIO, "%s", name);
	else if (len > CONFIG_FILE_MAX)
		ret = err_set(e, -EFBIG, "%s: larger than the %d bytes that are read of it", name,
			CONFIG_FILE_MAX);
	else if (strlen(text) != len)
		ret = err_set(e, -EILSEQ, "%s: holds a NUL byte, which no text does", name);
	if (ret)
		free(text);
	else
		*out = text;
	return ret;
}

static int text_read(const char *path, const char **name, char **out, struct err *e)
{
	const bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	int ret;

	*name = standard ? "standard input" : path;
	if (!in)
		return err_sys(e, -errno, "%s", path);
	ret = stream_read(in, *name, out, e);
	if (!standard)
		fclose(in);
	return ret;
}

int firewall_load(const struct netvm *n, struct err *e)
{
	struct registry_change changes[NETVM_DECIDED_MAX];
	struct rules rules = { .count = 0 };
	const char *path, *policy;
	char *text = NULL;
	int ret = text_read(n->args[2], &path, &text, e);

	if (!ret)
		ret = rules_parse(path, text, &rules, e);
	if (!ret)
		ret = nothing_check(n, path, &rules, e);
	if (!ret)
		ret = firewall_change(n, changes, rules_changes(&rules, &policy, changes), e);
	if (!ret)
		changed_say(n, &rules);
	rules_dispose(&rules);
	free(text);
	return ret;
}

/* --- edit --- */

struct edited {
	struct rules before, after;
	const char *policy; /* what changes may point to */
};

static int edit_decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change out[NETVM_DECIDED_MAX], void *arg, struct err *e)
{
	struct edited *ed = arg;
	struct rules now;
	int ret = rules_of(d, &now, e);

	(void)r;
	if (!ret && !rules_equal(&now, &ed->before))
		ret = err_set(
			e, -EBUSY, "somebody else changed the rules of %s meanwhile", d->name);
	rules_dispose(&now);
	rules_changes(&ed->after, &ed->policy, out);
	return ret;
}

/* Takes what came of the edit. */
static int edited_take(
	const struct netvm *n, const char *path, const char *text, struct edited *ed, struct err *e)
{
	int ret = rules_parse(path, text, &ed->after, e);

	if (ret)
		return ret;
	if (ed->after.said == RULES_POLICY_UNSAID && ed->after.count) {
		ed->after.said = ed->before.said;
		ed->after.policy = ed->before.policy;
	}
	if (rules_equal(&ed->before, &ed->after)) {
		printf("Nothing was changed.\n");
		return 0;
	}
	ret = nothing_check(n, path, &ed->after, e);
	if (ret)
		return ret;
	ret = netvm_change_from(n, n->args[0], edit_decide, ed, e);
	if (ret)
		return err_prefix(e, "%s", path);
	changed_say(n, &ed->after);
	return 0;
}

/* The error with where the work of an evening is kept. */
static int kept_say(int ret, struct err *e)
{
	const struct err why = *e;

	return err_set(e, ret, "%.*s; nothing is changed, and the file is kept", ERR_TEXT_MAX - 64,
		why.text);
}

int firewall_edit(const struct netvm *n, struct err *e)
{
	struct edited edited = { .after = { .count = 0 } };
	char *text = NULL, *written = NULL, name[DOMAIN_NAME_MAX + sizeof(".rules")];
	struct editor ed = { .dir = "" };
	int ret = rules_read(n, &edited.before, e);

	if (!ret) {
		text = text_of(n->args[0], &edited.before);
		ret = text ? 0 : err_sys(e, -ENOMEM, "%s", n->args[0]);
	}
	if (!ret) {
		snprintf(name, sizeof(name), "%s.rules", n->args[0]);
		ret = editor_run(&ed, name, text, &written, e);
	}
	if (!ret) {
		ret = edited_take(n, ed.path, written, &edited, e);
		if (ret)
			kept_say(ret, e);
		else
			editor_end(&ed);
	}
	free(written);
	free(text);
	rules_dispose(&edited.before);
	rules_dispose(&edited.after);
	return ret;
}
