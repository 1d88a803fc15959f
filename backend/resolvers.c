#include "backend/resolvers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/file.h"

const char *const resolvers_paths[] = {
	"/etc/resolv.conf",
	"/run/systemd/resolve/resolv.conf",	   /* behind systemd-resolved's stub */
	"/run/NetworkManager/no-stub-resolv.conf", /* behind NetworkManager's dnsmasq or unbound */
	NULL,
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool list_has(const struct addr *list, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static void resolver_take(const char *word, size_t len, struct resolvers *out)
{
	char text[ADDR_TEXT_MAX];
	struct addr a, *list;
	size_t *count;

	if (len == 0 || len >= sizeof(text)) {
		out->unusable++;
		return;
	}
	memcpy(text, word, len);
	text[len] = '\0';
	if (addr_parse(text, &a) < 0) {
		out->unusable++;
		return;
	}
	list = a.family == AF_INET ? out->ip4 : out->ip6;
	count = a.family == AF_INET ? &out->count4 : &out->count6;
	if (addr_is_loopback(&a))
		out->local++;
	else if (!addr_is_unicast(&a) || addr_is_linklocal(&a))
		out->unusable++;
	else if (list_has(list, *count, &a))
		return;
	else if (*count == RULESET_RESOLVERS_MAX)
		out->surplus++;
	else
		list[(*count)++] = a;
}

void resolvers_parse(const char *text, struct resolvers *out)
{
	static const char key[] = "nameserver";

	memset(out, 0, sizeof(*out));
	while (*text) {
		const char *end = text + strcspn(text, "\n"), *word = text + sizeof(key) - 1, *rest;

		if ((size_t)(end - text) >= sizeof(key) &&
			memcmp(text, key, sizeof(key) - 1) == 0 && is_blank(*word)) {
			while (word < end && is_blank(*word))
				word++;
			for (rest = word; rest < end && !is_blank(*rest);)
				rest++;
			resolver_take(word, (size_t)(rest - word), out);
		}
		text = *end ? end + 1 : end;
	}
}

void resolvers_read(const char *const paths[], struct resolvers *out)
{
	struct resolvers r;
	char trouble[sizeof(r.trouble)] = "";
	struct err e = ERR_NONE;
	bool done = false;

	if (!paths || !paths[0])
		paths = resolvers_paths;
	memset(out, 0, sizeof(*out));
	for (; *paths && !done; paths++) {
		char *text = NULL;
		int ret = file_read(*paths, RESOLVERS_FILE_MAX, &text, NULL, &e);

		if (ret < 0) {
			if (ret != -ENOENT && ret != -ENOTDIR && !trouble[0])
				snprintf(trouble, sizeof(trouble), "%.*s", (int)sizeof(trouble) - 1,
					e.text);
			continue;
		}
		resolvers_parse(text, &r);
		free(text);
		snprintf(r.path, sizeof(r.path), "%s", *paths);
		done = r.count4 || r.count6 || !r.local;
		if (done || !out->path[0])
			*out = r;
	}
	memcpy(out->trouble, trouble, sizeof(trouble));
}

static size_t copy_foreign(const struct addr *in, size_t count, const struct link_addr *own,
	size_t own_count, struct addr *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		bool mine = false;

		for (size_t k = 0; k < own_count; k++)
			mine = mine || addr_equal(&own[k].addr, &in[i]);
		if (!mine)
			out[n++] = in[i];
	}
	return n;
}

void resolvers_to_ruleset(const struct resolvers *in, const struct link_addr *own, size_t own_count,
	struct ruleset *out)
{
	out->ip4.resolver_count =
		copy_foreign(in->ip4, in->count4, own, own_count, out->ip4.resolvers);
	out->ip6.resolver_count =
		copy_foreign(in->ip6, in->count6, own, own_count, out->ip6.resolvers);
}
