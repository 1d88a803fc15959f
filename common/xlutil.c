#include "common/xlutil.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* Where each function goes. */
static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "xlu_cfg_init", offsetof(struct xlutil, cfg_init) },
	{ "xlu_cfg_readdata", offsetof(struct xlutil, cfg_readdata) },
	{ "xlu_cfg_destroy", offsetof(struct xlutil, cfg_destroy) },
	{ "xlu_cfg_get_string", offsetof(struct xlutil, cfg_get_string) },
	{ "xlu_cfg_get_list", offsetof(struct xlutil, cfg_get_list) },
	{ "xlu_cfg_get_listitem", offsetof(struct xlutil, cfg_get_listitem) },
};

static struct xlutil loaded;
static struct err failure; /* code 0: it is loaded */

static void load(void)
{
	/* XLUTIL_SONAME is that of the library whose header this was built with. */
	void *symbol, *library = dlopen(XLUTIL_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		err_set(&failure, -ENOENT, "cannot load %s: %s", XLUTIL_SONAME, dlerror());
		return;
	}
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		symbol = dlsym(library, symbols[i].name);
		if (!symbol) {
			dlclose(library);
			err_set(&failure, -ENOENT, "%s lacks %s", XLUTIL_SONAME, symbols[i].name);
			return;
		}
		memcpy((char *)&loaded + symbols[i].offset, &symbol, sizeof(symbol));
	}
}

int xlutil_load(const struct xlutil **out, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	*out = &loaded;
	pthread_once(&once, load);
	return failure.code ? err_set(e, failure.code, "%s", failure.text) : 0;
}
