#include "frontend-config/link_find.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

/* The name of the xenbus device behind a link; false where it is no frontend. */
static bool nodename_read(const char *sysfs, const char *link, char *out, size_t size)
{
	char path[PATH_MAX], *text = NULL;
	int n = snprintf(path, sizeof(path), "%s/%s/device/nodename", sysfs, link);
	bool found = false;

	if (n > 0 && (size_t)n < sizeof(path) && file_read(path, 4096, &text, NULL, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		n = snprintf(out, size, "%s", text);
		found = n > 0 && (size_t)n < size;
	}
	free(text);
	return found;
}

static int by_mac(const struct link *links, size_t count, uint32_t devid, const struct mac *mac,
	const char *sysfs, const struct link **out, struct err *e)
{
	const struct link *found = NULL;
	char text[MAC_TEXT_MAX], other[64];

	for (size_t i = 0; i < count; i++) {
		if (links[i].loopback || !mac_equal(&links[i].mac, mac))
			continue;
		/* A frontend that says it is another's is not taken for this one. */
		if (nodename_read(sysfs, links[i].name, other, sizeof(other)))
			continue;
		if (found)
			return err_set(e, -ENOTUNIQ,
				"device %u: both %s and %s have its MAC %s, and neither is known "
				"as a Xen device",
				devid, found->name, links[i].name, mac_print(mac, text));
		found = &links[i];
	}
	if (!found)
		return err_set(e, -ENODEV,
			"device %u: there is no interface of device/vif/%u and none with MAC %s; "
			"is xen-netfront loaded?",
			devid, devid, mac_print(mac, text));
	*out = found;
	return 0;
}

int link_find(const char *sysfs, const struct link *links, size_t count, uint32_t devid,
	const struct mac *mac, const struct link **out, struct err *e)
{
	char wanted[32], nodename[64];

	snprintf(wanted, sizeof(wanted), "device/vif/%u", devid);
	for (size_t i = 0; i < count; i++) {
		if (nodename_read(sysfs, links[i].name, nodename, sizeof(nodename)) &&
			strcmp(nodename, wanted) == 0) {
			*out = &links[i];
			return 0;
		}
	}
	if (mac_is_set(mac))
		return by_mac(links, count, devid, mac, sysfs, out, e);
	return err_set(e, -ENODEV,
		"device %u: there is no interface of device/vif/%u, and no MAC to know it by is "
		"published; is xen-netfront loaded?",
		devid, devid);
}
