/*
 * What frontend and backend of a vif tell each other through xenstore, for a backend that is not
 * the kernel's (xen/include/public/io/netif.h; Linux's xen-netfront and xen-netback for what is
 * said in practice).
 */
#include "xenstore-schema/schema_dir.h"

#include <errno.h>
#include <stdio.h>

#define FIELD(field) SCHEMA_FIELD(struct vif_connection, field)
#define BIT(field)   KEY_WORD, FIELD(field), .words = words_01, .read_only = true
#define COUNT(field) KEY_NUMBER, FIELD(field), .read_only = true

/* clang-format off */
#define FEATURE_KEYS \
	{ "feature-sg", BIT(pieces), .help = "1: it takes packets of several pages." }, \
	{ "feature-no-csum-offload", BIT(no_checksum4), \
		.help = "1: it takes no IPv4 packets with a checksum that is still to be made." }, \
	{ "feature-ipv6-csum-offload", BIT(checksum6), .help = "1: it takes such of IPv6." }, \
	{ "feature-gso-tcpv4", BIT(segments4), \
		.help = "1: it takes IPv4 TCP packets that are still to be cut into segments." }, \
	{ "feature-gso-tcpv6", BIT(segments6), .help = "1: the same of IPv6." }, \
	{ "multi-queue-num-queues", COUNT(queues), \
		.help = "How many queues it has, where that is not one. Read when the kernel's " \
			"backend has refused a guest; netback has one." }

static const struct schema_key feature_keys[] = { FEATURE_KEYS, { 0 } };

static const struct schema_key connection_keys[] = {
	{ "tx-ring-ref", COUNT(tx_ring), .required = true,
		.help = "Grant of the page with the ring of what the guest sends." },
	{ "rx-ring-ref", COUNT(rx_ring), .required = true,
		.help = "The same of what it receives." },
	{ "event-channel", COUNT(channel),
		.help = "The event channel of both rings; absent where there is one for each." },
	{ "event-channel-tx", COUNT(channel_tx), .help = "That of what the guest sends." },
	{ "event-channel-rx", COUNT(channel_rx), .help = "That of what it receives." },
	{ "request-rx-copy", BIT(copy),
		.help = "1: the backend copies into the guest's pages. There is no other way any "
			"more." },
	{ "feature-rx-notify", BIT(notify),
		.help = "1: the guest rings when it has put pages on the ring." },
	FEATURE_KEYS,
	{ "request-multicast-control", BIT(groups),
		.help = "1: it names the multicast addresses that it wants, on the ring of what it "
			"sends, and gets no other." },
	{ 0 },
};

static const struct schema_key state_keys[] = {
	{ "state", KEY_STATE, .offset = 0, .size = sizeof(enum xenbus_state), .read_only = true,
		.help = "Of the frontend." },
	{ 0 },
};
/* clang-format on */

const struct schema_dir vif_connection_dir = {
	.path = "/local/domain/G/device/vif/<devid>",
	.perms = "nG,rN",
	.writer = "the guest",
	.help = "What a frontend says when it is connected. The kernel's backend reads it, or "
		"netbackd with datapath = user; of features that do not go together netbackd "
		"tells "
		"with either.",
	.size = sizeof(struct vif_connection),
	.keys = connection_keys,
};

static const char *frontend_path(
	char buf[STORE_PATH_MAX], const struct vif_id *id, const char *rest)
{
	return schema_path(buf, id->domid, "device/vif/%u%s", id->devid, rest);
}

int vif_frontend_read_state(
	struct store *s, const struct vif_id *id, enum xenbus_state *state, struct err *e)
{
	static const struct schema_dir dir = {
		.size = sizeof(*state), .keys = state_keys, .each = true
	};
	char path[STORE_PATH_MAX];
	int ret = schema_dir_read(s, &dir, frontend_path(path, id, ""), state, e);

	if (ret)
		*state = XENBUS_UNKNOWN;
	return ret == -ENOTCONN || ret == -EAGAIN ? ret : 0;
}

int vif_frontend_watch(struct store *s, const struct vif_id *id, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_watch(s, frontend_path(path, id, "/state"), token, e);
}

int vif_frontend_unwatch(struct store *s, const struct vif_id *id, const char *token, struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_unwatch(s, frontend_path(path, id, "/state"), token, e);
}

int vif_connection_read(
	struct store *s, const struct vif_id *id, struct vif_connection *out, struct err *e)
{
	char path[STORE_PATH_MAX];
	int ret = schema_dir_read(s, &vif_connection_dir, frontend_path(path, id, ""), out, e);

	if (ret)
		return ret;
	if (!out->channel && !(out->channel_tx && out->channel_rx))
		return err_set(e, -EINVAL, "%s: no event channel", path);
	if (!out->copy)
		return err_set(e, -EINVAL,
			"%s: request-rx-copy is not 1, and pages are not flipped any more", path);
	return 0;
}

int vif_features_read(
	struct store *s, const struct vif_id *id, struct vif_connection *out, struct err *e)
{
	static const struct schema_dir dir = {
		.size = sizeof(*out), .keys = feature_keys, .each = true
	};
	char path[STORE_PATH_MAX];

	return schema_dir_read(s, &dir, frontend_path(path, id, ""), out, e);
}

/* --- the backend's side --- */

int vif_backend_read_queues(
	struct store *s, uint32_t backend, const struct vif_id *id, uint32_t *most, struct err *e)
{
	static const struct schema_key keys[] = {
		{ "multi-queue-max-queues", KEY_NUMBER, .offset = 0, .size = sizeof(*most) },
		{ 0 },
	};
	static const struct schema_dir dir = { .size = sizeof(*most), .keys = keys, .each = true };
	char path[STORE_PATH_MAX];

	return schema_dir_read(s, &dir,
		schema_path(path, backend, "backend/vif/%u/%u", id->domid, id->devid), most, e);
}

int vif_backend_announce(struct store *s, const struct vif_id *id, struct err *e)
{
	static const struct store_child children[] = {
		{ "feature-sg", "1" },
		{ "feature-gso-tcpv4", "1" },
		{ "feature-gso-tcpv6", "1" },
		{ "feature-ipv6-csum-offload", "1" },
		{ "feature-rx-copy", "1" },
		{ "feature-rx-flip", "0" },
		{ "feature-split-event-channels", "1" },
		{ "feature-multicast-control", "1" },
		/* The kernel's backend may have been here before. */
		{ "feature-dynamic-multicast-control", NULL },
		{ "feature-xdp-headroom", NULL },
		{ "multi-queue-max-queues", NULL },
		{ "feature-ctrl-ring", NULL },
		{ "state", "2" },
	};
	char path[STORE_PATH_MAX];

	return store_put_children(s,
		schema_path(path, SCHEMA_SELF, "backend/vif/%u/%u", id->domid, id->devid), children,
		sizeof(children) / sizeof(children[0]), e);
}

int vif_backend_put_state(
	struct store *s, const struct vif_id *id, enum xenbus_state state, struct err *e)
{
	char path[STORE_PATH_MAX], value[4];
	const struct store_child child = { "state", value };

	snprintf(value, sizeof(value), "%u", (unsigned int)state);
	return store_put_children(s,
		schema_path(path, SCHEMA_SELF, "backend/vif/%u/%u", id->domid, id->devid), &child,
		1, e);
}
