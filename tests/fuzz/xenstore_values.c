/*
 * Every parser of names and values, with any bytes: what is taken is printed as it was read, or in
 * its canonical form, which reads as the same.
 *
 * sources: xenstore-schema/names.c xenstore-schema/values.c xenstore-schema/guest_link.c
 * sources: xenstore-schema/provider.c xenstore-schema/client.c xenstore-schema/report.c
 * sources: xenstore-schema/vif_backend.c xenstore-schema/schema_dir.c xenstore-schema/store.c
 * sources: xenstore-schema/conn.c xenstore-schema/conn_alarm.c xenstore-schema/conn_ops.c
 * sources: xenstore-schema/exposure.c common/addr.c common/err.c
 * libraries: -lxenstore -lxentoolcore -lpthread
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xenstore-schema/schema_dir.h"

static const struct schema_dir *const dirs[] = { &guest_link_dir, &provider_dir, &client_dir,
	&netvm_report_dir, &client_report_dir, &vif_backend_dir, &vif_frontend_dir };

static void names_try(const char *text)
{
	char buf[VIF_NAME_MAX];
	struct vif_id id, again;
	uint32_t n;
	bool emulated;

	if (domid_parse(text, &n) == 0)
		HOLDS(n < DOMID_LIMIT);
	if (devid_parse(text, &n) == 0)
		HOLDS(n < DEVID_LIMIT);
	if (vif_name_parse(text, &id, &emulated) == 0) {
		vif_name_print(&id, buf);
		HOLDS(strncmp(text, buf, strlen(buf)) == 0);
		HOLDS(strcmp(text + strlen(buf), emulated ? "-emu" : "") == 0);
		HOLDS(vif_name_parse(buf, &again, NULL) == 0);
	}
	if (vif_backend_path_parse(text, &n, &id) == 0)
		HOLDS(id.domid < DOMID_LIMIT && id.devid < DEVID_LIMIT &&
			(n < DOMID_LIMIT || n == SCHEMA_SELF));
	if (domain_name_check(text) == 0)
		HOLDS(strlen(text) < DOMAIN_NAME_MAX && !strchr(text, '/'));
	if (rules_name_is_valid(text))
		HOLDS(strlen(text) == 4);
	HOLDS(rules_next(text) <= strlen(text));
}

static void key_try(const struct schema_dir *dir, const struct schema_key *key, const char *text)
{
	char again[STORE_VALUE_MAX], once[STORE_VALUE_MAX];
	void *object = calloc(1, dir->size);

	HOLDS(object);
	if (key_parse(key, text, object) == 0 && !key->read_only) {
		int present = key_print(key, object, once);

		HOLDS(present >= 0);
		if (present) {
			HOLDS(key_parse(key, once, object) == 0);
			HOLDS(key_print(key, object, again) == 1);
			HOLDS(strcmp(once, again) == 0);
		}
	}
	free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[STORE_VALUE_MAX];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	names_try(text);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		for (const struct schema_key *key = dirs[i]->keys; key->name; key++)
			key_try(dirs[i], key, text);
	return 0;
}
