#include "backend/netback/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TUN "/dev/net/tun"
/* All taps of ours, and no other's, are made with exactly these. */
#define FLAGS (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)

/* Asked by its name, of the kernel itself: sysfs may be another network namespace's. */
static int link_ask(const char *name, unsigned long request, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
	ret = ioctl(fd, request, r) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

bool tap_is(const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq r = { .ifr_data = (void *)&info };

	return link_ask(name, SIOCETHTOOL, &r) == 0 && strcmp(info.driver, "tun") == 0 &&
	       strcmp(info.bus_info, "tap") == 0;
}

static bool link_is(const char *name)
{
	return if_nametoindex(name) != 0;
}

static int attach(const char *name, int *fd, struct err *e)
{
	struct ifreq r = { .ifr_flags = FLAGS };

	*fd = open(TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return err_sys(e, -errno, TUN);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(*fd, TUNSETIFF, &r) == 0)
		return 0;
	err_sys(e, -errno, "the tap");
	close(*fd);
	*fd = -1;
	return e ? e->code : -EIO;
}

/* As Xen's own: an address that no guest has, so that neighbours are never in doubt. */
static int mac_set(const char *name, struct err *e)
{
	static const unsigned char mac[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ifreq r = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	int ret;

	memcpy(r.ifr_hwaddr.sa_data, mac, sizeof(mac));
	ret = link_ask(name, SIOCSIFHWADDR, &r);
	return ret ? err_sys(e, ret, "MAC address of the tap") : 0;
}

/* It becomes lasting last: one that could not be made as wanted goes with its descriptor. */
int tap_make(const char *name, struct err *e)
{
	int fd, ret;

	if (tap_is(name))
		return 0;
	if (link_is(name))
		return err_set(e, -EEXIST, "there is a link of that name, which is not ours");
	ret = attach(name, &fd, e);
	if (ret)
		return ret;
	ret = mac_set(name, e);
	if (!ret && ioctl(fd, TUNSETPERSIST, 1) < 0)
		ret = err_sys(e, -errno, "keeping the tap, or letting go of it");
	close(fd);
	return ret;
}

int tap_remove(const char *name, struct err *e)
{
	int fd, ret;

	if (!link_is(name))
		return 0;
	if (!tap_is(name))
		return err_set(e, -EEXIST, "there is a link of that name, which is not ours");
	ret = attach(name, &fd, e);
	if (ret)
		return ret;
	if (ioctl(fd, TUNSETPERSIST, 0) < 0)
		ret = err_sys(e, -errno, "keeping the tap, or letting go of it");
	close(fd);
	return ret;
}

static unsigned int offloads(const struct guest_takes *takes)
{
	unsigned int flags = 0;

	if (!takes->checksum4 && !takes->checksum6)
		return 0;
	flags = TUN_F_CSUM;
	if (takes->pieces && takes->segments4 && takes->checksum4)
		flags |= TUN_F_TSO4;
	if (takes->pieces && takes->segments6 && takes->checksum6)
		flags |= TUN_F_TSO6;
	return flags;
}

int tap_open(const char *name, const struct guest_takes *takes, int *fd, struct err *e)
{
	int size = sizeof(struct virtio_net_hdr), ret;

	*fd = -1;
	if (!tap_is(name))
		return err_set(e, -ENODEV, "there is no tap of that name");
	ret = attach(name, fd, e);
	if (ret)
		return ret;
	if (ioctl(*fd, TUNSETVNETHDRSZ, &size) == 0 &&
		ioctl(*fd, TUNSETOFFLOAD, offloads(takes)) == 0)
		return 0;
	ret = err_sys(e, -errno, "telling the tap what the guest takes");
	close(*fd);
	*fd = -1;
	return ret;
}
