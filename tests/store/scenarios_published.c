/* schema.h on a real xenstored: what dom0 publishes for guests. */
#include <errno.h>

#include <xenstore.h>

#include "tests/store/scenario.h"

#define GUEST "/local/domain/5"
#define LINK  GUEST "/netvm/0"

static struct guest_link link_sample(void)
{
	return (struct guest_link){
		.ip = addr_of("10.137.0.7"),
		.ip6 = addr_of("2001:db8::7"),
		.gateway = addr_of("10.137.0.1"),
		.gateway6 = addr_of("fe80::1"),
		.dns = { addr_of("10.139.1.1"), addr_of("10.139.1.2") },
		.dns6 = { addr_of("2001:db8::53"), addr_of("2001:db8::54") },
		.mac = mac_of("00:16:3e:00:00:07"),
		.mtu = 1400,
	};
}

/* Not by memcmp(): there is padding. */
static bool link_equal(const struct guest_link *a, const struct guest_link *b)
{
	const struct addr *x = &a->ip, *y = &b->ip;
	bool equal = mac_equal(&a->mac, &b->mac) && a->mtu == b->mtu;

	for (size_t i = 0; i < offsetof(struct guest_link, mac) / sizeof(*x); i++)
		equal = equal && addr_equal(&x[i], &y[i]);
	return equal;
}

/* The domain 5 exists. */
static void domain_make(struct store *s)
{
	node_put(s, GUEST "/name", "work");
}

/* --- guest links --- */

static void a_guest_link_comes_back(struct store *s)
{
	struct guest_link in = link_sample(), out;

	domain_make(s);
	RETURNS(-ENOENT, guest_link_read(s, 5, 0, &out, &scenario_err));
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	IS_TEXT("10.137.0.7", node_text(s, LINK "/ip"));
	IS_TEXT("2001:db8::54", node_text(s, LINK "/dns2-6"));
	IS_TEXT("00:16:3e:00:00:07", node_text(s, LINK "/mac"));
	IS_TEXT("1400", node_text(s, LINK "/mtu"));
	RETURNS(0, guest_link_read(s, 5, 0, &out, &scenario_err));
	IS(true, link_equal(&in, &out));
}

static void only_what_differs_is_written(struct store *s)
{
	struct guest_link in = link_sample(), out;
	struct store *watcher;

	domain_make(s);
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	node_put(s, LINK "/foreign", "kept");
	watcher = quiet_begin(GUEST);
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	quiet_end(watcher, s, GUEST);
	in.ip6 = in.gateway6 = in.dns6[0] = in.dns6[1] = (struct addr){ 0 };
	in.mtu = 0;
	in.dns[1] = addr_of("10.139.1.3");
	watcher = quiet_begin(LINK "/ip");
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	quiet_end(watcher, s, LINK "/ip");
	IS_TEXT("(none)", node_text(s, LINK "/ip6"));
	IS_TEXT("(none)", node_text(s, LINK "/mtu"));
	IS_TEXT("10.139.1.3", node_text(s, LINK "/dns2"));
	IS_TEXT("kept", node_text(s, LINK "/foreign"));
	RETURNS(0, guest_link_read(s, 5, 0, &out, &scenario_err));
	IS(true, link_equal(&in, &out));
}

static void only_its_guest_may_read_a_link(struct store *s)
{
	struct guest_link in = link_sample();
	char *tree;

	domain_make(s);
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	tree = tree_text(GUEST "/netvm");
	for (char *line = strtok(tree, "\n"); line; line = strtok(NULL, "\n"))
		if (!strstr(line, "(n0,r5)"))
			scenario_fail(line, 0, "wanted (n0,r5) at its end");
	free(tree);
	IS_TEXT("n0,r5", node_perms(GUEST "/netvm"));
	IS_TEXT("n0,r5", node_perms(LINK));
}

static void a_directory_of_other_permissions_is_made_anew(struct store *s)
{
	struct store_perms guests = { .owner = 5 };
	struct guest_link in = link_sample();

	domain_make(s);
	node_put(s, LINK "/ip", "10.137.0.66");
	node_put(s, LINK "/evil", "x");
	RETURNS(0, store_set_perms(s, LINK "/ip", &guests, &scenario_err));
	RETURNS(0, store_set_perms(s, GUEST "/netvm", &guests, &scenario_err));
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	IS_TEXT("n0,r5", node_perms(LINK "/ip"));
	IS_TEXT("10.137.0.7", node_text(s, LINK "/ip"));
	IS_TEXT("(none)", node_text(s, LINK "/evil"));

	RETURNS(0, store_set_perms(s, LINK, &guests, &scenario_err));
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	IS_TEXT("n0,r5", node_perms(LINK));
}

static void nothing_is_published_for_a_domain_that_is_gone(struct store *s)
{
	struct guest_link link = link_sample();

	RETURNS(-ENOENT, guest_link_write(s, 5, 0, &link, &scenario_err));
	IS_TEXT("there is no domain 5", scenario_err.text);
	IS(false, store_exists(s, GUEST));
}

static void garbage_in_a_link_is_refused_by_its_path(struct store *s)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "ip", "" },
		{ "ip", "10.137.0.7/32" },
		{ "ip", "10.137.0.7 " },
		{ "ip", "10.137.0.256" },
		{ "ip", "127.0.0.1" },
		{ "ip", "2001:db8::7" },
		{ "ip6", "10.137.0.7" },
		{ "ip6", "ff02::1" },
		{ "gateway", "0.0.0.0" },
		{ "dns2-6", "fe80::1%eth0" },
		{ "mac", "00:16:3e:00:00" },
		{ "mac", "01:16:3e:00:00:01" },
		{ "mtu", "0" },
		{ "mtu", "67" },
		{ "mtu", "65536" },
		{ "mtu", "+1500" },
		{ "mtu", "99999999999999999999" },
		{ "mtu", "1500\n" },
	};
	struct guest_link in = link_sample(), out;
	char path[STORE_PATH_MAX], want[128];

	domain_make(s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
		snprintf(path, sizeof(path), LINK "/%s", bad[i].key);
		node_put(s, path, bad[i].value);
		RETURNS(-EINVAL, guest_link_read(s, 5, 0, &out, &scenario_err));
		snprintf(want, sizeof(want), LINK "/%s: \"", bad[i].key);
		IS(0, strncmp(scenario_err.text, want, strlen(want)));
		/* Writing mends it. */
		RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
		RETURNS(0, guest_link_read(s, 5, 0, &out, &scenario_err));
	}
}

static void a_nul_in_a_link_is_refused_and_mended(struct store *s)
{
	struct guest_link in = link_sample(), out;
	struct xs_handle *xs = xs_open(0);

	domain_make(s);
	in.mtu = 0;
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	node_put(s, LINK "/mtu", "1400");
	IS(true, xs_write(xs, XBT_NULL, LINK "/dns1", "10.139.1.1\0", 11));
	RETURNS(-EILSEQ, guest_link_read(s, 5, 0, &out, &scenario_err));
	IS_TEXT(LINK "/dns1: a NUL in the value", scenario_err.text);
	RETURNS(0, guest_link_write(s, 5, 0, &in, &scenario_err));
	RETURNS(0, guest_link_read(s, 5, 0, &out, &scenario_err));
	IS(true, link_equal(&in, &out));
	xs_close(xs);
}

static void an_address_of_no_host_is_not_published(struct store *s)
{
	struct guest_link link = link_sample();

	domain_make(s);
	link.ip = addr_of("224.0.0.1");
	RETURNS(-EINVAL, guest_link_write(s, 5, 0, &link, &scenario_err));
	IS(false, store_exists(s, LINK));
	link = link_sample();
	link.ip = link.ip6;
	RETURNS(-EINVAL, guest_link_write(s, 5, 0, &link, &scenario_err));
	link = link_sample();
	link.mtu = 20;
	RETURNS(-EINVAL, guest_link_write(s, 5, 0, &link, &scenario_err));
}

static void links_are_listed_ascending_without_foreign_names(struct store *s)
{
	static const char *const names[] = { "10", "9", "x", "01", "65536", "-1", "0", NULL };
	uint32_t devids[3];
	size_t count;

	domain_make(s);
	RETURNS(0, guest_link_list(s, 5, devids, 3, &count, &scenario_err));
	IS(0, count);
	for (const char *const *n = names; *n; n++) {
		char path[STORE_PATH_MAX];

		snprintf(path, sizeof(path), GUEST "/netvm/%s", *n);
		node_put(s, path, "");
	}
	RETURNS(0, guest_link_list(s, 5, devids, 3, &count, &scenario_err));
	IS(3, count);
	IS(0, devids[0]);
	IS(9, devids[1]);
	IS(10, devids[2]);
	RETURNS(-E2BIG, guest_link_list(s, 5, devids, 2, &count, &scenario_err));
	RETURNS(0, guest_link_remove(s, 5, 9, &scenario_err));
	RETURNS(0, guest_link_list(s, 5, devids, 2, &count, &scenario_err));
	IS(2, count);
}

static void libxl_s_records_of_vifs_are_read_strictly(struct store *s)
{
	static const struct {
		const char *path, *value;
	} nodes[] = {
		{ "/libxl/5/device/vif/1/backend", "/local/domain/3/backend/vif/5/1" },
		{ "/libxl/5/device/vif/1/mac", "00:16:3e:00:00:01" },
		{ "/libxl/5/device/vif/0/backend", "/local/domain/0/backend/vif/5/0" },
		{ "/libxl/5/device/vif/2/backend", "/local/domain/3/backend/vif/6/2" },
		{ "/libxl/5/device/vif/3/backend", "/local/domain/03/backend/vif/5/3" },
		{ "/libxl/5/device/vif/4/mac", "00:16:3e:00:00:04" },
		{ "/libxl/5/device/vif/5/backend", "/local/domain/32753/backend/vif/5/5" },
		{ "/libxl/5/device/vif/x/backend", "/local/domain/3/backend/vif/5/1" },
	};
	const struct mac none = { .bytes = { 0 } };
	struct vif_record records[8];
	size_t count;

	RETURNS(0, vif_record_list(s, 5, records, 8, &count, &scenario_err));
	IS(0, count);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		node_put(s, nodes[i].path, nodes[i].value);
	RETURNS(0, vif_record_list(s, 5, records, 8, &count, &scenario_err));
	IS(2, count);
	IS(0, records[0].devid);
	IS(0, records[0].backend);
	IS(true, mac_equal(&none, &records[0].mac));
	IS(1, records[1].devid);
	IS(3, records[1].backend);
	IS(0x3e, records[1].mac.bytes[2]);
	RETURNS(-E2BIG, vif_record_list(s, 5, records, 3, &count, &scenario_err));
}

const struct scenario scenarios_published[] = {
	SCENARIO("a guest link comes back as it was published", a_guest_link_comes_back),
	SCENARIO("only what differs is written: no watch fires in vain, foreign keys are kept",
		only_what_differs_is_written),
	SCENARIO("only its guest may read a link, and nobody but dom0 write it",
		only_its_guest_may_read_a_link),
	SCENARIO("a directory with other permissions is made anew with all that is in it",
		a_directory_of_other_permissions_is_made_anew),
	SCENARIO("nothing is published for a domain that is gone",
		nothing_is_published_for_a_domain_that_is_gone),
	SCENARIO("garbage in a link is refused by its path, and mended by the next write",
		garbage_in_a_link_is_refused_by_its_path),
	SCENARIO("a NUL in a link is refused by its path, and mended by the next write",
		a_nul_in_a_link_is_refused_and_mended),
	SCENARIO("what no reader would take is not published",
		an_address_of_no_host_is_not_published),
	SCENARIO("links are listed ascending, without foreign names",
		links_are_listed_ascending_without_foreign_names),
	SCENARIO("libxl's records of vifs are read, those that make sense",
		libxl_s_records_of_vifs_are_read_strictly),
	{ 0 },
};
