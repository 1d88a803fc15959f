/*
 * roff: text in man pages. For what prints the pages when this is built; it must not know any page.
 */
#ifndef NETVM_ROFF_H
#define NETVM_ROFF_H

#include <stdio.h>

/* Text of which nothing is taken for a macro or an escape; an empty line begins a paragraph. */
void roff_print(FILE *out, const char *text);

#endif
