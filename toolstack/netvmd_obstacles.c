#include "toolstack/netvmd_obstacles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

#define TEXT_MAX (4U << 20)

int netvmd_obstacles_add(struct netvmd_obstacles *o, const char *domain, const char *words)
{
	struct netvmd_obstacle *grown = realloc(o->obstacle, (o->count + 1) * sizeof(*o->obstacle));
	char *copy = strdup(words);

	if (grown)
		o->obstacle = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	for (char *c = copy; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(grown[o->count].domain, sizeof(grown->domain), "%s", domain);
	grown[o->count++].words = copy;
	return 0;
}

void netvmd_obstacles_dispose(struct netvmd_obstacles *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->obstacle[i].words);
	free(o->obstacle);
	*o = (struct netvmd_obstacles){ NULL, 0 };
}

char *netvmd_obstacles_print(const struct netvmd_obstacles *o)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < o->count; i++)
		fprintf(f, "%s\t%s\n", o->obstacle[i].domain, o->obstacle[i].words);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static int line_take(const char *line, size_t len, struct netvmd_obstacles *out)
{
	const char *tab = memchr(line, '\t', len);
	size_t name = tab ? (size_t)(tab - line) : DOMAIN_NAME_MAX;
	char domain[DOMAIN_NAME_MAX], *words;
	int ret;

	if (name >= sizeof(domain))
		return -EINVAL;
	memcpy(domain, line, name);
	domain[name] = '\0';
	if (*domain && domain_name_check(domain))
		return -EINVAL;
	words = strndup(tab + 1, len - name - 1);
	ret = words ? netvmd_obstacles_add(out, domain, words) : -ENOMEM;
	free(words);
	return ret;
}

int netvmd_obstacles_parse(const char *text, struct netvmd_obstacles *out, struct err *e)
{
	unsigned int number = 1;

	*out = (struct netvmd_obstacles){ NULL, 0 };
	for (size_t len; *text; text += len + 1, number++) {
		const char *end = strchr(text, '\n');
		int ret;

		len = end ? (size_t)(end - text) : 0;
		ret = end ? line_take(text, len, out) : -EINVAL;
		if (ret)
			return err_set(e, ret, "line %u is no obstacle", number);
	}
	return 0;
}

int netvmd_obstacles_write(const char *path, const struct netvmd_obstacles *o, struct err *e)
{
	char *text = netvmd_obstacles_print(o), *now = NULL;
	int ret = 0;

	if (!text)
		return err_sys(e, -ENOMEM, "%s", path);
	if (file_read(path, TEXT_MAX, &now, NULL, NULL) || strcmp(now, text) != 0)
		ret = file_replace(path, text, strlen(text), 0644, e);
	free(now);
	free(text);
	return ret;
}

int netvmd_obstacles_read(const char *lock, const char *path, enum netvmd_life *life,
	struct netvmd_obstacles *out, struct err *e)
{
	char *text = NULL;
	bool runs;
	int ret = lock_is_held(lock, &runs, e);

	*out = (struct netvmd_obstacles){ NULL, 0 };
	*life = NETVMD_AWAY;
	if (ret || !runs)
		return ret;
	*life = NETVMD_BEGINS;
	ret = file_read(path, TEXT_MAX, &text, NULL, NULL);
	if (ret)
		return ret == -ENOENT ? 0 : err_sys(e, ret, "%s", path);
	*life = NETVMD_RUNS;
	if (netvmd_obstacles_parse(text, out, e))
		ret = err_prefix(e, "%s", path);
	free(text);
	return ret;
}
