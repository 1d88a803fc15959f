/*
 * xlutil: libxlutil's configuration parser, loaded when a text is first read with it.
 *
 * Linked as usual, libxlutil brings libxenlight and ten more libraries into every program at its
 * start, a millisecond, also where no file is there that needs it; and a hotplug program is all
 * start. Only config_library.c uses this.
 */
#ifndef NETVM_XLUTIL_H
#define NETVM_XLUTIL_H

#include <libxlutil.h>

#include "common/err.h"

struct xlutil {
	__typeof__(xlu_cfg_init) *cfg_init;
	__typeof__(xlu_cfg_readdata) *cfg_readdata;
	__typeof__(xlu_cfg_destroy) *cfg_destroy;
	__typeof__(xlu_cfg_get_string) *cfg_get_string;
	__typeof__(xlu_cfg_get_list) *cfg_get_list;
	__typeof__(xlu_cfg_get_listitem) *cfg_get_listitem;
};

/* Loads it, once a process; it stays. -ENOENT: it is not installed. */
int xlutil_load(const struct xlutil **out, struct err *e);

#endif
