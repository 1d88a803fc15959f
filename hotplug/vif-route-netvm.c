/*
 * vif-route-netvm: one vif, brought up or down by whoever watches for it: libxl in dom0, `xl devd`
 * in a network domain, udev. It takes verb and environment as Xen's own scripts do (xl's
 * xl-network-configuration(5), libxl_linux.c's get_hotplug_env()) and calls the core that netbackd
 * uses as well.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/service.h"
#include "common/cli.h"
#include "common/log.h"

enum { EXIT_FAULT = 1 };

enum verb { VERB_UP, VERB_DOWN };

struct options {
	const char *config;
	bool dry_run;
};

static const struct cli_option options_table[] = {
	{ "config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE",
		"settings (" SETTINGS_FILE ")" },
	{ "dry-run", 'n', CLI_FLAG, offsetof(struct options, dry_run), NULL,
		"print what would be done, and do nothing" },
	{ .name = NULL },
};

#define ARGUMENTS "[type_if=vif|tap]"

static const struct cli_verb verbs[] = {
	{ "online", ARGUMENTS, "bring the vif up, or see to it that it is", 0, -1, VERB_UP, NULL },
	{ "offline", ARGUMENTS, "take it down", 0, -1, VERB_DOWN, NULL },
	{ "add", ARGUMENTS, "as online; for an emulated link (type_if=tap) the only way", 0, -1,
		VERB_UP, NULL },
	{ "remove", ARGUMENTS, "as offline", 0, -1, VERB_DOWN, NULL },
	{ "move", ARGUMENTS, "as online", 0, -1, VERB_UP, NULL },
	{ .name = NULL },
};

static const struct cli cli = {
	.name = "vif-route-netvm",
	.section = 8,
	.summary = "serves a Xen guest a routed, guarded, translated link",
	.description =
		"A hotplug script for Xen's virtual network interfaces: name it with script= in a "
		"guest's vif configuration. It gives the guest's link its gateway address and a "
		"route to each of the guest's addresses, lets the guest send from those addresses "
		"and its MAC alone, and sees to it that the rules stand which translate the "
		"virtual resolvers and the guest's source address.\n\n"
		"Every verb may be repeated and come in any order: it looks at what is and does "
		"what is missing. netbackd(8) does the same without being called.",
	.epilogue =
		"Environment\n"
		"XENBUS_PATH: the vif's backend directory in xenstore, absolute or relative to "
		"this domain's own. vif: the name of its link, vif<DOMID>.<DEVID>. INTERFACE: with "
		"type_if=tap the name of the emulated link, vif<DOMID>.<DEVID>-emu.\n\n"
		"Exit status\n"
		"0: it is as the verb says. 1: it could not be; the vif is closed, and "
		"hotplug-error in its backend directory, standard error, or both tell why. 2: the "
		"command line or the environment is wrong; nothing was touched.\n\n"
		"Files\n" SETTINGS_FILE ": settings, see netbackd(8). " RUNDIR
		": a lock, and a stamp of the rules that stand.",
	.options = options_table,
	.verbs = verbs,
};

/* What is to be brought up or down. */
struct call {
	uint32_t backend;
	struct vif_id id;
	bool emulated;
};

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* "NAME=VALUE" as Xen's scripts take it. Returns the value where the name is `name`. */
static const char *assignment(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static int type_take(const struct cli_parsed *parsed, bool *emulated, struct err *e)
{
	for (int i = 0; i < parsed->count; i++) {
		const char *type = assignment(parsed->args[i], "type_if");

		if (!strchr(parsed->args[i], '='))
			return err_set(e, -EINVAL, "\"%.64s\" is not NAME=VALUE", parsed->args[i]);
		if (!type)
			continue; /* a word for somebody else's script */
		if (strcmp(type, "vif") != 0 && strcmp(type, "tap") != 0)
			return err_set(e, -EINVAL, "type_if=%.64s: neither vif nor tap", type);
		*emulated = strcmp(type, "tap") == 0;
	}
	return 0;
}

/* XENBUS_PATH says which vif. Of an emulated link udev knows the name alone. */
static int path_take(const char *path, struct call *c, struct err *e)
{
	if (!*path && c->emulated) {
		c->backend = SCHEMA_SELF;
		return vif_name_parse(env("INTERFACE"), &c->id, &c->emulated);
	}
	if (!*path)
		return err_set(e, -EINVAL, "XENBUS_PATH is not set; this is run by Xen's tools");
	if (vif_backend_path_parse(path, &c->backend, &c->id) < 0)
		return err_set(e, -EINVAL,
			"XENBUS_PATH is \"%.128s\", not the path of a vif's backend", path);
	return 0;
}

/* The link's name must be that of the vif which XENBUS_PATH names. */
static int name_check(const struct call *c, struct err *e)
{
	const char *variable = c->emulated ? "INTERFACE" : "vif", *name = env(variable);
	char wanted[LINK_NAME_MAX];

	vif_link_name(&c->id, c->emulated, wanted);
	if (!*name)
		return err_set(e, -EINVAL, "%s is not set; it would be \"%s\"", variable, wanted);
	if (strcmp(name, wanted) != 0)
		return err_set(e, -EINVAL, "%s is \"%.32s\", not \"%s\"", variable, name, wanted);
	return 0;
}

static void log_unknown(const char *path, const char *key)
{
	log_warning("%s: there is no setting \"%s\"", path, key);
}

/* A vif whose caller is confused gets told so where the caller looks. */
static void refuse(const struct service *s, const struct call *c, const struct err *why)
{
	struct err e = ERR_NONE;

	if (!s->options.plan && vif_backend_failed(s->store, c->backend, &c->id, why->text, &e) < 0)
		log_warning("%s", e.text);
}

static int run(const struct call *c, enum verb verb, const struct options *o, struct err *e)
{
	struct service_options so = {
		.config = o->config,
		.unknown = log_unknown,
		.backend = c->backend,
		.alone = true,
		.plan = o->dry_run ? stdout : NULL,
	};
	char link[LINK_NAME_MAX];
	struct service s;
	int rc, usage;

	rc = service_open(&s, &so, e);
	if (rc < 0)
		return rc;
	usage = name_check(c, e);
	if (usage < 0) {
		refuse(&s, c, e);
		err_prefix(e, "%s", vif_link_name(&c->id, c->emulated, link));
	} else if (verb == VERB_UP)
		rc = service_vif_up(&s, &c->id, c->emulated, NULL, e);
	else
		rc = service_vif_down(&s, &c->id, c->emulated, e);
	service_close(&s);
	return usage < 0 ? usage : rc;
}

int main(int argc, char *argv[])
{
	struct options o = { .config = NULL };
	struct cli_parsed parsed;
	struct call call = { .backend = SCHEMA_SELF };
	struct err e = ERR_NONE;
	char link[LINK_NAME_MAX];
	int rc;

	log_open(cli.name, LOG_LEVEL_INFO);
	rc = cli_parse(&cli, argc, argv, &o, &parsed, &e);
	if (rc == 0 && parsed.info != CLI_RUN)
		return cli_print_info(&cli, parsed.info);
	if (rc == 0)
		rc = type_take(&parsed, &call.emulated, &e);
	if (rc == 0)
		rc = path_take(env("XENBUS_PATH"), &call, &e);
	if (rc < 0) {
		log_error("%s", e.text);
		return CLI_EXIT_USAGE;
	}
	log_open(cli.name, parsed.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	/* libxl calls a script for both kinds; each verb is for one of them. */
	if (call.emulated && (strcmp(parsed.verb->name, "online") == 0 ||
				     strcmp(parsed.verb->name, "offline") == 0))
		return EXIT_SUCCESS;
	vif_link_name(&call.id, call.emulated, link);
	if (geteuid() != 0) {
		log_error("%s: %s needs root", link, parsed.verb->name);
		return EXIT_FAULT;
	}
	rc = run(&call, (enum verb)parsed.verb->id, &o, &e);
	if (rc < 0) {
		log_error("%s", e.text);
		return EXIT_FAULT;
	}
	log_debug("%s: %s done", link, parsed.verb->name);
	return EXIT_SUCCESS;
}
