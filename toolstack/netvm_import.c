/* netvm import FILE...: domains of existing xl configs into the registry, all or none, and what is
 * to be changed in the configs then. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/log.h"
#include "toolstack/import.h"
#include "toolstack/netvm.h"

static void refusal_log(void *arg, const char *words)
{
	(void)arg;
	log_error("%s", words);
}

/* All files, as far as they can be read; says what is wrong with each that cannot. Returns how many
 * those are. */
static size_t files_read(const struct netvm *n, struct import_domain *d)
{
	size_t bad = 0;

	for (int i = 0; i < n->count; i++) {
		struct err e = ERR_NONE;

		if (import_read(n->args[i], &d[i], &e) == 0)
			continue;
		refusal_log(NULL, e.text);
		bad++;
	}
	return bad;
}

static int entries_add(
	const struct netvm *n, const struct import_domain *d, size_t count, struct err *e)
{
	struct import_entry *entry = calloc(count, sizeof(*entry));
	struct registry_addition *a = calloc(count, sizeof(*a));
	struct registry_held h = { .lock = -1 };
	size_t given;
	int ret = entry && a ? 0 : err_sys(e, -ENOMEM, "import");

	for (size_t i = 0; i < count && !ret; i++) {
		import_entry_make(&d[i], &entry[i]);
		a[i] = (struct registry_addition){ d[i].name, entry[i].change, entry[i].count };
	}
	if (!ret)
		ret = registry_hold(n->dir, n->o.dry_run, NULL, &h, e);
	if (!ret)
		ret = registry_add(&h, a, count, e);
	if (!ret)
		ret = registry_held_allocate(&h, &given, e);
	registry_let_go(&h);
	free(entry);
	free(a);
	return ret;
}

/* --- what is said --- */

static void entry_print(const struct import_domain *d, bool dry)
{
	struct import_entry entry;
	const char *before = "";

	import_entry_make(d, &entry);
	printf("%s %s: ", dry ? "would add" : "added", d->name);
	for (size_t i = 0; i < entry.count; i++, before = " ")
		printf("%s%s=%s", before, entry.change[i].key, entry.value[i]);
	if (!addr_is_set(&d->vif.ip) && (*d->vif.backend || d->provides_network))
		printf(", and an address of the pool");
	printf("\n");
}

/* What its xl config is to lose and to get. */
static void config_print(const struct import_domain *d)
{
	if (d->first && d->first == d->last)
		printf("then remove line %u of %s (vif): netvmd attaches the vif\n", d->first,
			d->file);
	else if (d->first)
		printf("then remove lines %u to %u of %s (vif): netvmd attaches the vif\n",
			d->first, d->last, d->file);
	if (d->provides_network && !d->driver_domain)
		printf("then add to %s: driver_domain = 1\n", d->file);
}

static void entry_json(struct json *j, const struct import_domain *d)
{
	struct import_entry entry;

	import_entry_make(d, &entry);
	json_object(j, NULL);
	json_text(j, "name", d->name);
	json_object(j, "keys");
	for (size_t i = 0; i < entry.count; i++)
		json_text(j, entry.change[i].key, entry.value[i]);
	json_object_end(j);
	json_text(j, "file", d->file);
	json_object(j, "remove");
	if (d->first) {
		json_number(j, "first", d->first);
		json_number(j, "last", d->last);
	}
	json_object_end(j);
	json_array(j, "add");
	if (d->provides_network && !d->driver_domain)
		json_text(j, NULL, "driver_domain = 1");
	json_array_end(j);
	json_object_end(j);
}

static int plan_print(
	const struct netvm *n, const struct import_domain *d, size_t count, struct err *e)
{
	struct json *j;

	if (!n->o.json) {
		for (size_t i = 0; i < count; i++)
			entry_print(&d[i], n->o.dry_run);
		for (size_t i = 0; i < count; i++)
			config_print(&d[i]);
		return 0;
	}
	j = json_open();
	json_object(j, NULL);
	json_bool(j, "added", !n->o.dry_run);
	json_array(j, "domains");
	for (size_t i = 0; i < count; i++)
		entry_json(j, &d[i]);
	json_array_end(j);
	json_object_end(j);
	return netvm_json_end(j, e);
}

/* --- */

static int check(const struct netvm *n, struct import_domain *d, size_t count, struct err *e)
{
	struct registry r;
	size_t bad = files_read(n, d);
	int ret = netvm_registry_read(n, &r, e);

	if (!ret && r.globals.fault.code)
		ret = err_set(e, r.globals.fault.code, "%s", r.globals.fault.text);
	if (!ret && !bad)
		bad = import_check(d, count, &r, refusal_log, NULL);
	if (!ret && bad)
		ret = err_set(e, -EINVAL, "nothing is imported; %zu thing%s in the way", bad,
			bad == 1 ? " is" : "s are");
	registry_dispose(&r);
	return ret;
}

int netvm_import(struct netvm *n, struct err *e)
{
	size_t count = (size_t)n->count;
	struct import_domain *d = calloc(count, sizeof(*d));
	int ret = d ? check(n, d, count, e) : err_sys(e, -ENOMEM, "import");

	if (!ret)
		ret = entries_add(n, d, count, e);
	if (!ret)
		ret = plan_print(n, d, count, e);
	for (size_t i = 0; d && i < count; i++)
		import_dispose(&d[i]);
	free(d);
	return ret;
}
