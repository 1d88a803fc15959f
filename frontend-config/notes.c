/*
 * The file has one line a fact: a word, the devid, the rest:
 *
 *     link 0 2 eth0              ifindex and name
 *     address 0 10.137.0.5
 *     mtu 0 1500                 as it was
 *     on 0                       it was switched off
 *     sysctl 0 accept_ra 1       as it was
 *     dns 0 resolvconf eth0 10.139.1.1 10.139.1.2
 *     resolv-conf
 */
#include "frontend-config/notes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

#define WORDS_MAX (4 + DNS_SERVERS_MAX)

struct note *notes_find(struct notes *n, uint32_t devid, bool make)
{
	size_t i = 0;

	while (i < n->count && n->note[i].devid < devid)
		i++;
	if (i < n->count && n->note[i].devid == devid)
		return &n->note[i];
	if (!make || n->count == NOTES_LINKS_MAX)
		return NULL;
	memmove(&n->note[i + 1], &n->note[i], (n->count - i) * sizeof(*n->note));
	n->count++;
	memset(&n->note[i], 0, sizeof(*n->note));
	n->note[i].devid = devid;
	link_notes_clear(&n->note[i].link);
	return &n->note[i];
}

void notes_tidy(struct notes *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++)
		if (n->note[i].link.ifindex || n->note[i].dns.way != DNS_NONE)
			n->note[kept++] = n->note[i];
	n->count = kept;
}

/* --- parsing --- */

static int number_parse(const char *text, unsigned long most, unsigned long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoul(text, &end, 10);
	return errno || *end || *out > most ? -EINVAL : 0;
}

static int name_take(const char *text, char out[LINK_NAME_MAX])
{
	size_t len = strlen(text);

	if (len == 0 || len >= LINK_NAME_MAX)
		return -EINVAL;
	memcpy(out, text, len + 1);
	return 0;
}

static int link_take(struct note *n, char **word, size_t count)
{
	unsigned long ifindex;

	if (count != 2 || number_parse(word[0], INT_MAX, &ifindex) || ifindex == 0)
		return -EINVAL;
	n->link.ifindex = (int)ifindex;
	return name_take(word[1], n->link.name);
}

static int address_take(struct note *n, char **word, size_t count)
{
	if (count != 1 || n->link.addr_count == LINK_NOTED_ADDRS)
		return -EINVAL;
	return addr_parse(word[0], &n->link.addrs[n->link.addr_count++]);
}

static int mtu_take(struct note *n, char **word, size_t count)
{
	unsigned long was;

	if (count != 1 || number_parse(word[0], UINT32_MAX, &was))
		return -EINVAL;
	n->link.mtu_was = (uint32_t)was;
	return 0;
}

static int on_take(struct note *n, char **word, size_t count)
{
	(void)word;
	n->link.switched_on = true;
	return count == 0 ? 0 : -EINVAL;
}

static int sysctl_take(struct note *n, char **word, size_t count)
{
	unsigned long was;

	if (count != 2 || number_parse(word[1], INT_MAX, &was))
		return -EINVAL;
	for (size_t i = 0; i < LINK_SYSCTLS; i++) {
		if (strcmp(word[0], link_sysctl_names[i]) == 0) {
			n->link.sysctl_was[i] = (int)was;
			return 0;
		}
	}
	return -EINVAL;
}

static int dns_take(struct note *n, char **word, size_t count)
{
	struct dns_entry *d = &n->dns;

	if (count < 3 || count > 2 + DNS_SERVERS_MAX || dns_way_parse(word[0], &d->way) ||
		name_take(word[1], d->name))
		return -EINVAL;
	for (d->count = 0; d->count < count - 2; d->count++)
		if (addr_parse(word[2 + d->count], &d->server[d->count]))
			return -EINVAL;
	return 0;
}

static const struct fact {
	const char *word;
	int (*take)(struct note *n, char **word, size_t count);
} facts[] = {
	{ "link", link_take },
	{ "address", address_take },
	{ "mtu", mtu_take },
	{ "on", on_take },
	{ "sysctl", sysctl_take },
	{ "dns", dns_take },
};

static int line_take(struct notes *n, char *line)
{
	char *word[WORDS_MAX], *rest = line;
	unsigned long devid;
	struct note *note;
	size_t count = 0;

	for (char *w = strtok_r(line, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		if (count == WORDS_MAX)
			return -EINVAL;
		word[count++] = w;
	}
	if (count == 1 && strcmp(word[0], "resolv-conf") == 0) {
		n->resolv_conf = true;
		return 0;
	}
	if (count < 2 || number_parse(word[1], DEVID_LIMIT - 1, &devid))
		return -EINVAL;
	note = notes_find(n, (uint32_t)devid, true);
	for (size_t i = 0; note && i < sizeof(facts) / sizeof(*facts); i++)
		if (strcmp(word[0], facts[i].word) == 0)
			return facts[i].take(note, word + 2, count - 2);
	return -EINVAL;
}

int notes_parse(const char *text, struct notes *out, struct err *e)
{
	struct notes *n = calloc(1, sizeof(*n));
	char *copy = strdup(text), *rest = copy, *line;
	unsigned int number = 0;
	int ret = 0;

	if (!n || !copy) {
		ret = err_sys(e, -ENOMEM, "notes");
		goto out;
	}
	while (!ret && (line = strsep(&rest, "\n"))) {
		number++;
		if (*line && line_take(n, line))
			ret = err_set(e, -EINVAL, "line %u is not one of ours", number);
	}
	if (!ret)
		*out = *n;
out:
	free(copy);
	free(n);
	return ret;
}

/* --- printing --- */

static void link_print(FILE *to, const struct note *n)
{
	char text[ADDR_TEXT_MAX];
	const struct link_notes *l = &n->link;

	if (!l->ifindex)
		return;
	fprintf(to, "link %u %d %s\n", n->devid, l->ifindex, l->name);
	for (size_t i = 0; i < l->addr_count; i++)
		fprintf(to, "address %u %s\n", n->devid, addr_print(&l->addrs[i], text));
	if (l->mtu_was)
		fprintf(to, "mtu %u %u\n", n->devid, l->mtu_was);
	if (l->switched_on)
		fprintf(to, "on %u\n", n->devid);
	for (size_t i = 0; i < LINK_SYSCTLS; i++)
		if (l->sysctl_was[i] != LINK_SYSCTL_NONE)
			fprintf(to, "sysctl %u %s %d\n", n->devid, link_sysctl_names[i],
				l->sysctl_was[i]);
}

static void dns_print(FILE *to, const struct note *n)
{
	char text[ADDR_TEXT_MAX];

	if (n->dns.way == DNS_NONE)
		return;
	fprintf(to, "dns %u %s %s", n->devid, dns_way_names[n->dns.way], n->dns.name);
	for (size_t i = 0; i < n->dns.count; i++)
		fprintf(to, " %s", addr_print(&n->dns.server[i], text));
	fputc('\n', to);
}

int notes_print(const struct notes *n, char buf[NOTES_TEXT_MAX])
{
	FILE *to = fmemopen(buf, NOTES_TEXT_MAX, "w");
	long len;
	int ret;

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < n->count; i++) {
		link_print(to, &n->note[i]);
		dns_print(to, &n->note[i]);
	}
	if (n->resolv_conf)
		fputs("resolv-conf\n", to);
	fflush(to);
	len = ftell(to);
	ret = ferror(to) || len < 0 || len >= NOTES_TEXT_MAX ? -EMSGSIZE : (int)len;
	fclose(to);
	if (ret >= 0)
		buf[ret] = '\0';
	return ret;
}

/* --- the file --- */

int notes_read(const char *path, struct notes *out, struct err *e)
{
	char *text = NULL;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = file_read(path, NOTES_TEXT_MAX, &text, NULL, e);
	if (ret == -ENOENT)
		return 0;
	if (!ret) {
		ret = notes_parse(text, out, e);
		if (ret)
			err_prefix(e, "%s", path);
	}
	free(text);
	return ret;
}

int notes_write(const char *path, const struct notes *n, struct err *e)
{
	char *text = malloc(NOTES_TEXT_MAX), *now = NULL;
	int len, ret = 0;

	if (!text)
		return err_sys(e, -ENOMEM, "%s", path);
	len = notes_print(n, text);
	if (len < 0) {
		ret = err_sys(e, len, "%s: notes do not fit into it", path);
		goto out;
	}
	if (len == 0) {
		if (unlink(path) < 0 && errno != ENOENT)
			ret = err_sys(e, -errno, "%s: could not be removed", path);
		goto out;
	}
	if (file_read(path, NOTES_TEXT_MAX, &now, NULL, NULL) == 0 && strcmp(now, text) == 0)
		goto out;
	ret = file_replace(path, text, (size_t)len, 0644, e);
out:
	free(now);
	free(text);
	return ret;
}
