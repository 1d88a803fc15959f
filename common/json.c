#include "common/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

struct json {
	yajl_gen gen;
	bool failed;
};

struct json *json_open(void)
{
	struct json *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->gen = yajl_gen_alloc(NULL);
	if (!j->gen) {
		free(j);
		return NULL;
	}
	yajl_gen_config(j->gen, yajl_gen_beautify, 1);
	yajl_gen_config(j->gen, yajl_gen_indent_string, "  ");
	yajl_gen_config(j->gen, yajl_gen_validate_utf8, 1);
	return j;
}

void json_drop(struct json *j)
{
	if (!j)
		return;
	yajl_gen_free(j->gen);
	free(j);
}

int json_close(struct json *j)
{
	const unsigned char *text = NULL;
	size_t len = 0;
	int ret = 0;

	if (!j)
		return -ENOMEM;
	if (j->failed || yajl_gen_get_buf(j->gen, &text, &len) != yajl_gen_status_ok)
		ret = -EILSEQ;
	else if (fwrite(text, 1, len, stdout) != len || fflush(stdout))
		ret = -EIO;
	json_drop(j);
	return ret;
}

static void note(struct json *j, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		j->failed = true;
}

static void string_put(struct json *j, const char *text)
{
	note(j, yajl_gen_string(j->gen, (const unsigned char *)text, strlen(text)));
}

/* Whether there is somewhere to write to; the key is written then. */
static bool begin(struct json *j, const char *key)
{
	if (!j)
		return false;
	if (key)
		string_put(j, key);
	return true;
}

void json_object(struct json *j, const char *key)
{
	if (begin(j, key))
		note(j, yajl_gen_map_open(j->gen));
}

void json_array(struct json *j, const char *key)
{
	if (begin(j, key))
		note(j, yajl_gen_array_open(j->gen));
}

void json_object_end(struct json *j)
{
	if (j)
		note(j, yajl_gen_map_close(j->gen));
}

void json_array_end(struct json *j)
{
	if (j)
		note(j, yajl_gen_array_close(j->gen));
}

void json_text(struct json *j, const char *key, const char *text)
{
	if (!begin(j, key))
		return;
	if (text)
		string_put(j, text);
	else
		note(j, yajl_gen_null(j->gen));
}

void json_number(struct json *j, const char *key, long long n)
{
	if (begin(j, key))
		note(j, yajl_gen_integer(j->gen, n));
}

void json_bool(struct json *j, const char *key, bool b)
{
	if (begin(j, key))
		note(j, yajl_gen_bool(j->gen, b));
}
