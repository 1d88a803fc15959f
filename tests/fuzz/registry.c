/*
 * A domain's file and netvm.conf with any bytes: what is read is within its bounds or at fault with
 * words; a file in order stays in order when a key is changed in it, and has the new value then.
 *
 * sources: toolstack/registry.c toolstack/registry_allocate.c toolstack/registry_expose.c
 * sources: toolstack/registry_fault.c toolstack/registry_read.c
 * sources: toolstack/registry_keys.c toolstack/registry_links.c toolstack/registry_resolve.c
 * sources: toolstack/registry_rules.c toolstack/registry_text.c toolstack/registry_edit.c
 * sources: xenstore-schema/client.c xenstore-schema/conn.c xenstore-schema/conn_alarm.c
 * sources: xenstore-schema/conn_ops.c xenstore-schema/exposure.c xenstore-schema/names.c
 * sources: xenstore-schema/policy.c xenstore-schema/policy_words.c xenstore-schema/schema_dir.c
 * sources: xenstore-schema/store.c xenstore-schema/values.c xenstore-schema/vif_backend.c
 * sources: common/addr.c common/clock.c common/config.c common/config_index.c
 * sources: common/config_library.c common/config_plain.c common/config_text.c common/err.c
 * sources: common/file.c common/text.c common/xlutil.c
 * libraries: -lxenstore -lxentoolcore -lpthread
 */
#include <string.h>
#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"
#include "toolstack/registry_internal.h"
#include "toolstack/registry_text.h"

#define NOWHERE "/nonexistent/xen-netvm"

/* libxlutil itself frees not all that it made of a text that it refuses. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libxlutil\n";
}

static void domain_check(const struct registry_domain *d)
{
	if (d->fault) {
		HOLDS(d->fault->text[0]);
		return;
	}
	HOLDS(!d->ip.family || d->ip.family == AF_INET);
	HOLDS(!d->ip6.family || d->ip6.family == AF_INET6);
	HOLDS(!d->mtu || (d->mtu >= 576 && d->mtu <= 65535));
	HOLDS(!d->netvm || d->netvm->provides_network);
	HOLDS(d->connections >= 0 && d->packets_per_second >= 0 && d->bytes_per_second >= 0);
}

static void load_try(const char *domain, const char *globals)
{
	const struct registry_overlay overlays[] = {
		{ NULL, globals },
		{ "guest", domain },
		{ "net", "provides_network = 1\n" },
	};
	struct registry r = { .dir = NOWHERE };
	struct err e = ERR_NONE;

	HOLDS(registry_renew(&r, overlays, 3, &e) == 0);
	HOLDS(r.count == 2);
	HOLDS(!r.globals.fault.code || r.globals.fault.text[0]);
	for (size_t i = 0; i < r.count; i++)
		domain_check(&r.domain[i]);
	HOLDS(registry_rules_resolve(&r, &e) == 0);
	registry_dispose(&r);
}

struct one {
	char *ip;
};

static const struct config_key keys[] = {
	{ "ip", CONFIG_TEXT, offsetof(struct one, ip), NULL, "" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

static void edit_try(const char *text)
{
	const char *const value = "192.0.2.7";
	struct one before = { NULL }, after = { NULL };
	char *edited;

	if (config_parse("x", text, keys, &before, NULL, NULL) == 0) {
		HOLDS(registry_text_set(text, "ip", CONFIG_TEXT, &value, 1, &edited, NULL) == 0);
		HOLDS(config_parse("x", edited, keys, &after, NULL, NULL) == 0);
		HOLDS(after.ip && strcmp(after.ip, value) == 0);
		free(edited);
	}
	config_dispose(keys, &before);
	config_dispose(keys, &after);
}

/* The domain's file, then a byte of 0xff, then netvm.conf. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *globals;

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	globals = strchr(text, '\xff');
	if (globals)
		*globals++ = '\0';
	load_try(text, globals ? globals : "");
	edit_try(text);
	free(text);
	return 0;
}
