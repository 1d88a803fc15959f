/*
 * json: writes one JSON document on standard output, with yajl. The only file that includes yajl.
 *
 * `key` is NULL inside of arrays and for the outermost value. Text must be UTF-8; a NULL text is
 * null.
 */
#ifndef NETVM_JSON_H
#define NETVM_JSON_H

#include <stdbool.h>

struct json;

struct json *json_open(void); /* NULL: out of memory; every call takes that */
/* Writes what was made. Returns 0, or a negative errno where memory or standard output failed. */
int json_close(struct json *j);
/* Forgets what was made. */
void json_drop(struct json *j);

void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array_end(struct json *j);
void json_text(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, long long n);
void json_bool(struct json *j, const char *key, bool b);

#endif
