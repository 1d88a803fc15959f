/*
 * filter_stamp: what a packet filter's engine remembers from one process to the next.
 *
 * One line in a file of the run directory. It is only believed in the boot and the network
 * namespace that it was written in. A file that is damaged, absent or of another form is no stamp,
 * never an error: what it would have spared is then done. It must not know what the line says.
 */
#ifndef NETVM_FILTER_STAMP_H
#define NETVM_FILTER_STAMP_H

#include <stdbool.h>

#include "common/err.h"

#define FILTER_STAMP_MAX 256 /* bytes of text, with the NUL */

/* Returns whether there is a stamp of this boot and network namespace; then what it says in
 * `text`. */
bool filter_stamp_read(const char *path, char text[FILTER_STAMP_MAX]);
bool filter_stamp_is_here(const char *path);

/* `text`: one line without newline. A full disk is no error: rules that stand must not become ones
 * that do not because nobody can note it. This process then remembers the line, until it can be
 * written; others do what it would have spared them. */
int filter_stamp_write(const char *path, const char *text, struct err *e);
/* 0 also where there is none. */
int filter_stamp_remove(const char *path, struct err *e);

#endif
