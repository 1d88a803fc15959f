/* sorted: places in arrays that are kept in order. Pure. */
#ifndef NETVM_SORTED_H
#define NETVM_SORTED_H

#include <stddef.h>

/* The index of the first of `count` items, of `size` bytes each and ascending by `cmp`, that is not
 * before `key`; `count`: all are. Of `cmp`, called with the key first, as bsearch(3)'s. */
size_t sorted_place(const void *key, const void *items, size_t count, size_t size,
	int (*cmp)(const void *key, const void *item));

#endif
