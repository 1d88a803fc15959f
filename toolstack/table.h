/* table: columns of text for people, each as wide as its widest cell. */
#ifndef NETVM_TABLE_H
#define NETVM_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS_MAX 10

struct table {
	size_t columns;
	char *text; /* of all cells, each with its NUL; malloc'd */
	size_t text_used, text_space;
	size_t *cell; /* where in it each is, row by row; malloc'd */
	size_t cells, cell_space;
};

/* Starts with the heads of the columns; the list ends with NULL. */
void table_start(struct table *t, ...) __attribute__((sentinel));
/* One row, as many texts as there are columns; "" and NULL are printed as "-". */
void table_row(struct table *t, ...);
/* Prints and frees it. */
void table_print(struct table *t);
void table_dispose(struct table *t);

#endif
