#include "toolstack/pci_ids.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

#define LIST_MAX (16 * 1024 * 1024) /* bytes; it has 1.5 million in 2024 */

int pci_ids_read(char **text, struct err *e)
{
	/* Debian and most others; Fedora, openSUSE. */
	static const char *const places[] = { "/usr/share/misc/pci.ids",
		"/usr/share/hwdata/pci.ids" };
	int ret = -ENOENT;

	*text = NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && ret == -ENOENT; i++)
		ret = file_read(places[i], LIST_MAX, text, NULL, e);
	return ret == -ENOENT ? 0 : ret;
}

/* "8086  Intel Corporation": four lower-case hexadecimal digits, two spaces, a name. */
static bool id_take(const char *line, uint16_t *id, const char **name)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int n = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit = line[i] ? strchr(digits, line[i]) : NULL;

		if (!digit)
			return false;
		n = n << 4 | (unsigned int)(digit - digits);
	}
	if (line[4] != ' ' || line[5] != ' ' || !line[6] || line[6] == '\n')
		return false;
	*id = (uint16_t)n;
	*name = line + 6;
	return true;
}

/* UTF-8 is let through. */
static void name_copy(const char *from, char out[PCI_NAME_MAX])
{
	size_t len = strcspn(from, "\n");

	if (len >= PCI_NAME_MAX)
		len = PCI_NAME_MAX - 1;
	memcpy(out, from, len);
	out[len] = '\0';
	for (char *c = out; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
}

static const char *line_next(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

/* Among the lines of a vendor, up to the next one's. */
static void device_find(const char *line, uint16_t device, char out[PCI_NAME_MAX])
{
	const char *name;
	uint16_t id;

	for (; line && (*line == '\t' || *line == '#' || *line == '\n'); line = line_next(line)) {
		if (*line != '\t' || !id_take(line + 1, &id, &name) || id != device)
			continue;
		name_copy(name, out);
		return;
	}
}

void pci_ids_find(const char *text, uint16_t vendor, uint16_t device, struct pci_name *out)
{
	const char *name;
	uint16_t id;

	out->vendor[0] = out->device[0] = '\0';
	for (const char *line = text; line; line = line_next(line)) {
		if (!id_take(line, &id, &name) || id != vendor)
			continue;
		name_copy(name, out->vendor);
		device_find(line_next(line), device, out->device);
		return;
	}
}

const char *pci_ids_describe(
	const char *text, uint16_t vendor, uint16_t device, char buf[PCI_DESCRIPTION_MAX])
{
	struct pci_name name;

	pci_ids_find(text, vendor, device, &name);
	if (name.device[0])
		snprintf(buf, PCI_DESCRIPTION_MAX, "%s %s", name.vendor, name.device);
	else if (name.vendor[0])
		snprintf(buf, PCI_DESCRIPTION_MAX, "%s device %04x", name.vendor, device);
	else
		snprintf(buf, PCI_DESCRIPTION_MAX, "%04x:%04x", vendor, device);
	return buf;
}
