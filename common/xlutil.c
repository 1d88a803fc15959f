#include "common/xlutil.h"

#include <dlfcn.h>
#include <errno.h>
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
	{ "xlu_cfg_get_long", offsetof(struct xlutil, cfg_get_long) },
	{ "xlu_cfg_get_list", offsetof(struct xlutil, cfg_get_list) },
	{ "xlu_cfg_get_listitem", offsetof(struct xlutil, cfg_get_listitem) },
};

int xlutil_load(const struct xlutil **out, struct err *e)
{
	static struct xlutil loaded;
	static void *library;
	void *symbol;

	*out = &loaded;
	if (library)
		return 0;
	/* XLUTIL_SONAME is that of the library whose header this was built with. */
	library = dlopen(XLUTIL_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(e, -ENOENT, "cannot load %s: %s", XLUTIL_SONAME, dlerror());
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		symbol = dlsym(library, symbols[i].name);
		if (!symbol) {
			dlclose(library);
			library = NULL;
			return err_set(e, -ENOENT, "%s lacks %s", XLUTIL_SONAME, symbols[i].name);
		}
		memcpy((char *)&loaded + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}
