/* schema.h on a real xenstored: what network domains say, and Xen's own nodes of a vif. */
#include <errno.h>
#include <sys/socket.h>

#include "tests/store/scenario.h"

#define GUEST "/local/domain/5"
#define NETVM "/local/domain/6"
#define VIF   "/local/domain/0/backend/vif/5/0"

static const struct vif_id vif = { 5, 0 };

/* --- reports --- */

static void a_report_comes_back_printable(struct store *s)
{
	struct netvm_report in = { .version = "0.1",
		.capabilities = "vif dns",
		.state = "no\nuplink\x1b[2J",
		.mtu = 1500,
		.probe = 3 },
			    out;
	struct client_report client = { .state = "error",
		.error = "vif5.0: \xc3\xa4",
		.generation = 2 },
			     client_out;
	struct vif_id *list;
	size_t count;

	store_remove(s, "data/netvm", NULL);
	RETURNS(-ENOENT, netvm_report_read(s, 0, &out, &scenario_err));
	RETURNS(0, netvm_report_write(s, &in, &scenario_err));
	RETURNS(0, netvm_report_read(s, 0, &out, &scenario_err));
	IS_TEXT("no?uplink?[2J", out.state);
	IS_TEXT("", out.uplink);
	IS(3, out.probe);
	RETURNS(0, client_report_write(s, &vif, &client, &scenario_err));
	RETURNS(0, client_report_read(s, 0, &vif, &client_out, &scenario_err));
	IS_TEXT("vif5.0: ??", client_out.error);
	RETURNS(0, client_report_list(s, &list, &count, &scenario_err));
	IS(1, count);
	IS(5, list[0].domid);
	free(list);
	RETURNS(0, client_report_remove(s, &vif, &scenario_err));
	RETURNS(-ENOENT, client_report_read(s, 0, &vif, &client_out, &scenario_err));
	RETURNS(0, netvm_report_remove(s, &scenario_err));
	IS(false, store_exists(s, "data/netvm"));
	memset(in.state, 'x', sizeof(in.state));
	RETURNS(-EMSGSIZE, netvm_report_write(s, &in, &scenario_err));
	IS(false, store_exists(s, "data/netvm"));
}

/* As many names as a domain may have nodes: a list of them would not fit a message. */
static void what_else_a_domain_writes_beside_its_report_does_not_matter(struct store *s)
{
	struct netvm_report out;
	char path[STORE_PATH_MAX];

	node_put(s, NETVM "/data/netvm/state", "ready");
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), NETVM "/data/netvm/evil-%0100d", i);
		node_put(s, path, "x");
	}
	RETURNS(0, netvm_report_read(s, 6, &out, &scenario_err));
	IS_TEXT("ready", out.state);
}

static void a_hostile_report_is_refused(struct store *s)
{
	struct netvm_report out;
	char text[NETVM_WORDS_MAX + 1];

	memset(text, 'x', sizeof(text));
	text[NETVM_WORDS_MAX - 1] = '\0';
	node_put(s, NETVM "/data/netvm/state", text);
	RETURNS(0, netvm_report_read(s, 6, &out, &scenario_err));
	IS_TEXT(text, out.state);
	text[NETVM_WORDS_MAX - 1] = 'x';
	text[NETVM_WORDS_MAX] = '\0';
	node_put(s, NETVM "/data/netvm/state", text);
	RETURNS(-EINVAL, netvm_report_read(s, 6, &out, &scenario_err));
	node_put(s, NETVM "/data/netvm/state", "\x1b[2J");
	RETURNS(-EINVAL, netvm_report_read(s, 6, &out, &scenario_err));
	IS(true, strchr(scenario_err.text, '\x1b') == NULL);
	node_put(s, NETVM "/data/netvm/state", "ready");
	node_put(s, NETVM "/data/netvm/probe", "-1");
	RETURNS(-EINVAL, netvm_report_read(s, 6, &out, &scenario_err));
}

/* --- Xen's vif --- */

static void vif_make(struct store *s)
{
	store_remove(s, "/local/domain/0/backend", NULL);
	node_put(s, VIF "/frontend-id", "5");
	node_put(s, VIF "/ip", "10.137.0.7 2001:db8::7/128, 10.137.0.8/32");
	node_put(s, VIF "/mac", "00:16:3e:00:00:07");
	node_put(s, VIF "/script", "/etc/xen/scripts/vif-route-netvm");
	node_put(s, VIF "/online", "1");
	node_put(s, VIF "/state", "2");
}

static void a_backend_is_read_as_libxl_writes_it(struct store *s)
{
	struct vif_backend b;
	uint32_t backends[] = { SCHEMA_SELF, 0 };

	vif_make(s);
	for (int i = 0; i < 2; i++) {
		RETURNS(0, vif_backend_read(s, backends[i], &vif, &b, &scenario_err));
		IS(3, b.count);
		IS(true, addr_equal(&b.addrs[2], &(struct addr){ AF_INET, { 10, 137, 0, 8 } }));
		IS(true, b.online);
		IS(true, b.has_script);
		IS(XENBUS_INIT_WAIT, b.state);
		IS_TEXT("", b.hotplug_status);
	}
	node_put(s, VIF "/online", "0");
	node_put(s, VIF "/ip", "");
	RETURNS(0, store_remove(s, VIF "/script", &scenario_err));
	RETURNS(0, vif_backend_read(s, SCHEMA_SELF, &vif, &b, &scenario_err));
	IS(false, b.online);
	IS(false, b.has_script);
	IS(0, b.count);
}

static void garbage_in_a_backend_is_refused(struct store *s)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "ip", "10.137.0.7/24" },
		{ "ip", "10.137.0.7;reboot" },
		{ "ip", "10.137.0.7 10.137.0.7" },
		{ "ip", "224.0.0.1" },
		{ "ip", "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 10.0.0.8 "
			"10.0.0.9 "
			"10.0.0.10 10.0.0.11 10.0.0.12 10.0.0.13 10.0.0.14 10.0.0.15 10.0.0.16 "
			"10.0.0.17" },
		{ "mac", "ff:ff:ff:ff:ff:ff" },
		{ "mac", "" },
		{ "online", "yes" },
		{ "state", "9" },
		{ "state", "" },
		{ "script", "a\nb" },
	};
	struct vif_backend b;
	char path[STORE_PATH_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vif_make(s);
		snprintf(path, sizeof(path), VIF "/%s", bad[i].key);
		node_put(s, path, bad[i].value);
		RETURNS(-EINVAL, vif_backend_read(s, SCHEMA_SELF, &vif, &b, &scenario_err));
	}
}

static void hotplug_answers_stand_where_libxl_looks(struct store *s)
{
	struct store *watcher;

	vif_make(s);
	RETURNS(0, vif_backend_failed(s, SCHEMA_SELF, &vif, "ip: not\nan address", &scenario_err));
	IS_TEXT("error", node_text(s, VIF "/hotplug-status"));
	IS_TEXT("ip: not?an address", node_text(s, VIF "/hotplug-error"));
	RETURNS(0, vif_backend_connected(s, SCHEMA_SELF, &vif, &scenario_err));
	IS_TEXT("connected", node_text(s, VIF "/hotplug-status"));
	IS_TEXT("(none)", node_text(s, VIF "/hotplug-error"));
	watcher = quiet_begin(VIF);
	RETURNS(0, vif_backend_connected(s, SCHEMA_SELF, &vif, &scenario_err));
	quiet_end(watcher, s, VIF);
	RETURNS(0, vif_backend_disconnected(s, SCHEMA_SELF, &vif, &scenario_err));
	IS_TEXT("(none)", node_text(s, VIF "/hotplug-status"));
	RETURNS(0, vif_backend_disconnected(s, SCHEMA_SELF, &vif, &scenario_err));
}

static void nothing_is_created_for_a_backend_that_is_gone(struct store *s)
{
	vif_make(s);
	RETURNS(0, vif_backend_remove(s, SCHEMA_SELF, &vif, &scenario_err));
	IS(false, store_exists(s, "/local/domain/0/backend/vif/5"));
	RETURNS(-ENOENT, vif_backend_connected(s, SCHEMA_SELF, &vif, &scenario_err));
	RETURNS(-ENOENT, vif_backend_failed(s, SCHEMA_SELF, &vif, "x", &scenario_err));
	RETURNS(0, vif_backend_disconnected(s, SCHEMA_SELF, &vif, &scenario_err));
	RETURNS(0, vif_backend_remove(s, SCHEMA_SELF, &vif, &scenario_err));
	IS(false, store_exists(s, "/local/domain/0/backend/vif/5"));
	node_put(s, VIF "/state", "6");
	node_put(s, "/local/domain/0/backend/vif/5/1/state", "4");
	RETURNS(0, vif_backend_remove(s, SCHEMA_SELF, &vif, &scenario_err));
	IS(false, store_exists(s, VIF));
	IS(true, store_exists(s, "/local/domain/0/backend/vif/5/1"));
}

static void a_thousand_backends_are_listed(struct store *s)
{
	struct vif_id *list;
	char path[STORE_PATH_MAX];
	size_t count;

	store_remove(s, "/local/domain/0/backend", NULL);
	RETURNS(0, vif_backend_list(s, SCHEMA_SELF, &list, &count, &scenario_err));
	IS(0, count);
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "backend/vif/%d/%d/state", 1 + i / 2, i % 2);
		node_put(s, path, "4");
	}
	RETURNS(0, vif_backend_list(s, 0, &list, &count, &scenario_err));
	IS(1000, count);
	for (uint32_t i = 0; i < 1000; i++) {
		IS(1 + i / 2, list[i].domid);
		IS(i % 2, list[i].devid);
	}
	free(list);
	store_remove(s, "/local/domain/0/backend", NULL);
}

static void a_frontend_is_read_as_hostile(struct store *s)
{
	struct vif_frontend f;
	uint32_t devids[4];
	size_t count;

	node_put(s, GUEST "/device/vif/0/state", "4");
	RETURNS(-EINVAL, vif_frontend_read(s, 5, 0, &f, &scenario_err));
	node_put(s, GUEST "/device/vif/0/backend-id", "6");
	node_put(s, GUEST "/device/vif/0/mac", "00:16:3e:00:00:07");
	RETURNS(0, vif_frontend_read(s, 5, 0, &f, &scenario_err));
	IS(6, f.backend_domid);
	IS(XENBUS_CONNECTED, f.state);
	node_put(s, GUEST "/device/vif/0/backend-id", "32752");
	RETURNS(-EINVAL, vif_frontend_read(s, 5, 0, &f, &scenario_err));
	RETURNS(0, vif_frontend_list(s, 5, devids, 4, &count, &scenario_err));
	IS(1, count);
}

const struct scenario scenarios_reports[] = {
	SCENARIO("a report comes back printable, one that is too long is not written",
		a_report_comes_back_printable),
	SCENARIO("what else a domain writes beside its report does not matter",
		what_else_a_domain_writes_beside_its_report_does_not_matter),
	SCENARIO("a hostile report is refused", a_hostile_report_is_refused),
	SCENARIO("a backend is read as libxl writes it", a_backend_is_read_as_libxl_writes_it),
	SCENARIO("garbage in a backend is refused", garbage_in_a_backend_is_refused),
	SCENARIO("the answers of a hotplug program stand where libxl looks for them",
		hotplug_answers_stand_where_libxl_looks),
	SCENARIO("nothing is created for a backend that is gone",
		nothing_is_created_for_a_backend_that_is_gone),
	SCENARIO("a thousand backends are listed ascending", a_thousand_backends_are_listed),
	SCENARIO("a frontend is read as its guest may have left it", a_frontend_is_read_as_hostile),
	{ 0 },
};
