/* What doctor finds wrong: on a host where all is well nothing; and for each check exactly that,
 * where exactly that is broken. */
#include "tests/unit/registry_files.h"

#include <errno.h>
#include <string.h>

#include "toolstack/doctor.h"

#define FILES_DOMAINS 3

/* A host with a network domain, a firewall and a guest, where all is well. */
struct host {
	struct registry registry;
	struct present present;
	struct present_domain domain[FILES_DOMAINS];
	struct doctor_facts facts;
	struct netvmd_obstacle obstacle;
};

enum { FW, NET, WORK }; /* as the registry has them, by name */

static struct host host;
static char said[1024]; /* "subject:check;" of what is wrong */
static char mends[1024];

static void runs(struct present_domain *d, uint32_t domid)
{
	*d = (struct present_domain){ .known = true, .running = true, .domid = domid };
}

static void provides(struct present_domain *d)
{
	struct netvm_report *r = &d->report;

	d->reports = true;
	strcpy(r->state, "ready");
	strcpy(r->uplink, "eth0");
	strcpy(r->resolvers, "192.0.2.53");
}

static void has_vif(struct present_domain *d, uint32_t backend)
{
	d->vifs = 1;
	d->vif[0].frontend =
		(struct vif_frontend){ .backend_domid = backend, .state = XENBUS_CONNECTED };
	d->vif[0].has_backend = true;
	strcpy(d->vif[0].backend.hotplug_status, "connected");
	strcpy(d->vif[0].report.state, "connected");
}

static void host_make(void)
{
	struct err e = ERR_NONE;
	size_t changed;

	memset(&host, 0, sizeof(host));
	registry_take(&host.registry);
	assert_int_equal(registry_allocate(&host.registry, true, &changed, &e), 0);
	assert_int_equal(registry_rules_resolve(&host.registry, &e), 0);
	host.present.netvmd = NETVMD_RUNS;
	runs(&host.domain[NET], 3);
	provides(&host.domain[NET]);
	runs(&host.domain[FW], 5);
	provides(&host.domain[FW]);
	has_vif(&host.domain[FW], 3);
	runs(&host.domain[WORK], 7);
	has_vif(&host.domain[WORK], 5);
	host.facts = (struct doctor_facts){ .registry = &host.registry,
		.present = &host.present,
		.domain = host.domain,
		.iommu_known = true,
		.iommu = true,
		.pciback = true,
		.now = 1700000000 };
}

static int files_make(void **state)
{
	int ret = registry_dir_make(state);

	file_write("net", "provides_network = 1\nnetvm = \"none\"\npci = [ \"0000:03:00.0\" ]\n");
	file_write("fw", "provides_network = 1\nnetvm = \"net\"\n");
	file_write("work", "netvm = \"fw\"\n");
	return ret;
}

static void tell(void *arg, const struct doctor_finding *f)
{
	size_t at = strlen(said), mended = strlen(mends);

	(void)arg;
	assert_true(f->words[0] && f->check[0]);
	if (f->well) {
		assert_string_equal(f->mend, "");
		return;
	}
	snprintf(said + at, sizeof(said) - at, "%s:%s;", f->subject, f->check);
	snprintf(mends + mended, sizeof(mends) - mended, "%s;", f->mend);
}

static unsigned int examine(void)
{
	said[0] = mends[0] = '\0';
	return doctor_examine(&host.facts, tell, NULL);
}

static void where_all_is_well_nothing_is_wrong(void **state)
{
	(void)state;
	host_make();
	assert_int_equal(examine(), 0);
	assert_string_equal(said, "");
	registry_dispose(&host.registry);
}

/* --- what can be broken --- */

static void no_xen(void)
{
	err_set(&host.present.no_xen, -ENOTCONN, "no Xen");
}

static void no_store(void)
{
	err_set(&host.present.no_store, -ENOTCONN, "no xenstored");
}

static void no_iommu(void)
{
	host.facts.iommu = false;
}

static void no_pciback(void)
{
	host.facts.pciback = false;
}

static void no_netvmd(void)
{
	host.present.netvmd = NETVMD_AWAY;
}

static void obstacle(const char *domain)
{
	static char words[] = "it waits";

	strcpy(host.obstacle.domain, domain);
	host.obstacle.words = words;
	host.present.obstacles = (struct netvmd_obstacles){ &host.obstacle, 1 };
}

static void obstacle_of_all(void)
{
	obstacle("");
}

static void obstacle_of_guest(void)
{
	obstacle("work");
}

static void netvm_stops(void)
{
	host.domain[FW].running = false;
}

static void netvm_is_silent(void)
{
	host.domain[NET].reports = false;
}

static void netvm_is_not_ready(void)
{
	strcpy(host.domain[NET].report.state, "no rules");
}

static void uplink_goes(void)
{
	host.domain[FW].report.uplink[0] = '\0';
}

static void resolvers_go(void)
{
	host.domain[NET].report.resolvers[0] = '\0';
}

static void alarm_is_raised(void)
{
	strcpy(host.domain[NET].report.alarm, "it collides");
}

static void vif_is_elsewhere(void)
{
	host.domain[WORK].vif[0].frontend.backend_domid = 3;
}

static void vif_fails(void)
{
	strcpy(host.domain[WORK].vif[0].backend.hotplug_status, "error");
}

static void vif_is_refused(void)
{
	strcpy(host.domain[WORK].vif[0].report.error, "the address is taken");
}

static void frontend_waits(void)
{
	host.domain[WORK].vif[0].frontend.state = XENBUS_INITIALISING;
}

static const struct {
	const char *what;
	void (*how)(void);
	const char *said, *mend;
} broken[] = {
	{ "Xen", no_xen, ":Xen;", "boot Xen" },
	{ "xenstored", no_store, ":xenstore;", "systemctl start xen" },
	{ "the IOMMU", no_iommu, ":IOMMU;", "firmware" },
	{ "pciback", no_pciback, ":pciback;", "modprobe xen-pciback" },
	{ "netvmd", no_netvmd, ":netvmd;", "systemctl enable --now netvmd" },
	{ "what netvmd says", obstacle_of_all, ":obstacle;", "" },
	{ "what netvmd says of a guest", obstacle_of_guest, "work:obstacle;", "" },
	{ "a network domain", netvm_stops, "fw:runs;", "netvm start fw" },
	{ "netbackd", netvm_is_silent, "net:netbackd;", "systemctl enable --now netbackd" },
	{ "its state", netvm_is_not_ready, "net:ready;", "journalctl -u netbackd" },
	{ "its uplink", uplink_goes, "fw:uplink;", "look at net first" },
	{ "its resolvers", resolvers_go, "net:resolvers;", "resolv_conf" },
	{ "an alarm", alarm_is_raised, "net:alarm;", "" },
	{ "whose the vif is", vif_is_elsewhere, "work:vif;", "journalctl -u netvmd" },
	{ "the backend", vif_fails, "work:backend;", "journalctl -u netbackd" },
	{ "the backend's address", vif_is_refused, "work:backend;", "" },
	{ "the frontend", frontend_waits, "work:frontend;", "modprobe xen-netfront" },
};

static void what_is_broken_is_found_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		host_make();
		broken[i].how();
		if (examine() != 1 || strcmp(said, broken[i].said) != 0 ||
			!strstr(mends, broken[i].mend))
			fail_msg("%s: wanted %s with \"%s\", saw %s with \"%s\"", broken[i].what,
				broken[i].said, broken[i].mend, said, mends);
		registry_dispose(&host.registry);
	}
}

/* What the registry itself can have wrong. */
static void expect_of_file(const char *name, const char *text, const char *wanted, const char *mend)
{
	file_write(name, text);
	host_make();
	assert_int_equal(examine(), 1);
	assert_string_equal(said, wanted);
	assert_non_null(strstr(mends, mend));
	registry_dispose(&host.registry);
}

static void a_faulty_file_is_found(void **state)
{
	(void)state;
	expect_of_file("work", "netvm = \"fw\"\nip = \"10.137.0\"\n", ":registry;", "correct that");
}

static void a_network_domain_without_a_device_is_found(void **state)
{
	(void)state;
	expect_of_file("net", "provides_network = 1\nnetvm = \"none\"\n", "net:device;",
		"netvm pci assign DEVICE net");
}

static void a_pulled_cable_is_found(void **state)
{
	(void)state;
	expect_of_file("work", "netvm = \"fw\"\ncable = 0\n", "work:cable;", "netvm cable work on");
}

static void a_policy_without_dns_is_found(void **state)
{
	(void)state;
	expect_of_file("work", "netvm = \"fw\"\nrules = [ \"action=accept proto=tcp\" ]\n",
		"work:DNS;", "netvm firewall work add action=accept specialtarget=dns");
}

static void also_that_of_a_network_domain_on_the_way(void **state)
{
	(void)state;
	file_write("fw", "provides_network = 1\nnetvm = \"net\"\nrules = [ \"action=accept "
			 "proto=tcp\" ]\n");
	host_make();
	assert_int_equal(examine(), 2);
	assert_string_equal(said, "fw:DNS;work:DNS;");
	assert_non_null(strstr(mends, "netvm firewall fw add"));
	assert_null(strstr(mends, "netvm firewall work add"));
	registry_dispose(&host.registry);
}

static void a_registry_without_a_network_domain_is_found(void **state)
{
	struct registry empty = { .count = 0 };

	(void)state;
	host_make();
	host.facts.registry = &empty;
	assert_int_equal(examine(), 1);
	assert_string_equal(said, ":provider;");
	registry_dispose(&host.registry);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, files_make, registry_dir_remove)
	const struct CMUnitTest tests[] = {
		TEST(where_all_is_well_nothing_is_wrong),
		TEST(what_is_broken_is_found_and_nothing_else),
		TEST(a_faulty_file_is_found),
		TEST(a_network_domain_without_a_device_is_found),
		TEST(a_pulled_cable_is_found),
		TEST(a_policy_without_dns_is_found),
		TEST(also_that_of_a_network_domain_on_the_way),
		TEST(a_registry_without_a_network_domain_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
