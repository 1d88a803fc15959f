#include "backend/nft_run.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <nftables/libnftables.h>

#define BATCH_LARGE 65536 /* bytes */

struct library {
	__typeof__(nft_ctx_new) *ctx_new;
	__typeof__(nft_ctx_free) *ctx_free;
	__typeof__(nft_ctx_buffer_output) *buffer_output;
	__typeof__(nft_ctx_buffer_error) *buffer_error;
	__typeof__(nft_ctx_get_error_buffer) *get_error;
	__typeof__(nft_run_cmd_from_buffer) *run;
};

struct nft_run {
	const struct library *library;
	struct nft_ctx *ctx;
};

/* Where each function goes. */
static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "nft_ctx_new", offsetof(struct library, ctx_new) },
	{ "nft_ctx_free", offsetof(struct library, ctx_free) },
	{ "nft_ctx_buffer_output", offsetof(struct library, buffer_output) },
	{ "nft_ctx_buffer_error", offsetof(struct library, buffer_error) },
	{ "nft_ctx_get_error_buffer", offsetof(struct library, get_error) },
	{ "nft_run_cmd_from_buffer", offsetof(struct library, run) },
};

/* Once a process; it stays. */
static int library_load(const struct library **out, struct err *e)
{
	static struct library loaded;
	static void *library;
	void *symbol;

	*out = &loaded;
	if (library)
		return 0;
	/* NFTABLES_SONAME is that of the library whose header this was built with. */
	library = dlopen(NFTABLES_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(e, -ENOENT,
			NFTABLES_SONAME ": not found; install the Debian package libnftables1");
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		symbol = dlsym(library, symbols[i].name);
		if (!symbol) {
			dlclose(library);
			library = NULL;
			return err_set(e, -ENOENT, "%s lacks %s", NFTABLES_SONAME, symbols[i].name);
		}
		memcpy((char *)&loaded + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

bool nft_run_usable(void)
{
	const struct library *library;

	return library_load(&library, NULL) == 0;
}

void nft_run_free(struct nft_run *run)
{
	if (!run)
		return;
	if (run->ctx)
		run->library->ctx_free(run->ctx);
	free(run);
}

static int run_open(struct nft_run **out, struct err *e)
{
	struct nft_run *run = calloc(1, sizeof(*run));
	int ret = run ? library_load(&run->library, e) : err_sys(e, -ENOMEM, "nftables");

	if (!ret) {
		run->ctx = run->library->ctx_new(NFT_CTX_DEFAULT);
		if (!run->ctx || run->library->buffer_output(run->ctx) ||
			run->library->buffer_error(run->ctx))
			ret = err_sys(e, -ENOMEM, "nftables");
	}
	if (ret) {
		nft_run_free(run);
		return ret;
	}
	*out = run;
	return 0;
}

/* Of "PLACE: Error: WORDS\nCOMMAND\n^^^^\n..." the words and the command. */
static int run_fail(const char *words, struct err *e)
{
	const char *error = strstr(words, "Error: "), *command;
	size_t len;

	words = error ? error + strlen("Error: ") : words;
	len = strcspn(words, "\n");
	if (!len)
		return err_set(e, -EIO, "nftables: refused without a word");
	command = words[len] ? words + len + 1 : "";
	if (!*command || strncmp(command, "^", 1) == 0)
		return err_set(e, -EIO, "nftables: %.*s", (int)len, words);
	return err_set(e, -EIO, "nftables: %.*s: %.*s", (int)len, words,
		(int)strcspn(command, "\n"), command);
}

int nft_run(struct nft_run **run, const char *batch, struct err *e)
{
	bool large = strlen(batch) > BATCH_LARGE;
	int ret = *run ? 0 : run_open(run, e);

	if (ret)
		return ret;
	if ((*run)->library->run((*run)->ctx, batch) != 0)
		ret = run_fail((*run)->library->get_error((*run)->ctx), e);
	else
		/* Taking the words empties the buffer: warnings would be next time's first words.
		 */
		(*run)->library->get_error((*run)->ctx);
	if (large) {
		/* The library needs some 3 KiB a rule meanwhile, which a daemon would keep. */
		nft_run_free(*run);
		*run = NULL;
		malloc_trim(0);
	}
	return ret;
}
