#include "common/link_offloads.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int link_offloads_get(const char *link, struct link_offloads *out, struct err *e)
{
	const struct {
		uint32_t command;
		bool *on;
	} features[] = {
		{ ETHTOOL_GTXCSUM, &out->checksum },
		{ ETHTOOL_GSG, &out->scatter_gather },
		{ ETHTOOL_GTSO, &out->segmentation },
	};
	struct ethtool_value value;
	struct ifreq request;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = fd < 0 ? -errno : 0;

	*out = (struct link_offloads){ .checksum = false };
	request.ifr_data = (char *)&value;
	if (snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link) >= IFNAMSIZ)
		rc = -ENODEV; /* no link has such a name */
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]) && !rc; i++) {
		value = (struct ethtool_value){ .cmd = features[i].command };
		if (ioctl(fd, SIOCETHTOOL, &request) == 0)
			*features[i].on = value.data != 0;
		else if (errno != EOPNOTSUPP)
			rc = -errno;
	}
	if (fd >= 0)
		close(fd);
	return rc ? err_sys(e, rc, "offloads of %s", link) : 0;
}
