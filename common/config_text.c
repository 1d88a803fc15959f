#include "common/config_text.h"

#include <errno.h>
#include <stdlib.h>

int config_text_item_add(struct config_text *t, const char *item)
{
	if (t->items == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		const char **grown = reallocarray(t->item, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->item = grown;
		t->room = room;
	}
	t->item[t->items++] = item;
	return 0;
}

void config_text_clear(struct config_text *t)
{
	if (t->kept)
		t->release(t->kept);
	t->kept = NULL;
	free(t->item);
	t->item = NULL;
	t->items = t->room = 0;
	t->index.count = 0;
}

/* Thousands of files may be read one after the other: what is large in it is not cleared. */
int config_text_read(const char *path, const char *text, struct config_text *out, struct err *e)
{
	int ret;

	out->path = path;
	out->text = text;
	out->index.count = 0;
	out->item = NULL;
	out->items = out->room = 0;
	out->kept = NULL;
	ret = config_plain_read(out, e);
	return ret == -ENOTSUP ? config_library_read(out, e) : ret;
}
