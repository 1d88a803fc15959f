/* What dom0 publishes for a guest: one directory a vif. */
#include "xenstore-schema/schema_dir.h"

#include <errno.h>

/* clang-format off */
static const struct schema_key keys[] = {
	{ "ip", KEY_ADDR4, SCHEMA_FIELD(struct guest_link, ip),
		.help = "The guest's address, as it sees it (visible-ip of its network domain's entry). The prefix "
			"is always /32." },
	{ "ip6", KEY_ADDR6, SCHEMA_FIELD(struct guest_link, ip6),
		.help = "The guest's address. The prefix is always /128." },
	{ "gateway", KEY_ADDR4, SCHEMA_FIELD(struct guest_link, gateway),
		.help = "Where the guest sends everything; it is reached over the link itself." },
	{ "gateway6", KEY_ADDR6, SCHEMA_FIELD(struct guest_link, gateway6),
		.help = "The same for IPv6." },
	{ "dns1", KEY_ADDR4, SCHEMA_FIELD(struct guest_link, dns[0]),
		.help = "First virtual resolver. The network domain leads it to a real one." },
	{ "dns2", KEY_ADDR4, SCHEMA_FIELD(struct guest_link, dns[1]),
		.help = "Second virtual resolver." },
	{ "dns1-6", KEY_ADDR6, SCHEMA_FIELD(struct guest_link, dns6[0]),
		.help = "First virtual resolver, by IPv6." },
	{ "dns2-6", KEY_ADDR6, SCHEMA_FIELD(struct guest_link, dns6[1]),
		.help = "Second virtual resolver, by IPv6." },
	{ "mac", KEY_MAC, SCHEMA_FIELD(struct guest_link, mac),
		.help = "By this the guest finds which of its interfaces is meant." },
	{ "mtu", KEY_MTU, SCHEMA_FIELD(struct guest_link, mtu),
		.help = "Bytes. Absent: the interface's own." },
	{ 0 },
};
/* clang-format on */

const struct schema_dir guest_link_dir = {
	.path = "/local/domain/G/netvm/<devid>",
	.perms = "n0,rG",
	.writer = "dom0",
	.help = "A guest's link: what the guest configures on its interface number <devid>. "
		"Changes are one transaction each.",
	.size = sizeof(struct guest_link),
	.keys = keys,
};

int guest_link_read(
	struct store *s, uint32_t domid, uint32_t devid, struct guest_link *out, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_dir_read(
		s, &guest_link_dir, schema_path(path, domid, "netvm/%u", devid), out, e);
}

struct write_job {
	uint32_t domid, devid;
	const struct guest_link *link;
};

static int write_body(struct store *s, void *arg, struct err *e)
{
	const struct write_job *job = arg;
	char path[STORE_PATH_MAX];
	int err = schema_dir_own(s, job->domid, schema_path(path, job->domid, "netvm"), e);

	if (!err)
		err = schema_dir_own(
			s, job->domid, schema_path(path, job->domid, "netvm/%u", job->devid), e);
	return err ? err : schema_dir_write_in(s, &guest_link_dir, path, job->link, e);
}

int guest_link_write(
	struct store *s, uint32_t domid, uint32_t devid, const struct guest_link *in, struct err *e)
{
	struct write_job job = { domid, devid, in };
	int err = schema_resolve(s, &job.domid, e);

	return err ? err : store_transact(s, write_body, &job, e);
}

int guest_link_remove(struct store *s, uint32_t domid, uint32_t devid, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_remove(s, schema_path(path, domid, "netvm/%u", devid), e);
}

int guest_link_list(
	struct store *s, uint32_t domid, uint32_t *devids, size_t max, size_t *count, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_list_devids(s, schema_path(path, domid, "netvm"), devids, max, count, e);
}

int guest_link_watch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, schema_path(path, domid, "netvm"), token, e);
}
