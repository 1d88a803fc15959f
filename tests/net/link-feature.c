/*
 * link-feature LINK scatter-gather|checksum|segmentation on|off
 *
 * Switches what the kernel hands to a link undone, as `ethtool -K` does: plays a guest that takes
 * less. Switching one off takes with it what needs it.
 */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		unsigned int command;
	} features[] = {
		{ "scatter-gather", ETHTOOL_SSG },
		{ "checksum", ETHTOOL_STXCSUM },
		{ "segmentation", ETHTOOL_STSO },
	};
	struct ethtool_value value = { .cmd = 0 };
	struct ifreq request = { .ifr_data = (char *)&value };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	for (size_t i = 0; argc == 4 && i < sizeof(features) / sizeof(features[0]); i++)
		if (strcmp(argv[2], features[i].name) == 0)
			value.cmd = features[i].command;
	if (!value.cmd) {
		fprintf(stderr, "usage: link-feature LINK scatter-gather|checksum|segmentation "
				"on|off\n");
		return 2;
	}
	value.data = strcmp(argv[3], "on") == 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", argv[1]);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) < 0) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
