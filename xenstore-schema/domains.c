/* What xenstored and libxl say of domains themselves: that they come, go and are renamed. */
#include "xenstore-schema/schema.h"

#include <stdio.h>

int domains_watch(struct store *s, const char *token, struct err *e)
{
	int err = store_watch(s, "@introduceDomain", token, e);

	return err ? err : store_watch(s, "@releaseDomain", token, e);
}

static const char *name_path(char path[STORE_PATH_MAX], uint32_t domid)
{
	snprintf(path, STORE_PATH_MAX, "/local/domain/%u/name", domid);
	return path;
}

int domain_name_watch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, name_path(path, domid), token, e);
}

int domain_name_unwatch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_unwatch(s, name_path(path, domid), token, e);
}
