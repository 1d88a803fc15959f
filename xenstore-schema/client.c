/*
 * One guest of a network domain, as dom0 publishes it: plain keys by the table, and the rules in
 * numbered children of `policy`.
 *
 * Rule lines are packed into values of at most RULES_VALUE_MAX bytes, whole lines only, and read
 * back by joining them; so how they are cut carries no meaning.
 */
#include "xenstore-schema/schema_dir.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes a value without the NUL, and values (policy/0000 and on), that are written: what every
 * xenstored takes. oxenstored, as Debian configures it, refuses longer values (quota-maxsize), also
 * from dom0, and cannot list more than 4096 bytes of names. */
#define RULES_VALUE_MAX 2048
#define RULES_COUNT_MAX 800

static const char *const verdicts[] = {
	[POLICY_ACCEPT] = "accept",
	[POLICY_DROP] = "drop",
	NULL,
};
static_assert(
	sizeof(verdicts) / sizeof(verdicts[0]) == POLICY_DROP + 2, "every verdict has a word");
static const char *const on_off[] = { "off", "on", NULL };

/* clang-format off */
static const struct schema_key keys[] = {
	{ "name", KEY_NAME, SCHEMA_FIELD(struct client, name),
		.help = "The guest's name, for messages." },
	{ "ip", KEY_ADDR4, SCHEMA_FIELD(struct client, ip),
		.help = "The only IPv4 address that the guest may use." },
	{ "ip6", KEY_ADDR6, SCHEMA_FIELD(struct client, ip6),
		.help = "The only IPv6 address that the guest may use, besides its link-local one." },
	{ "visible-ip", KEY_ADDR4, SCHEMA_FIELD(struct client, visible_ip),
		.help = "The address that the guest sees in the place of ip, which it was told as its "
			"own; the network domain translates one to the other on the guest's link." },
	{ "visible-gateway", KEY_ADDR4, SCHEMA_FIELD(struct client, visible_gateway),
		.help = "The gateway that the guest sees, likewise in the place of the network "
			"domain's own address." },
	{ "mac", KEY_MAC, SCHEMA_FIELD(struct client, mac),
		.help = "The only MAC address that the guest may use." },
	{ "mtu", KEY_MTU, SCHEMA_FIELD(struct client, mtu),
		.help = "Bytes." },
	{ "cable", KEY_WORD, SCHEMA_FIELD(struct client, cable), .words = on_off, .fallback = true,
		.help = "\"off\": the guest is cut off, as by a pulled cable." },
	{ "dhcp", KEY_WORD, SCHEMA_FIELD(struct client, dhcp), .words = on_off, .fallback = false,
		.help = "\"on\": the network domain tells the guest its IPv4 address, gateway, "
			"resolvers and MTU by DHCP as well, on its link alone." },
	{ "limits/connections", KEY_NUMBER, SCHEMA_FIELD(struct client, limits.connections),
		.help = "How many tracked connections the guest may have at once." },
	{ "limits/packets", KEY_NUMBER, SCHEMA_FIELD(struct client, limits.packets),
		.help = "How many packets a second the guest may send, from each of its addresses." },
	{ "limits/bytes", KEY_NUMBER, SCHEMA_FIELD(struct client, limits.bytes),
		.help = "How many bytes a second the guest may send, from each of its addresses, IP "
			"headers included." },
	{ "policy", KEY_WORD, SCHEMA_FIELD(struct client, policy), .words = verdicts,
		.required = true,
		.help = "What happens to a packet that no rule matches. Children 0000 to 9999 hold "
			"one or more rule lines each, in this order, at most 2048 bytes." },
	{ "expose", KEY_PORTS, SCHEMA_FIELD(struct client, exposures),
		.help = "Ports that are open to the outside and lead to the guest, separated by "
			"spaces: \"tcp/8080:80\" is port 8080 of what comes by an uplink to the "
			"network domain, which goes to the guest's port 80; \"udp/53\" has the same "
			"on both sides; \"tcp/80@192.0.2.0/24\" is open to that subnet alone, and may stand "
			"there once for each of several. Ports of guests behind this one are among "
			"them. At most 32." },
	{ "generation", KEY_NUMBER, SCHEMA_FIELD(struct client, generation), .required = true,
		.help = "Changes with every change of this entry, and is written last." },
	{ 0 },
};
/* clang-format on */

const struct schema_dir client_dir = {
	.path = "/local/domain/N/netvm-provider/clients/<G>/<devid>",
	.perms = "n0,rN",
	.writer = "dom0",
	.help = "A guest of network domain N. Without its entry a managed network domain lets no "
		"packet of the guest through. Changes are one transaction each.",
	.size = sizeof(struct client),
	.keys = keys,
};

static const char *clients_path(char buf[STORE_PATH_MAX], uint32_t domid)
{
	return schema_path(buf, domid, "netvm-provider/clients");
}

static const char *client_path(char buf[STORE_PATH_MAX], uint32_t domid, const struct vif_id *guest)
{
	return schema_path(buf, domid, "netvm-provider/clients/%u/%u", guest->domid, guest->devid);
}

void client_dispose(struct client *c)
{
	free(c->rules);
	c->rules = NULL;
}

/* --- rules --- */

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool rules_name_is_valid(const char *name)
{
	return strlen(name) == 4 && strspn(name, "0123456789") == 4;
}

size_t rules_next(const char *rules)
{
	size_t taken = 0;

	while (rules[taken]) {
		size_t line = strcspn(rules + taken, "\n");
		/* The break between two lines of one value counts, that behind the last does not.
		 */
		size_t more = taken + line + (rules[taken + line] ? 1 : 0);

		if (taken + line > RULES_VALUE_MAX)
			break;
		taken = more;
	}
	return taken;
}

int client_rules_check(const char *rules, struct err *e)
{
	for (unsigned int count = 0; rules && *rules; count++) {
		size_t next = rules_next(rules);

		if (!next || count == RULES_COUNT_MAX)
			return err_set(
				e, -EMSGSIZE, next ? "too many rules" : "a rule is too long");
		rules += next;
	}
	return 0;
}

/* Appends `text` as further lines to `*rules`. */
static int rules_append(char **rules, const char *text)
{
	size_t old = *rules ? strlen(*rules) : 0, len = strlen(text);
	char *more = realloc(*rules, old + len + 2);

	if (!more)
		return -ENOMEM;
	if (old)
		more[old++] = '\n';
	memcpy(more + old, text, len + 1);
	*rules = more;
	return 0;
}

static int rules_read(struct store *s, const char *policy, char **rules, struct err *e)
{
	char where[STORE_PATH_MAX], text[STORE_VALUE_MAX];
	struct store_names names;
	int err = store_list(s, policy, &names, e);

	if (!err && names.count)
		qsort(names.name, names.count, sizeof(names.name[0]), name_cmp);
	for (size_t i = 0; !err && i < names.count; i++) {
		if (!rules_name_is_valid(names.name[i])) {
			err = err_set(e, -EINVAL, "%s: \"%s\" is not a rule's number", policy,
				names.name[i]);
			break;
		}
		err = store_read(s, path_join(where, policy, names.name[i]), text, sizeof(text), e);
		if (!err)
			err = rules_append(rules, text);
	}
	store_names_free(&names);
	return err;
}

static int rule_write(struct store *s, const char *where, const char *rules, size_t len,
	bool exists, struct err *e)
{
	char text[RULES_VALUE_MAX + 1], old[STORE_VALUE_MAX];

	memcpy(text, rules, len);
	text[len] = '\0';
	if (exists) {
		int err = store_read(s, where, old, sizeof(old), e);

		if (err == -ENOTCONN || (!err && strcmp(old, text) == 0))
			return err;
	}
	return store_write(s, where, text, e);
}

/* Removes the children that the last write left behind `count`. */
static int rules_trim(struct store *s, const char *policy, const struct store_names *names,
	unsigned int count, struct err *e)
{
	char where[STORE_PATH_MAX];
	int err = 0;

	for (size_t i = 0; !err && i < names->count; i++) {
		if (rules_name_is_valid(names->name[i]) &&
			(unsigned int)atoi(names->name[i]) < count)
			continue;
		err = store_remove(s, path_join(where, policy, names->name[i]), e);
	}
	return err;
}

static int rules_write(struct store *s, const char *policy, const char *rules, struct err *e)
{
	char where[STORE_PATH_MAX], number[16];
	struct store_names names;
	unsigned int count = 0;
	int err = client_rules_check(rules, e);

	if (err) {
		err_prefix(e, "%s", policy);
		return err;
	}
	err = store_list(s, policy, &names, e);
	if (schema_is_absent(err, e))
		err = 0;
	while (!err && rules && *rules) {
		size_t next = rules_next(rules), len = next;

		if (rules[len - 1] == '\n')
			len--;
		snprintf(number, sizeof(number), "%04u", count++);
		err = rule_write(s, path_join(where, policy, number), rules, len,
			names_have(&names, number), e);
		rules += next;
	}
	if (!err)
		err = rules_trim(s, policy, &names, count, e);
	store_names_free(&names);
	return err;
}

/* --- the entry --- */

struct job {
	uint32_t domid;
	const struct vif_id *guest;
	struct client *out;
	const struct client *in;
};

static int read_body(struct store *s, void *arg, struct err *e)
{
	struct job *job = arg;
	char path[STORE_PATH_MAX], policy[STORE_PATH_MAX];
	int err;

	client_dispose(job->out);
	client_path(path, job->domid, job->guest);
	err = schema_dir_read(s, &client_dir, path, job->out, e);
	return err ? err : rules_read(s, path_join(policy, path, "policy"), &job->out->rules, e);
}

/*
 * Without a transaction, which would cost more than all that is read: an entry is changed as one,
 * and its generation with it, which is read before everything else, names of keys and rules among
 * it, and, as the table's last key, after it. So what was read between is one state. Where anything
 * is missing it may be gone because of a change. `*sure`: it is one state.
 */
static int read_quickly(struct store *s, struct job *job, bool *sure, struct err *e)
{
	char path[STORE_PATH_MAX], policy[STORE_PATH_MAX];
	uint32_t generation;
	int err = client_read_generation(s, job->domid, job->guest, &generation, e);

	client_path(path, job->domid, job->guest);
	if (!err)
		err = rules_read(s, path_join(policy, path, "policy"), &job->out->rules, e);
	if (!err) {
		char *rules = job->out->rules;

		err = schema_dir_read_listed(s, &client_dir, path, job->out, e);
		job->out->rules = rules;
	}
	*sure = err == -ENOTCONN || (!err && generation == job->out->generation);
	return err;
}

/* What is faulty, or was changed meanwhile, is read again, as one state. */
int client_read(struct store *s, uint32_t domid, const struct vif_id *guest, struct client *out,
	struct err *e)
{
	struct job job = { .domid = domid, .guest = guest, .out = out };
	bool sure;
	int err;

	*out = (struct client){ 0 };
	err = read_quickly(s, &job, &sure, e);
	if (!sure && e)
		*e = (struct err)ERR_NONE;
	if (!sure)
		err = store_transact(s, read_body, &job, e);
	if (err)
		client_dispose(out);
	return err;
}

int client_read_generation(struct store *s, uint32_t domid, const struct vif_id *guest,
	uint32_t *generation, struct err *e)
{
	char path[STORE_PATH_MAX], where[STORE_PATH_MAX], text[16];
	int err = store_read(s, path_join(where, client_path(path, domid, guest), "generation"),
		text, sizeof(text), e);

	if (!err && decimal_parse(text, (uint64_t)UINT32_MAX + 1, generation) < 0)
		err = err_set(e, -EINVAL, "%s is not a number", where);
	return err;
}

/* The table ends with `generation`, so the rules go before the table. */
static int write_body(struct store *s, void *arg, struct err *e)
{
	const struct job *job = arg;
	char path[STORE_PATH_MAX], policy[STORE_PATH_MAX];
	int err = schema_dir_own(s, job->domid, schema_path(path, job->domid, "netvm-provider"), e);

	if (!err)
		err = schema_dir_own(s, job->domid, client_path(path, job->domid, job->guest), e);
	if (!err)
		err = rules_write(s, path_join(policy, path, "policy"), job->in->rules, e);
	return err ? err : schema_dir_write_in(s, &client_dir, path, job->in, e);
}

int client_write(struct store *s, uint32_t domid, const struct vif_id *guest,
	const struct client *in, struct err *e)
{
	struct job job = { .domid = domid, .guest = guest, .in = in };
	int err = schema_resolve(s, &job.domid, e);

	return err ? err : store_transact(s, write_body, &job, e);
}

int client_remove(struct store *s, uint32_t domid, const struct vif_id *guest, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_remove_vif(s, clients_path(path, domid), guest, e);
}

int client_list(struct store *s, uint32_t domid, struct vif_id **out, size_t *count, struct err *e)
{
	return client_list_of(s, domid, NULL, out, count, e);
}

int client_list_of(struct store *s, uint32_t domid, const struct domids *of, struct vif_id **out,
	size_t *count, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_list_vifs(s, clients_path(path, domid), of, out, count, e);
}
