/* schema.h on a real xenstored: what dom0 publishes for guests and network domains. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include "tests/store/scenario.h"

#define GUEST "/local/domain/5"
#define LINK  GUEST "/netvm/0"
#define NETVM "/local/domain/6"
#define ENTRY NETVM "/netvm-provider/clients/5/0"

static const struct vif_id vif = { 5, 0 };

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

static struct client client_sample(void)
{
	return (struct client){
		.name = "work",
		.ip = addr_of("10.137.0.7"),
		.mac = mac_of("00:16:3e:00:00:07"),
		.cable = true,
		.policy = POLICY_DROP,
		.generation = 7,
	};
}

/* The domains 5 and 6 exist. */
static void domains_make(struct store *s)
{
	node_put(s, GUEST "/name", "work");
	node_put(s, NETVM "/name", "net");
}

/* --- guest links --- */

static void a_guest_link_comes_back(struct store *s)
{
	struct guest_link in = link_sample(), out;

	domains_make(s);
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

	domains_make(s);
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

	domains_make(s);
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

	domains_make(s);
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
	struct client client = client_sample();
	struct provider provider = { .probe = 1 };

	RETURNS(-ENOENT, guest_link_write(s, 5, 0, &link, &scenario_err));
	IS_TEXT("there is no domain 5", scenario_err.text);
	RETURNS(-ENOENT, provider_write(s, 6, &provider, &scenario_err));
	RETURNS(-ENOENT, client_write(s, 6, &vif, &client, &scenario_err));
	IS(false, store_exists(s, GUEST));
	IS(false, store_exists(s, NETVM));
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

	domains_make(s);
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

	domains_make(s);
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
	struct client client = client_sample();

	domains_make(s);
	link.ip = addr_of("224.0.0.1");
	RETURNS(-EINVAL, guest_link_write(s, 5, 0, &link, &scenario_err));
	IS(false, store_exists(s, LINK));
	link = link_sample();
	link.ip = link.ip6;
	RETURNS(-EINVAL, guest_link_write(s, 5, 0, &link, &scenario_err));
	link = link_sample();
	link.mtu = 20;
	RETURNS(-EINVAL, guest_link_write(s, 5, 0, &link, &scenario_err));
	strcpy(client.name, "no/name");
	RETURNS(-EINVAL, client_write(s, 6, &vif, &client, &scenario_err));
	IS(false, store_exists(s, ENTRY));
}

static void links_are_listed_ascending_without_foreign_names(struct store *s)
{
	static const char *const names[] = { "10", "9", "x", "01", "65536", "-1", "0", NULL };
	uint32_t devids[3];
	size_t count;

	domains_make(s);
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

/* --- providers and clients --- */

static void a_provider_comes_back(struct store *s)
{
	struct provider in = { .role = PROVIDER_VPN,
		.gateway = addr_of("10.137.0.6"),
		.dns = { addr_of("10.139.1.1") },
		.probe = 4000000000U },
			out;

	domains_make(s);
	RETURNS(-ENOENT, provider_read(s, 6, &out, &scenario_err));
	RETURNS(0, provider_write(s, 6, &in, &scenario_err));
	RETURNS(0, provider_read(s, 6, &out, &scenario_err));
	IS(0, memcmp(&in, &out, sizeof(in)));
	IS_TEXT("n0,r6", node_perms(NETVM "/netvm-provider/dns1"));
	IS_TEXT("vpn", node_text(s, NETVM "/netvm-provider/role"));
	RETURNS(0, store_remove(s, NETVM "/netvm-provider/role", &scenario_err));
	RETURNS(0, provider_read(s, 6, &out, &scenario_err));
	IS(PROVIDER_ROUTER, out.role);
	node_put(s, NETVM "/netvm-provider/role", "Router");
	RETURNS(-EINVAL, provider_read(s, 6, &out, &scenario_err));
	RETURNS(0, provider_remove(s, 6, &scenario_err));
	RETURNS(-ENOENT, provider_read(s, 6, &out, &scenario_err));
}

static void a_client_comes_back(struct store *s)
{
	struct client in = client_sample(), out;
	struct store *watcher;

	domains_make(s);
	RETURNS(-ENOENT, client_read(s, 6, &vif, &out, &scenario_err));
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	RETURNS(0, client_read(s, 6, &vif, &out, &scenario_err));
	IS(0, memcmp(&in, &out, sizeof(in)));
	IS_TEXT("n0,r6", node_perms(ENTRY "/policy"));
	in.cable = false;
	in.policy = POLICY_ACCEPT;
	in.generation = 0;
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	IS_TEXT("off", node_text(s, ENTRY "/cable"));
	IS_TEXT("0", node_text(s, ENTRY "/generation"));
	RETURNS(0, client_read(s, 6, &vif, &out, &scenario_err));
	IS(0, memcmp(&in, &out, sizeof(in)));
	RETURNS(0, store_remove(s, ENTRY "/cable", &scenario_err));
	RETURNS(0, client_read(s, 6, &vif, &out, &scenario_err));
	IS(true, out.cable);
	node_put(s, ENTRY "/cable", "on");
	in.cable = true;
	watcher = quiet_begin(NETVM);
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	quiet_end(watcher, s, NETVM);
}

static void a_client_without_a_policy_or_generation_is_refused(struct store *s)
{
	struct client in = client_sample(), out;

	domains_make(s);
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	RETURNS(0, store_remove(s, ENTRY "/policy", &scenario_err));
	RETURNS(-EINVAL, client_read(s, 6, &vif, &out, &scenario_err));
	IS_TEXT(ENTRY "/policy is missing", scenario_err.text);
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	RETURNS(0, store_remove(s, ENTRY "/generation", &scenario_err));
	RETURNS(-EINVAL, client_read(s, 6, &vif, &out, &scenario_err));
	node_put(s, ENTRY "/generation", "7");
	node_put(s, ENTRY "/policy", "allow");
	RETURNS(-EINVAL, client_read(s, 6, &vif, &out, &scenario_err));
}

/* `lines` rules of `len` bytes each. */
static char *rules_make(int lines, int len)
{
	char *rules = malloc((size_t)lines * (size_t)(len + 1) + 1), *c = rules;

	for (int i = 0; i < lines; i++)
		c += sprintf(c, "%s%0*d", i ? "\n" : "", len, i);
	*c = '\0';
	return rules;
}

static void rules_of_any_number_come_back_in_order(struct store *s)
{
	static const int lines[] = { 1, 2, 4000, 100, 3, 0 };
	struct client in = client_sample(), out;
	struct store_names names;

	domains_make(s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *rules = lines[i] ? rules_make(lines[i], 70) : NULL;

		in.rules = rules;
		RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
		RETURNS(0, client_read(s, 6, &vif, &out, &scenario_err));
		IS_TEXT(rules ? rules : "", out.rules ? out.rules : "");
		/* 28 lines of 71 bytes fill a value. */
		RETURNS(0, store_list(s, ENTRY "/policy", &names, &scenario_err));
		IS((lines[i] + 27) / 28, names.count);
		store_names_free(&names);
		client_dispose(&out);
		client_dispose(&out);
		free(rules);
	}
	in.rules = rules_make(1, 2048);
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	client_dispose(&in);
	in.rules = rules_make(1, 2049);
	in.generation = 99;
	RETURNS(-EMSGSIZE, client_write(s, 6, &vif, &in, &scenario_err));
	IS_TEXT("7", node_text(s, ENTRY "/generation"));
	client_dispose(&in);
	in.rules = rules_make(801, 2048);
	RETURNS(-EMSGSIZE, client_write(s, 6, &vif, &in, &scenario_err));
	IS_TEXT("7", node_text(s, ENTRY "/generation"));
	in.rules[800 * 2049 - 1] = '\0';
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	RETURNS(0, client_read(s, 6, &vif, &out, &scenario_err));
	IS_TEXT(in.rules, out.rules);
	client_dispose(&in);
	client_dispose(&out);
	node_put(s, ENTRY "/policy/1", "action=accept");
	RETURNS(-EINVAL, client_read(s, 6, &vif, &out, &scenario_err));
	IS(true, out.rules == NULL);
}

static void rules_are_read_by_their_numbers(struct store *s)
{
	struct client in = client_sample(), out;

	domains_make(s);
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	node_put(s, ENTRY "/policy/0010", "third");
	node_put(s, ENTRY "/policy/0002", "second");
	node_put(s, ENTRY "/policy/0000", "first\nand more");
	RETURNS(0, client_read(s, 6, &vif, &out, &scenario_err));
	IS_TEXT("first\nand more\nsecond\nthird", out.rules);
	client_dispose(&out);
}

/* A reader in another process sees the one or the other state, never a mixture. */
static void a_reader_never_sees_half_a_client(struct store *s)
{
	struct client in = client_sample();
	char *rules[2] = { rules_make(100, 60), rules_make(200, 50) };
	int status;
	pid_t pid;

	domains_make(s);
	in.rules = rules[0];
	in.generation = 0;
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	pid = fork();
	if (!pid) {
		struct store *mine;

		RETURNS(0, store_open(&mine, &scenario_err));
		for (int changes = 0, last = -1; changes < 20;) {
			struct client out;
			int err = client_read(mine, 6, &vif, &out, &scenario_err);

			if (err == -EAGAIN)
				continue;
			RETURNS(0, err);
			IS_TEXT(rules[out.generation % 2], out.rules);
			IS(out.generation % 2 ? POLICY_ACCEPT : POLICY_DROP, out.policy);
			changes += (int)out.generation != last;
			last = (int)out.generation;
			client_dispose(&out);
		}
		_exit(0);
	}
	for (uint32_t g = 1; waitpid(pid, &status, WNOHANG) == 0; g++) {
		int err;

		in.rules = rules[g % 2];
		in.policy = g % 2 ? POLICY_ACCEPT : POLICY_DROP;
		in.generation = g;
		err = client_write(s, 6, &vif, &in, &scenario_err);
		if (err != -EAGAIN)
			RETURNS(0, err);
	}
	IS(0, status);
	free(rules[0]);
	free(rules[1]);
}

static void clients_are_listed_and_removed_with_their_parent(struct store *s)
{
	struct client in = client_sample();
	struct vif_id other = { 5, 1 }, last = { 4, 9 }, *list;
	size_t count;

	domains_make(s);
	RETURNS(0, client_list(s, 6, &list, &count, &scenario_err));
	IS(0, count);
	free(list);
	RETURNS(0, client_write(s, 6, &other, &in, &scenario_err));
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	RETURNS(0, client_write(s, 6, &last, &in, &scenario_err));
	node_put(s, NETVM "/netvm-provider/clients/x/0", "");
	node_put(s, NETVM "/netvm-provider/clients/5/x", "");
	RETURNS(0, client_list(s, 6, &list, &count, &scenario_err));
	IS(3, count);
	IS(4, list[0].domid);
	IS(9, list[0].devid);
	IS(0, list[1].devid);
	IS(1, list[2].devid);
	free(list);
	RETURNS(0, client_remove(s, 6, &last, &scenario_err));
	IS(false, store_exists(s, NETVM "/netvm-provider/clients/4"));
	RETURNS(0, client_remove(s, 6, &vif, &scenario_err));
	RETURNS(0, client_remove(s, 6, &vif, &scenario_err));
	IS(true, store_exists(s, NETVM "/netvm-provider/clients/5/1"));
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
	SCENARIO("a provider comes back as it was published", a_provider_comes_back),
	SCENARIO("a client comes back as it was published, and is not written twice",
		a_client_comes_back),
	SCENARIO("a client without a policy or a generation is refused",
		a_client_without_a_policy_or_generation_is_refused),
	SCENARIO("rules of any number come back in their order, one that is too long changes "
		 "nothing",
		rules_of_any_number_come_back_in_order),
	SCENARIO("rules are read by their numbers, however they were created",
		rules_are_read_by_their_numbers),
	SCENARIO(
		"a reader never sees half a change of a client", a_reader_never_sees_half_a_client),
	SCENARIO("clients are listed ascending, and removed with an empty parent",
		clients_are_listed_and_removed_with_their_parent),
	{ 0 },
};
