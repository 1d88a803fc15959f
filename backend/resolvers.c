#include "backend/resolvers.h"

#include <string.h>
#include <sys/socket.h>

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

/* systemd-resolved listens on these and asks the list that it leaves in a file of its own. (Its
 * answers would come from there, too, with whatever it makes of them.) */
static bool is_resolved_stub(const struct addr *a)
{
	static const uint8_t stubs[][4] = { { 127, 0, 0, 53 }, { 127, 0, 0, 54 } };

	for (size_t i = 0; i < sizeof(stubs) / sizeof(stubs[0]); i++)
		if (a->family == AF_INET && memcmp(a->bytes, stubs[i], 4) == 0)
			return true;
	return false;
}

static void near_take(const struct addr *a, const char *link, struct resolvers *out)
{
	struct resolver_near *n;

	for (size_t i = 0; i < out->near_count; i++)
		if (addr_equal(&out->near[i].addr, a) && strcmp(out->near[i].link, link) == 0)
			return;
	if (out->near_count == RULESET_RESOLVERS_MAX) {
		out->surplus++;
		return;
	}
	n = &out->near[out->near_count++];
	n->addr = *a;
	strcpy(n->link, link);
}

static void far_take(const struct addr *a, struct resolvers *out)
{
	struct addr *list = a->family == AF_INET ? out->ip4 : out->ip6;
	size_t *count = a->family == AF_INET ? &out->count4 : &out->count6;

	if (list_has(list, *count, a))
		return;
	if (*count == RULESET_RESOLVERS_MAX)
		out->surplus++;
	else
		list[(*count)++] = *a;
}

/* A link's name as it may stand behind the '%'; others would have a meaning to who asks there. */
static bool link_is_plain(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	return *name && strlen(name) < LINK_NAME_MAX && !name[strspn(name, letters)];
}

static void resolver_take(const char *word, size_t len, struct resolvers *out)
{
	char text[ADDR_TEXT_MAX + LINK_NAME_MAX], *link;
	struct addr a;

	if (len == 0 || len >= sizeof(text)) {
		out->unusable++;
		return;
	}
	memcpy(text, word, len);
	text[len] = '\0';
	link = strchr(text, '%');
	if (link)
		*link++ = '\0';
	if (addr_parse(text, &a) < 0) {
		out->unusable++;
	} else if (a.family == AF_INET6 && addr_is_linklocal(&a) && link && link_is_plain(link)) {
		near_take(&a, link, out);
	} else if (addr_is_loopback(&a) && !link) {
		out->local++;
		if (!is_resolved_stub(&a))
			near_take(&a, "", out);
	} else if (!addr_is_unicast(&a) || addr_is_linklocal(&a) || link) {
		out->unusable++;
	} else {
		far_take(&a, out);
	}
}

void resolvers_add(const char *text, struct resolvers *out)
{
	static const char key[] = "nameserver";

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

void resolvers_parse(const char *text, struct resolvers *out)
{
	memset(out, 0, sizeof(*out));
	resolvers_add(text, out);
}
