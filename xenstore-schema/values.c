/* The grammar of every value: one row a kind, with its words, its parser and its printer. */
#include "xenstore-schema/schema_dir.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_MIN 68U /* RFC 791 */
#define MTU_MAX 65535U

const char *const words_01[] = { "0", "1", NULL };

int text_printable(const char *text, char *buf, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i < size - 1; i++)
		buf[i] = text[i] >= 0x20 && text[i] <= 0x7e ? text[i] : '?';
	buf[i] = '\0';
	return text[i] ? -EMSGSIZE : 0;
}

/* --- addresses --- */

static int addr_take(int (*parse)(const char *, struct addr *), const char *text, void *field)
{
	struct addr a;

	if (parse(text, &a) < 0 || !addr_is_unicast(&a))
		return -EINVAL;
	memcpy(field, &a, sizeof(a));
	return 0;
}

static int addr4_parse(const struct schema_key *key, const char *text, void *field)
{
	(void)key;
	return addr_take(addr_parse4, text, field);
}

static int addr6_parse(const struct schema_key *key, const char *text, void *field)
{
	(void)key;
	return addr_take(addr_parse6, text, field);
}

static int addr_text(const struct schema_key *key, const void *field, char *buf)
{
	const struct addr *a = field;

	(void)key;
	if (!addr_is_set(a))
		return 0;
	addr_print(a, buf);
	return 1;
}

/* One address, or one with the length of a single host ("/32", "/128"), as routes are written. */
static int host_parse(const char *text, struct addr *out)
{
	struct prefix p;

	if (prefix_parse(text, &p) < 0 || p.len != addr_len(&p.addr) * 8)
		return -EINVAL;
	*out = p.addr;
	return 0;
}

static bool addr_is_among(const struct addr *a, const struct addr *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(a, &others[i]))
			return true;
	return false;
}

int vif_addrs_parse(const char *text, struct addr addrs[VIF_ADDRS_MAX], size_t *count)
{
	static const char separators[] = " \t\n,";
	struct addr found[VIF_ADDRS_MAX];
	size_t n = 0;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		char word[PREFIX_TEXT_MAX];
		size_t len = strcspn(text, separators);

		if (len >= sizeof(word) || n == VIF_ADDRS_MAX)
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (addr_take(host_parse, word, &found[n]) < 0 ||
			addr_is_among(&found[n], found, n))
			return -EINVAL;
		n++;
		text += len;
	}
	memcpy(addrs, found, n * sizeof(found[0]));
	*count = n;
	return 0;
}

static int addrs_parse(const struct schema_key *key, const char *text, void *field)
{
	struct vif_backend *b = (struct vif_backend *)((char *)field - key->offset);

	return vif_addrs_parse(text, b->addrs, &b->count);
}

static int mac_take(const struct schema_key *key, const char *text, void *field)
{
	(void)key;
	return mac_parse(text, field);
}

static int mac_text(const struct schema_key *key, const void *field, char *buf)
{
	const struct mac *m = field;

	(void)key;
	if (!mac_is_set(m))
		return 0;
	mac_print(m, buf);
	return 1;
}

/* --- numbers --- */

static int mtu_parse(const struct schema_key *key, const char *text, void *field)
{
	uint32_t n;

	(void)key;
	if (decimal_parse(text, MTU_MAX + 1, &n) < 0 || n < MTU_MIN)
		return -EINVAL;
	memcpy(field, &n, sizeof(n));
	return 0;
}

static int number_take(const struct schema_key *key, const char *text, void *field)
{
	(void)key;
	return decimal_parse(text, (uint64_t)UINT32_MAX + 1, field);
}

static int domid_take(const struct schema_key *key, const char *text, void *field)
{
	(void)key;
	return domid_parse(text, field);
}

static int number_text(const struct schema_key *key, const void *field, char *buf)
{
	uint32_t n = *(const uint32_t *)field;

	if (!n && !key->required)
		return 0;
	snprintf(buf, STORE_VALUE_MAX, "%u", n);
	return 1;
}

/* --- words --- */

/* A field is an enum or a bool; both are as wide as `size` says. */
static unsigned int choice_get(const struct schema_key *key, const void *field)
{
	return key->size == sizeof(bool) ? *(const bool *)field : *(const unsigned int *)field;
}

static void choice_set(const struct schema_key *key, void *field, unsigned int n)
{
	if (key->size == sizeof(bool))
		*(bool *)field = n;
	else
		*(unsigned int *)field = n;
}

static int word_parse(const struct schema_key *key, const char *text, void *field)
{
	for (unsigned int i = 0; key->words[i]; i++)
		if (strcmp(text, key->words[i]) == 0) {
			choice_set(key, field, i);
			return 0;
		}
	return -EINVAL;
}

static int word_text(const struct schema_key *key, const void *field, char *buf)
{
	unsigned int n = choice_get(key, field);

	for (unsigned int i = 0; key->words[i]; i++)
		if (i == n) {
			strcpy(buf, key->words[i]);
			return 1;
		}
	return -EINVAL;
}

static int state_parse(const struct schema_key *key, const char *text, void *field)
{
	uint32_t n;

	if (decimal_parse(text, XENBUS_RECONFIGURED + 1, &n) < 0)
		return -EINVAL;
	choice_set(key, field, n);
	return 0;
}

static int state_text(const struct schema_key *key, const void *field, char *buf)
{
	snprintf(buf, STORE_VALUE_MAX, "%u", choice_get(key, field));
	return 1;
}

/* --- texts --- */

static int text_parse(const struct schema_key *key, const char *text, void *field)
{
	char buf[STORE_VALUE_MAX];

	if (text_printable(text, buf, key->size) < 0 || strcmp(text, buf) != 0)
		return -EINVAL;
	memcpy(field, buf, strlen(buf) + 1);
	return 0;
}

/* Texts of ours come from other programs' messages: made printable rather than refused. */
static int text_text(const struct schema_key *key, const void *field, char *buf)
{
	if (!memchr(field, '\0', key->size))
		return -EMSGSIZE;
	text_printable(field, buf, STORE_VALUE_MAX);
	return *buf ? 1 : 0;
}

static int name_parse(const struct schema_key *key, const char *text, void *field)
{
	(void)key;
	if (domain_name_check(text) < 0)
		return -EINVAL;
	strcpy(field, text);
	return 0;
}

static int name_text(const struct schema_key *key, const void *field, char *buf)
{
	const char *name = field;

	if (!*name)
		return 0;
	if (!memchr(name, '\0', key->size) || domain_name_check(name) < 0)
		return -EINVAL;
	strcpy(buf, name);
	return 1;
}

/* --- subnets --- */

static int prefixes6_parse(const struct schema_key *key, const char *text, void *field)
{
	struct prefixes list = { .count = 0 };

	(void)key;
	for (;;) {
		size_t len = strcspn(text, " ");
		char word[PREFIX_TEXT_MAX];
		struct prefix p;

		if (len >= sizeof(word) || list.count == PREFIXES_MAX)
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (prefix_parse(word, &p) < 0 || !prefix_is_routable6(&p))
			return -EINVAL;
		list.item[list.count++] = p;
		if (!text[len])
			break;
		text += len + 1;
	}
	memcpy(field, &list, sizeof(list));
	return 0;
}

static int prefixes_text(const struct schema_key *key, const void *field, char *buf)
{
	const struct prefixes *list = field;
	char text[PREFIX_TEXT_MAX];
	size_t used = 0;

	(void)key;
	for (size_t i = 0; i < list->count; i++)
		used += (size_t)snprintf(buf + used, STORE_VALUE_MAX - used, "%s%s", i ? " " : "",
			prefix_print(&list->item[i], text));
	return list->count ? 1 : 0;
}
static_assert(PREFIXES_MAX * PREFIX_TEXT_MAX <= STORE_VALUE_MAX, "all of them fit");

/* --- ports --- */

static int ports_parse(const struct schema_key *key, const char *text, void *field)
{
	struct exposures set = { .count = 0 };

	(void)key;
	for (;;) {
		size_t len = strcspn(text, " ");
		char word[EXPOSURE_TEXT_MAX];
		struct exposure e;

		if (len >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (exposure_parse(word, &e) < 0 || exposures_add(&set, &e) < 0)
			return -EINVAL;
		if (!text[len])
			break;
		text += len + 1;
	}
	memcpy(field, &set, sizeof(set));
	return 0;
}

static int ports_text(const struct schema_key *key, const void *field, char *buf)
{
	const struct exposures *set = field;
	char text[EXPOSURE_TEXT_MAX];
	size_t used = 0;

	(void)key;
	for (size_t i = 0; i < set->count; i++)
		used += (size_t)snprintf(buf + used, STORE_VALUE_MAX - used, "%s%s", i ? " " : "",
			exposure_print(&set->item[i], text));
	return set->count ? 1 : 0;
}
static_assert(EXPOSURES_MAX * EXPOSURE_TEXT_MAX <= STORE_VALUE_MAX, "all of them fit");

/* --- the table --- */

static const struct {
	const char *expected;
	int (*parse)(const struct schema_key *key, const char *text, void *field);
	int (*print)(const struct schema_key *key, const void *field, char *buf);
} kinds[] = {
	[KEY_ADDR4] = { "an IPv4 address of one host", addr4_parse, addr_text },
	[KEY_ADDR6] = { "an IPv6 address of one host", addr6_parse, addr_text },
	[KEY_ADDRS] = { "at most 16 different addresses of hosts, separated by spaces or commas",
		addrs_parse, NULL },
	[KEY_MAC] = { "a MAC address of one host (xx:xx:xx:xx:xx:xx)", mac_take, mac_text },
	[KEY_MTU] = { "a number from 68 to 65535", mtu_parse, number_text },
	[KEY_NUMBER] = { "a number from 0 to 4294967295", number_take, number_text },
	[KEY_DOMID] = { "a domain's number", domid_take, number_text },
	[KEY_WORD] = { "one of its words", word_parse, word_text },
	[KEY_STATE] = { "a state of Xen's devices, 0 to 8", state_parse, state_text },
	[KEY_TEXT] = { "printable ASCII of the allowed length", text_parse, text_text },
	[KEY_NAME] = { "a domain's name", name_parse, name_text },
	[KEY_PREFIXES6] = { "at most 16 IPv6 subnets that can be routed (2001:db8:5::/64, no host "
			    "bits), separated by single spaces",
		prefixes6_parse, prefixes_text },
	[KEY_PORTS] = { "at most 32 different ports (tcp/8080:80, or tcp/80@192.0.2.0/24), "
			"separated by "
			"single spaces",
		ports_parse, ports_text },
};
static_assert(XENBUS_RECONFIGURED == 8, "as in xen/include/public/io/xenbus.h");
static_assert(sizeof(kinds) / sizeof(kinds[0]) == KEY_KINDS, "every kind has a row");

const char *key_expected(const struct schema_key *key)
{
	return kinds[key->kind].expected;
}

int key_parse(const struct schema_key *key, const char *text, void *object)
{
	return kinds[key->kind].parse(key, text, (char *)object + key->offset);
}

int key_print(const struct schema_key *key, const void *object, char buf[STORE_VALUE_MAX])
{
	/* Any field but those of KEY_ADDRS, which has no printer; aligned as they are. */
	union {
		struct addr addr;
		uint32_t number;
		char text[NETVM_WORDS_MAX];
		struct exposures ports;
		struct prefixes prefixes;
	} scratch;
	int present;

	if (!kinds[key->kind].print || key->size > sizeof(scratch))
		return -EINVAL;
	present = kinds[key->kind].print(key, (const char *)object + key->offset, buf);
	if (present > 0 && kinds[key->kind].parse(key, buf, &scratch) < 0)
		return -EINVAL;
	return present;
}

void key_clear(const struct schema_key *key, void *object)
{
	void *field = (char *)object + key->offset;

	memset(field, 0, key->size);
	if (key->kind == KEY_WORD)
		choice_set(key, field, key->fallback);
}
