/* schema.h on a real xenstored: what dom0 publishes for network domains. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/scenario.h"

#define NETVM "/local/domain/6"
#define ENTRY NETVM "/netvm-provider/clients/5/0"

static const struct vif_id vif = { 5, 0 };

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
	node_put(s, "/local/domain/5/name", "work");
	node_put(s, NETVM "/name", "net");
}

static void nothing_is_published_for_a_network_domain_that_is_gone(struct store *s)
{
	struct client client = client_sample();
	struct provider provider = { .probe = 1 };

	RETURNS(-ENOENT, provider_write(s, 6, &provider, &scenario_err));
	IS_TEXT("there is no domain 6", scenario_err.text);
	RETURNS(-ENOENT, client_write(s, 6, &vif, &client, &scenario_err));
	IS(false, store_exists(s, NETVM));
}

static void a_client_that_no_reader_would_take_is_not_published(struct store *s)
{
	struct client client = client_sample();

	domains_make(s);
	strcpy(client.name, "no/name");
	RETURNS(-EINVAL, client_write(s, 6, &vif, &client, &scenario_err));
	IS(false, store_exists(s, ENTRY));
}

static void a_provider_comes_back(struct store *s)
{
	struct provider in = { .role = PROVIDER_VPN,
		.datapath = PROVIDER_DATAPATH_USER,
		.gateway = addr_of("10.137.0.6"),
		.dns = { addr_of("10.139.1.1") },
		.routed6 = { { { addr_of("2001:db8:5::"), 64 }, { addr_of("fd00:6::"), 48 } }, 2 },
		.probe = 4000000000U },
			out;

	domains_make(s);
	RETURNS(-ENOENT, provider_read(s, 6, &out, &scenario_err));
	RETURNS(0, provider_write(s, 6, &in, &scenario_err));
	RETURNS(0, provider_read(s, 6, &out, &scenario_err));
	IS(0, memcmp(&in, &out, sizeof(in)));
	IS_TEXT("n0,r6", node_perms(NETVM "/netvm-provider/dns1"));
	IS_TEXT("vpn", node_text(s, NETVM "/netvm-provider/role"));
	IS_TEXT("user", node_text(s, NETVM "/netvm-provider/datapath"));
	IS_TEXT("2001:db8:5::/64 fd00:6::/48", node_text(s, NETVM "/netvm-provider/routed6"));
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
	in.limits.connections = 500;
	in.limits.packets = 900;
	in.limits.bytes = 80000;
	in.policy = POLICY_ACCEPT;
	in.generation = 0;
	RETURNS(0, client_write(s, 6, &vif, &in, &scenario_err));
	IS_TEXT("off", node_text(s, ENTRY "/cable"));
	IS_TEXT("500", node_text(s, ENTRY "/limits/connections"));
	IS_TEXT("900", node_text(s, ENTRY "/limits/packets"));
	IS_TEXT("80000", node_text(s, ENTRY "/limits/bytes"));
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

/* Keys that are there in every other state only. */
static void odd_keys_put(struct client *c, bool odd)
{
	c->policy = odd ? POLICY_ACCEPT : POLICY_DROP;
	c->cable = !odd;
	c->limits.connections = odd ? 500 : 0;
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
		for (int changes = 0, last = -1; changes < 200;) {
			struct client out;
			int err = client_read(mine, 6, &vif, &out, &scenario_err);

			if (err == -EAGAIN)
				continue;
			RETURNS(0, err);
			IS_TEXT(rules[out.generation % 2], out.rules);
			odd_keys_put(&in, out.generation % 2);
			IS(in.policy, out.policy);
			IS(in.cable, out.cable);
			IS(in.limits.connections, out.limits.connections);
			changes += (int)out.generation != last;
			last = (int)out.generation;
			client_dispose(&out);
		}
		_exit(0);
	}
	for (uint32_t g = 1; waitpid(pid, &status, WNOHANG) == 0; g++) {
		int err;

		in.rules = rules[g % 2];
		odd_keys_put(&in, g % 2);
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

const struct scenario scenarios_clients[] = {
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
	SCENARIO("nothing is published for a network domain that is gone",
		nothing_is_published_for_a_network_domain_that_is_gone),
	SCENARIO("a client that no reader would take is not published",
		a_client_that_no_reader_would_take_is_not_published),
	{ 0 },
};
