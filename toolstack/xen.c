/*
 * libxl's calls, each in a context of its own. libxl says what went wrong through a logger only;
 * the first line at error level is kept and becomes the sentence in `struct err`.
 */
#include "toolstack/xen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxl_utils.h>

#include "toolstack/xen_internal.h"

static void words_take(xentoollog_logger *logger, xentoollog_level level, int errnoval,
	const char *context, const char *format, va_list al)
{
	struct xen_words *w = (struct xen_words *)(void *)logger;
	size_t used;

	(void)context;
	if (level < XTL_ERROR || w->first[0])
		return;
	vsnprintf(w->first, sizeof(w->first), format, al);
	used = strlen(w->first);
	if (errnoval >= 0)
		snprintf(w->first + used, sizeof(w->first) - used, ": %s", strerror(errnoval));
}

static void words_destroy(xentoollog_logger *logger)
{
	(void)logger;
}

int xen_open(struct xen *x, struct err *e)
{
	*x = (struct xen){
		.words = { .vtable = { .vmessage = words_take, .destroy = words_destroy } }
	};
	if (libxl_ctx_alloc(&x->ctx, LIBXL_VERSION, 0, &x->words.vtable) != 0) {
		x->ctx = NULL;
		return err_set(e, -ENOTCONN,
			"Xen cannot be reached (is this dom0, does xenstored run, are you root?): "
			"%s",
			x->words.first);
	}
	return 0;
}

void xen_close(struct xen *x)
{
	if (x->ctx)
		libxl_ctx_free(x->ctx);
	x->ctx = NULL;
}

int xen_err(const struct xen *x, int rc, const char *what, struct err *e)
{
	static const struct {
		int rc, code;
		const char *words;
	} table[] = {
		{ ERROR_TIMEDOUT, -ETIMEDOUT, "no answer in time" },
		{ ERROR_NOMEM, -ENOMEM, "out of memory" },
		{ ERROR_DOMAIN_NOTFOUND, -ENOENT, "the domain is gone" },
		{ ERROR_INVAL, -EINVAL, "refused as wrong" },
	};
	const char *words = x->words.first[0] ? x->words.first : "libxl failed";
	int code = -EIO;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].rc != rc)
			continue;
		code = table[i].code;
		words = x->words.first[0] ? x->words.first : table[i].words;
	}
	return err_set(e, code, "%s: %s", what, words);
}

static int by_domid(const void *a, const void *b)
{
	const struct xen_domain *x = a, *y = b;

	return x->domid < y->domid ? -1 : x->domid > y->domid;
}

static void domain_fill(struct xen *x, const libxl_dominfo *info, struct xen_domain *out)
{
	char *name = libxl_domid_to_name(x->ctx, info->domid);

	*out = (struct xen_domain){ .domid = info->domid,
		.paused = info->paused,
		.shutdown = info->shutdown,
		.dying = info->dying };
	memcpy(out->uuid, libxl_uuid_bytearray_const(&info->uuid), sizeof(out->uuid));
	if (name && domain_name_check(name) == 0)
		snprintf(out->name, sizeof(out->name), "%s", name);
	free(name);
}

int xen_domains_list(struct xen_domain **out, size_t *count, struct err *e)
{
	libxl_dominfo *list = NULL;
	struct xen_domain *domains;
	struct xen x;
	size_t n = 0;
	int total = 0, ret = xen_open(&x, e);

	if (ret)
		return ret;
	list = libxl_list_domain(x.ctx, &total);
	if (!list) {
		ret = xen_err(&x, ERROR_FAIL, "the list of domains", e);
		goto out;
	}
	domains = calloc((size_t)total + 1, sizeof(*domains));
	if (!domains) {
		ret = err_sys(e, -ENOMEM, "the list of domains");
		goto out;
	}
	for (int i = 0; i < total; i++)
		if (list[i].domid && list[i].domid < DOMID_LIMIT)
			domain_fill(&x, &list[i], &domains[n++]);
	qsort(domains, n, sizeof(*domains), by_domid);
	*out = domains;
	*count = n;
out:
	if (list)
		libxl_dominfo_list_free(list, total);
	xen_close(&x);
	return ret;
}

int xen_domain_pause(uint32_t domid, bool pause, struct err *e)
{
	char what[32];
	struct xen x;
	int rc, ret = xen_open(&x, e);

	if (ret)
		return ret;
	rc = pause ? libxl_domain_pause(x.ctx, domid, NULL)
		   : libxl_domain_unpause(x.ctx, domid, NULL);
	if (rc) {
		snprintf(what, sizeof(what), "domain %u", domid);
		ret = xen_err(&x, rc, what, e);
	}
	xen_close(&x);
	return ret;
}
