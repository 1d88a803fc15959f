/*
 * nft_run: runs batches of nft commands in this process, by libnftables.
 *
 * The library is loaded when the first batch is run: linked as usual it brings six more into every
 * program at its start, also where nothing is to be changed, or iptables is the engine; and a
 * hotplug program is all start. The only user of libnftables. It must not know what commands say.
 */
#ifndef NETVM_NFT_RUN_H
#define NETVM_NFT_RUN_H

#include <stdbool.h>

#include "common/err.h"

struct nft_run;

/* Whether the library can be had. */
bool nft_run_usable(void);

/* Runs one batch: all of it takes effect or nothing does. `*run` is NULL at first, and kept for the
 * next time. -ENOENT: the library is not installed. -EIO: refused, with its words and the command
 * that they are about. -ENOMEM. */
int nft_run(struct nft_run **run, const char *batch, struct err *e);

void nft_run_free(struct nft_run *run); /* NULL is fine */

#endif
