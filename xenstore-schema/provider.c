/* What dom0 publishes for a network domain about itself. */
#include "xenstore-schema/schema_dir.h"

#include <assert.h>
#include <errno.h>

static const char *const roles[] = {
	[PROVIDER_ROUTER] = "router",
	[PROVIDER_VPN] = "vpn",
	NULL,
};
static_assert(sizeof(roles) / sizeof(roles[0]) == PROVIDER_VPN + 2, "every role has a word");

static const char *const powers[] = {
	[PROVIDER_RUNS] = "run",
	[PROVIDER_SUSPENDS] = "suspend",
	NULL,
};
static_assert(
	sizeof(powers) / sizeof(powers[0]) == PROVIDER_SUSPENDS + 2, "every state has a word");

static const char *const datapaths[] = {
	[PROVIDER_DATAPATH_OWN] = "own",
	[PROVIDER_DATAPATH_KERNEL] = "kernel",
	[PROVIDER_DATAPATH_USER] = "user",
	NULL,
};
static_assert(sizeof(datapaths) / sizeof(datapaths[0]) == PROVIDER_DATAPATH_USER + 2,
	"every data path has a word");

const char *provider_datapath_word(enum provider_datapath d)
{
	return d == PROVIDER_DATAPATH_OWN ? "" : datapaths[d];
}

const char *provider_power_word(enum provider_power p)
{
	return powers[p];
}

/* clang-format off */
static const struct schema_key keys[] = {
	{ "role", KEY_WORD, SCHEMA_FIELD(struct provider, role), .words = roles,
		.fallback = PROVIDER_ROUTER,
		.help = "What the network domain is to its guests." },
	{ "gateway", KEY_ADDR4, SCHEMA_FIELD(struct provider, gateway),
		.help = "What its guests have as gateway: its own address on every vif." },
	{ "gateway6", KEY_ADDR6, SCHEMA_FIELD(struct provider, gateway6),
		.help = "The same for IPv6." },
	{ "dns1", KEY_ADDR4, SCHEMA_FIELD(struct provider, dns[0]),
		.help = "First virtual resolver of its guests." },
	{ "dns2", KEY_ADDR4, SCHEMA_FIELD(struct provider, dns[1]),
		.help = "Second virtual resolver of its guests." },
	{ "dns1-6", KEY_ADDR6, SCHEMA_FIELD(struct provider, dns6[0]),
		.help = "First virtual resolver of its guests, by IPv6." },
	{ "dns2-6", KEY_ADDR6, SCHEMA_FIELD(struct provider, dns6[1]),
		.help = "Second virtual resolver of its guests, by IPv6." },
	{ "routed6", KEY_PREFIXES6, SCHEMA_FIELD(struct provider, routed6),
		.help = "IPv6 subnets that the world outside routes to this network domain: what "
			"its guests send from addresses of these leaves as it is, without source "
			"translation. Absent: what its own netbackd.conf says." },
	{ "datapath", KEY_WORD, SCHEMA_FIELD(struct provider, datapath), .words = datapaths,
		.fallback = PROVIDER_DATAPATH_OWN,
		.help = "What moves its guests' packets: \"kernel\" (xen-netback), \"user\" (a "
			"netback process for each vif), or \"own\": what its own netbackd.conf "
			"says. A vif for which that cannot be had fails." },
	{ "probe", KEY_NUMBER, SCHEMA_FIELD(struct provider, probe),
		.help = "A live network domain answers with the same number after one pass over "
			"its state." },
	{ "power", KEY_WORD, SCHEMA_FIELD(struct provider, power), .words = powers,
		.fallback = PROVIDER_RUNS,
		.help = "\"suspend\" before the host is suspended. The network domain answers with "
			"the same word when its hooks have been told." },
	{ 0 },
};
/* clang-format on */

const struct schema_dir provider_dir = {
	.path = "/local/domain/N/netvm-provider",
	.perms = "n0,rN",
	.writer = "dom0",
	.help = "Makes domain N a managed network domain; where it is absent, the domain is "
		"standalone. Its guests stand below clients.",
	.size = sizeof(struct provider),
	.keys = keys,
};

int provider_read(struct store *s, uint32_t domid, struct provider *out, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_dir_read(
		s, &provider_dir, schema_path(path, domid, "netvm-provider"), out, e);
}

struct write_job {
	uint32_t domid;
	const struct provider *provider;
};

static int write_body(struct store *s, void *arg, struct err *e)
{
	const struct write_job *job = arg;
	char path[STORE_PATH_MAX];
	int err = schema_dir_own(s, job->domid, schema_path(path, job->domid, "netvm-provider"), e);

	return err ? err : schema_dir_write_in(s, &provider_dir, path, job->provider, e);
}

int provider_write(struct store *s, uint32_t domid, const struct provider *in, struct err *e)
{
	struct write_job job = { domid, in };
	int err = schema_resolve(s, &job.domid, e);

	return err ? err : store_transact(s, write_body, &job, e);
}

int provider_probe(struct store *s, uint32_t domid, uint32_t *probe, struct err *e)
{
	struct provider p;
	int err = provider_read(s, domid, &p, e);

	if (err)
		return err;
	p.probe++;
	p.probe += !p.probe; /* 0 is none */
	*probe = p.probe;
	return provider_write(s, domid, &p, e);
}

int provider_power(struct store *s, uint32_t domid, enum provider_power power, struct err *e)
{
	struct provider p;
	int err = provider_read(s, domid, &p, e);

	if (err)
		return err;
	p.power = power;
	return provider_write(s, domid, &p, e);
}

int provider_remove(struct store *s, uint32_t domid, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_remove(s, schema_path(path, domid, "netvm-provider"), e);
}

int provider_watch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, schema_path(path, domid, "netvm-provider"), token, e);
}
