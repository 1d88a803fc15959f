/* What a network domain says about itself and its guests. dom0 reads it as it would a stranger's.
 */
#include "xenstore-schema/schema_dir.h"

#include <errno.h>

/* clang-format off */
static const struct schema_key netvm_keys[] = {
	{ "version", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, version),
		.help = "Of the software that serves the guests." },
	{ "capabilities", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, capabilities),
		.help = "Words, separated by spaces: what it can enforce." },
	{ "state", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, state),
		.help = "\"ready\", or what it lacks." },
	{ "uplink", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, uplink),
		.help = "Names of its uplinks." },
	{ "resolvers", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, resolvers),
		.help = "The real resolvers that the virtual ones lead to." },
	{ "alarm", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, alarm),
		.help = "What an administrator has to change: an uplink's subnet has addresses that "
			"are guests'." },
	{ "mtu", KEY_MTU, SCHEMA_FIELD(struct netvm_report, mtu),
		.help = "Bytes: of the uplink." },
	{ "probe", KEY_NUMBER, SCHEMA_FIELD(struct netvm_report, probe),
		.help = "The last probe of netvm-provider that it has answered." },
	{ "power", KEY_TEXT, SCHEMA_FIELD(struct netvm_report, power),
		.help = "The power of netvm-provider that its hooks have been told of." },
	{ 0 },
};

static const struct schema_key client_keys[] = {
	{ "state", KEY_TEXT, SCHEMA_FIELD(struct client_report, state),
		.help = "\"connected\" or \"error\"." },
	{ "error", KEY_TEXT, SCHEMA_FIELD(struct client_report, error),
		.help = "What is wrong, in one sentence." },
	{ "generation", KEY_NUMBER, SCHEMA_FIELD(struct client_report, generation),
		.help = "Of the client's entry that is in force." },
	{ 0 },
};
/* clang-format on */

const struct schema_dir netvm_report_dir = {
	.path = "/local/domain/N/data/netvm",
	.perms = "nN",
	.writer = "the network domain",
	.help = "What a network domain says about itself. Hostile to whoever reads it.",
	.size = sizeof(struct netvm_report),
	.keys = netvm_keys,
};

/* Of the own domain, where nobody else writes. */
static const struct schema_dir own_report_dir = {
	.size = sizeof(struct client_report),
	.keys = client_keys,
	.each = true,
};

const struct schema_dir client_report_dir = {
	.path = "/local/domain/N/data/netvm/clients/<G>/<devid>",
	.perms = "nN",
	.writer = "the network domain",
	.help = "What it says about one guest. Hostile to whoever reads it.",
	.size = sizeof(struct client_report),
	.keys = client_keys,
};

static const char *report_path(char buf[STORE_PATH_MAX], uint32_t domid)
{
	return schema_path(buf, domid, "data/netvm");
}

static const char *clients_path(char buf[STORE_PATH_MAX], uint32_t domid)
{
	return schema_path(buf, domid, "data/netvm/clients");
}

static const char *client_path(char buf[STORE_PATH_MAX], uint32_t domid, const struct vif_id *guest)
{
	return schema_path(buf, domid, "data/netvm/clients/%u/%u", guest->domid, guest->devid);
}

struct write_job {
	const struct schema_dir *dir;
	const char *path;
	const void *object;
};

/* The permissions are those of "data", which is the domain's own. */
static int write_body(struct store *s, void *arg, struct err *e)
{
	const struct write_job *job = arg;

	return schema_dir_write_in(s, job->dir, job->path, job->object, e);
}

int netvm_report_read(struct store *s, uint32_t domid, struct netvm_report *out, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_dir_read(s, &netvm_report_dir, report_path(path, domid), out, e);
}

int netvm_report_write(struct store *s, const struct netvm_report *in, struct err *e)
{
	char path[STORE_PATH_MAX];
	struct write_job job = { &netvm_report_dir, report_path(path, SCHEMA_SELF), in };

	return store_transact(s, write_body, &job, e);
}

int netvm_report_remove(struct store *s, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_remove(s, report_path(path, SCHEMA_SELF), e);
}

int netvm_report_watch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, report_path(path, domid), token, e);
}

int netvm_report_unwatch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_unwatch(s, report_path(path, domid), token, e);
}

int client_report_read(struct store *s, uint32_t domid, const struct vif_id *guest,
	struct client_report *out, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_dir_read(s, domid == SCHEMA_SELF ? &own_report_dir : &client_report_dir,
		client_path(path, domid, guest), out, e);
}

int client_report_write(
	struct store *s, const struct vif_id *guest, const struct client_report *in, struct err *e)
{
	char path[STORE_PATH_MAX];
	struct write_job job = { &client_report_dir, client_path(path, SCHEMA_SELF, guest), in };

	return store_transact(s, write_body, &job, e);
}

int client_report_begin(
	struct store *s, const struct vif_id *guest, const struct client_report *in, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_dir_begin(
		s, &client_report_dir, client_path(path, SCHEMA_SELF, guest), in, e);
}

int client_report_remove(struct store *s, const struct vif_id *guest, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_remove_vif(s, clients_path(path, SCHEMA_SELF), guest, e);
}

int client_report_list(struct store *s, struct vif_id **out, size_t *count, struct err *e)
{
	return client_report_list_of(s, NULL, out, count, e);
}

int client_report_list_of(
	struct store *s, const struct domids *of, struct vif_id **out, size_t *count, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_list_vifs(s, clients_path(path, SCHEMA_SELF), of, out, count, e);
}
