/* netvm_editor: lets the administrator change a text in an editor of his own choice. It must not
 * know what the text is. */
#ifndef NETVM_NETVM_EDITOR_H
#define NETVM_NETVM_EDITOR_H

#include <limits.h>

#include "common/err.h"

/* A file that is being edited, in a directory that only we may enter. */
struct editor {
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 1];
};

/*
 * Writes `text` into a new file called `name`, runs the program that $VISUAL or else $EDITOR says
 * (words separated by blanks; without them vi) on it, on our terminal and without a shell, and
 * gives what the file holds afterwards, malloc'd. editor_end() afterwards; where this fails the
 * file is gone already. An editor that did not end with status 0 is -ECANCELED.
 */
int editor_run(struct editor *ed, const char *name, const char *text, char **out, struct err *e);
/* Removes the file. */
void editor_end(struct editor *ed);

#endif
