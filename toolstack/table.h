/* table: columns of text for people, each as wide as its widest cell. */
#ifndef NETVM_TABLE_H
#define NETVM_TABLE_H

#include <stddef.h>

#include "common/err.h"
#include "common/text.h"

#define TABLE_COLUMNS_MAX 10

struct table {
	size_t columns;
	struct text text; /* of all cells, row by row, each with its NUL */
	size_t cells, width[TABLE_COLUMNS_MAX];
};

/* Starts with the heads of the columns; the list ends with NULL. */
void table_start(struct table *t, ...) __attribute__((sentinel));
/* One row, as many texts as there are columns; "" and NULL are printed as "-". */
void table_row(struct table *t, ...);
/* Prints and frees it. -ENOMEM: there was no memory for all of it, and nothing is printed. */
int table_print(struct table *t, struct err *e);
void table_dispose(struct table *t);

#endif
