#include "backend/check.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/settings.h"
#include "common/file.h"
#include "xenstore-schema/policy.h"

/* More than any policy that dom0 can publish (client_write()). */
#define POLICY_FILE_MAX (4U << 20)

struct telling {
	const char *path;
	config_tell tell;
	void *arg;
};

static void tell_line(void *arg, uint32_t line, const char *words)
{
	const struct telling *t = arg;
	struct err e = ERR_NONE;

	err_set(&e, -EINVAL, "%s:%u: %s", t->path, line, words);
	t->tell(t->arg, e.text);
}

static int check_policy(const char *path, config_tell tell, void *arg, struct err *e)
{
	struct telling t = { path, tell, arg };
	char *text = NULL;
	int ret = file_read(path, POLICY_FILE_MAX, &text, NULL, e);

	if (!ret)
		ret = policy_check(text, tell_line, &t);
	free(text);
	return ret;
}

int check_files(const char *config, char *const policies[], int count, config_tell tell, void *arg,
	struct err *e)
{
	int faults = 0, unread = 0;

	for (int i = -1; i < count; i++) {
		struct err why = ERR_NONE;
		int ret = i < 0 ? settings_check(config, tell, arg, &why)
				: check_policy(policies[i], tell, arg, &why);

		faults += ret > 0 ? ret : 0;
		if (ret >= 0 || unread)
			continue;
		unread = ret;
		if (e)
			*e = why;
	}
	return unread ? unread : faults;
}
