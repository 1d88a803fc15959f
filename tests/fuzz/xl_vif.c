/*
 * A vif of an xl config with any bytes: what is taken has a network domain and values within their
 * bounds, what is refused has words. And where keys stand in a config of any bytes.
 *
 * sources: toolstack/import_vif.c common/addr.c common/config_index.c common/err.c
 * sources: xenstore-schema/names.c
 */
#include <sys/socket.h>
#include <string.h>

#include "common/config_index.h"
#include "tests/fuzz/fuzz.h"
#include "toolstack/import.h"

static void vif_try(const char *text)
{
	struct import_vif v;
	struct err e = ERR_NONE;

	if (import_vif_parse(text, &v, &e)) {
		HOLDS(e.text[0]);
		return;
	}
	HOLDS(domain_name_check(v.backend) == 0);
	HOLDS(!v.ip.family || v.ip.family == AF_INET);
	HOLDS(!v.ip6.family || v.ip6.family == AF_INET6);
	HOLDS(!v.mtu || (v.mtu >= 576 && v.mtu <= 65535));
}

static void index_try(const char *text)
{
	static struct config_index index;
	unsigned int lines = 1;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	index.count = 0;
	config_index_make("x.cfg", text, &index, NULL);
	for (size_t i = 0; i < index.count; i++) {
		const struct config_place *p = &index.key[i];

		HOLDS(strncmp(text + p->at, p->name, strlen(p->name)) == 0);
		HOLDS(p->line >= 1 && p->line <= config_last_line(text, p));
		HOLDS(config_last_line(text, p) <= lines);
		for (size_t item = 0; item < 3; item++) {
			const unsigned int at = config_item_line(text, p, item);

			HOLDS(at >= p->line && at <= lines);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	vif_try(text);
	index_try(text);
	free(text);
	return 0;
}
