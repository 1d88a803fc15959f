/*
 * Xen's own nodes of a vif, with libxl's meaning (tools/libs/light/libxl_nic.c, libxl_device.c;
 * xen/include/public/io/netif.h and xenbus.h).
 */
#include "xenstore-schema/schema_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define GUEST_KEYS \
	{ "ip", KEY_ADDRS, SCHEMA_FIELD(struct vif_backend, addrs), .read_only = true, \
		.help = "The guest's addresses, of either family; what ip= in the guest's vif line " \
			"says. /32 and /128 may be added." }, \
	{ "mac", KEY_MAC, SCHEMA_FIELD(struct vif_backend, mac), .read_only = true, \
		.help = "Of the guest's end." }
#define LIFE_KEYS \
	{ "online", KEY_WORD, SCHEMA_FIELD(struct vif_backend, online), .words = words_01, \
		.read_only = true, .help = "0: the device is to go." }, \
	{ "state", KEY_STATE, SCHEMA_FIELD(struct vif_backend, state), .read_only = true, \
		.help = "Of the backend." }

/* Each key is a question to xenstored: who needs two does not ask for six. */
static const struct schema_key guest_keys[] = { GUEST_KEYS, { 0 } };
static const struct schema_key life_keys[] = { LIFE_KEYS, { 0 } };

static const struct schema_key backend_keys[] = {
	GUEST_KEYS,
	{ "script", KEY_TEXT, SCHEMA_FIELD(struct vif_backend, script), .read_only = true,
		.help = "Hotplug program that libxl asks for." },
	LIFE_KEYS,
	{ "hotplug-status", KEY_TEXT, SCHEMA_FIELD(struct vif_backend, hotplug_status),
		.help = "\"connected\" or \"error\", written by the network domain. The kernel's "
			"backend goes on when it is \"connected\"." },
	{ 0 },
};

static const struct schema_key frontend_keys[] = {
	{ "backend-id", KEY_DOMID, SCHEMA_FIELD(struct vif_frontend, backend_domid),
		.required = true, .read_only = true, .help = "The network domain's number." },
	{ "state", KEY_STATE, SCHEMA_FIELD(struct vif_frontend, state), .read_only = true,
		.help = "Of the frontend." },
	{ "mac", KEY_MAC, SCHEMA_FIELD(struct vif_frontend, mac), .read_only = true,
		.help = "Of the guest's end." },
	{ 0 },
};
/* clang-format on */

const struct schema_dir vif_backend_dir = {
	.path = "/local/domain/N/backend/vif/G/<devid>",
	.perms = "nN,rG",
	.writer = "libxl; hotplug-status and hotplug-error the network domain",
	.help = "Xen's own directory of a vif. hotplug-error holds, while hotplug-status is "
		"\"error\", what is wrong. The network domain removes the directory when the "
		"device has gone.",
	.size = sizeof(struct vif_backend),
	.keys = backend_keys,
};

const struct schema_dir vif_frontend_dir = {
	.path = "/local/domain/G/device/vif/<devid>",
	.perms = "nG,rN",
	.writer = "libxl, then the guest",
	.help = "Xen's own directory of the guest's end. Hostile to whoever reads it.",
	.size = sizeof(struct vif_frontend),
	.keys = frontend_keys,
};

static const char *backend_path(
	char buf[STORE_PATH_MAX], uint32_t backend, const struct vif_id *id, const char *rest)
{
	return schema_path(buf, backend, "backend/vif/%u/%u%s", id->domid, id->devid, rest);
}

int vif_backend_read(struct store *s, uint32_t backend, const struct vif_id *id,
	struct vif_backend *out, struct err *e)
{
	char path[STORE_PATH_MAX];
	int err = schema_dir_read(s, &vif_backend_dir, backend_path(path, backend, id, ""), out, e);

	if (!err)
		out->has_script = out->script[0] != '\0';
	return err;
}

int vif_backend_read_guest(struct store *s, uint32_t backend, const struct vif_id *id,
	struct vif_backend *out, struct err *e)
{
	static const struct schema_dir dir = {
		.size = sizeof(*out), .keys = guest_keys, .each = true
	};
	char path[STORE_PATH_MAX];

	return schema_dir_read(s, &dir, backend_path(path, backend, id, ""), out, e);
}

int vif_backend_read_life(struct store *s, uint32_t backend, const struct vif_id *id,
	struct vif_backend *out, struct err *e)
{
	static const struct schema_dir dir = {
		.size = sizeof(*out), .keys = life_keys, .each = true
	};
	char path[STORE_PATH_MAX];

	return schema_dir_read(s, &dir, backend_path(path, backend, id, ""), out, e);
}

int vif_backend_list(
	struct store *s, uint32_t backend, struct vif_id **out, size_t *count, struct err *e)
{
	return vif_backend_list_of(s, backend, NULL, out, count, e);
}

int vif_backend_list_of(struct store *s, uint32_t backend, const struct domids *of,
	struct vif_id **out, size_t *count, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_list_vifs(s, schema_path(path, backend, "backend/vif"), of, out, count, e);
}

int vif_backend_watch(struct store *s, uint32_t backend, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, schema_path(path, backend, "backend/vif"), token, e);
}

/* --- the hotplug program's answer --- */

/* `error` NULL: none. */
static int answer(struct store *s, uint32_t backend, const struct vif_id *id, const char *status,
	const char *error, struct err *e)
{
	const struct store_child children[] = {
		{ "hotplug-error", error },
		{ "hotplug-status", status },
	};
	char path[STORE_PATH_MAX];

	return store_put_children(s, backend_path(path, backend, id, ""), children,
		sizeof(children) / sizeof(children[0]), e);
}

bool vif_backend_is_connected(struct store *s, uint32_t backend, const struct vif_id *id)
{
	static const char *const names[] = { "hotplug-status", "hotplug-error" };
	char path[STORE_PATH_MAX];
	struct store_values v;
	bool is = store_read_each(s, backend_path(path, backend, id, ""), names, 2, &v, NULL) == 0;

	is = is && v.value[0] && strcmp(v.value[0], "connected") == 0 && !v.value[1];
	store_values_free(&v);
	return is;
}

int vif_backend_connected(struct store *s, uint32_t backend, const struct vif_id *id, struct err *e)
{
	return answer(s, backend, id, "connected", NULL, e);
}

int vif_backend_failed(struct store *s, uint32_t backend, const struct vif_id *id,
	const char *words, struct err *e)
{
	char error[ERR_TEXT_MAX];

	text_printable(words, error, sizeof(error));
	return answer(s, backend, id, "error", error, e);
}

/* Nothing is created by this, so no transaction has to see first whether the directory is there.
 * The error goes last: whoever sees a status of "error" finds the words. */
int vif_backend_disconnected(
	struct store *s, uint32_t backend, const struct vif_id *id, struct err *e)
{
	static const char *const keys[] = { "/hotplug-status", "/hotplug-error" };
	char path[STORE_PATH_MAX];
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(keys) / sizeof(keys[0]); i++)
		err = store_remove(s, backend_path(path, backend, id, keys[i]), e);
	return err;
}

int vif_backend_remove(struct store *s, uint32_t backend, const struct vif_id *id, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_remove_vif(s, schema_path(path, backend, "backend/vif"), id, e);
}

/* --- for dom0 --- */

int vif_frontend_read(
	struct store *s, uint32_t domid, uint32_t devid, struct vif_frontend *out, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_dir_read(
		s, &vif_frontend_dir, schema_path(path, domid, "device/vif/%u", devid), out, e);
}

int vif_frontend_list(
	struct store *s, uint32_t domid, uint32_t *devids, size_t max, size_t *count, struct err *e)
{
	char path[STORE_PATH_MAX];

	return schema_list_devids(s, schema_path(path, domid, "device/vif"), devids, max, count, e);
}

static const char *libxl_path(char buf[STORE_PATH_MAX], uint32_t domid)
{
	snprintf(buf, STORE_PATH_MAX, "/libxl/%u/device/vif", domid);
	return buf;
}

/* "/local/domain/B/backend/vif/G/D", exactly. */
static int backend_of(const char *text, const struct vif_id *id, uint32_t *out)
{
	char path[STORE_PATH_MAX], *end;
	const char prefix[] = "/local/domain/";
	unsigned long domid;

	if (!text || strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return -EPROTO;
	domid = strtoul(text + sizeof(prefix) - 1, &end, 10);
	if (domid >= DOMID_LIMIT || strcmp(text, backend_path(path, (uint32_t)domid, id, "")) != 0)
		return -EPROTO;
	*out = (uint32_t)domid;
	return 0;
}

/* -EPROTO: it makes no sense. */
static int record_read(struct store *s, const char *dir, const struct vif_id *id,
	struct vif_record *out, struct err *e)
{
	static const char *const names[] = { "backend", "mac" };
	char path[STORE_PATH_MAX], name[16];
	struct store_values v;
	int ret;

	snprintf(name, sizeof(name), "%u", id->devid);
	ret = store_read_each(s, path_join(path, dir, name), names, 2, &v, e);
	if (ret)
		return ret;
	*out = (struct vif_record){ .devid = id->devid };
	ret = backend_of(v.value[0], id, &out->backend);
	if (!ret && v.value[1] && mac_parse(v.value[1], &out->mac))
		memset(&out->mac, 0, sizeof(out->mac));
	store_values_free(&v);
	return ret;
}

int vif_record_list(struct store *s, uint32_t domid, struct vif_record *out, size_t max,
	size_t *count, struct err *e)
{
	char dir[STORE_PATH_MAX];
	uint32_t devids[VIF_RECORDS_MAX];
	size_t n = 0;
	int ret = schema_list_devids(s, libxl_path(dir, domid), devids,
		max < VIF_RECORDS_MAX ? max : VIF_RECORDS_MAX, &n, e);

	*count = 0;
	for (size_t i = 0; i < n && !ret; i++) {
		const struct vif_id id = { domid, devids[i] };

		ret = record_read(s, dir, &id, &out[*count], e);
		if (!ret)
			(*count)++;
		else if (ret != -ENOTCONN)
			ret = 0;
	}
	return ret;
}

int vifs_watch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, libxl_path(path, domid), token, e);
}

int vifs_unwatch(struct store *s, uint32_t domid, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_unwatch(s, libxl_path(path, domid), token, e);
}
