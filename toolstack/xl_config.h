/*
 * xl_config: the `pci` list in a domain's xl config, read and changed.
 *
 * A change leaves every other byte of the file as it is, and is made only where the result says for
 * certain what was wanted: the new text is parsed as xl does and its list compared. Where that
 * cannot be had (no file, a syntax error, a key given twice) the file stays as it is and the caller
 * tells the administrator the line. It must not know the registry.
 */
#ifndef NETVM_XL_CONFIG_H
#define NETVM_XL_CONFIG_H

#include <stdbool.h>

#include "common/err.h"
#include "toolstack/pci.h"

/* Whether the file gives the domain this device, with whatever options. -ENOENT: no such file. */
int xl_config_has_pci(const char *path, const struct pci_bdf *bdf, bool *has, struct err *e);

/* Adds the device to the list, or takes it out; 0 also where nothing is to be done. The file's mode
 * stays, a symbolic link is followed. */
int xl_config_set_pci(const char *path, const struct pci_bdf *bdf, bool present, struct err *e);

/* The same on a text, `*out` malloc'd. Pure. `path` is for messages. */
int xl_config_text_set_pci(const char *path, const char *text, const struct pci_bdf *bdf,
	bool present, char **out, struct err *e);

#endif
