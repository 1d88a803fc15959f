/*
 * Who may do what, as xenstored sees it: tests/store/guest plays the domains. Their homes are as
 * libxl makes them: /local/domain/G is n0,rG, "data" in it nG.
 */
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/scenario.h"

#define GUEST "/local/domain/5"
#define NETVM "/local/domain/6"

static const struct vif_id vif = { 5, 0 };

/* What domain `domid` gets for its question: a value, names, or an error's word; valid until the
 * next. */
static const char *asks(const char *domid, const char *verb, const char *path, const char *value)
{
	static char text[STORE_VALUE_MAX + 1];
	const char *build = getenv("BUILD");
	char program[256];
	int pipe_fd[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/tests/store/guest", build ? build : "build");
	if (pipe(pipe_fd) < 0 || (pid = fork()) < 0)
		scenario_fail(program, 0, "cannot be run");
	if (!pid) {
		dup2(pipe_fd[1], STDOUT_FILENO);
		execl(program, program, domid, verb, path, value, (char *)NULL);
		_exit(127);
	}
	close(pipe_fd[1]);
	while (len < sizeof(text) - 1 &&
		(n = read(pipe_fd[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(pipe_fd[0]);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		scenario_fail(
			program, 0, "%s %s %s: status %#x", domid, verb, path ? path : "", status);
	text[len && text[len - 1] == '\n' ? len - 1 : len] = '\0';
	return text;
}

static void home_make(struct store *s, uint32_t domid)
{
	struct store_perms home = { .owner = 0, .has_reader = true, .reader = domid };
	struct store_perms data = { .owner = domid };
	char path[STORE_PATH_MAX], number[16];

	snprintf(number, sizeof(number), "%u", domid);
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	RETURNS(0, store_remove(s, path, &scenario_err));
	RETURNS(0, store_mkdir(s, path, &scenario_err));
	RETURNS(0, store_set_perms(s, path, &home, &scenario_err));
	strcat(path, "/data");
	RETURNS(0, store_mkdir(s, path, &scenario_err));
	RETURNS(0, store_set_perms(s, path, &data, &scenario_err));
	IS_TEXT("", asks(number, "introduce", NULL, NULL));
}

static void domains_make(struct store *s)
{
	struct guest_link link = { .ip = addr_of("10.137.0.7") };
	struct provider provider = { .probe = 1 };
	struct client client = { .policy = POLICY_DROP, .rules = (char[]){ "action=accept" } };

	for (uint32_t domid = 5; domid <= 7; domid++)
		home_make(s, domid);
	RETURNS(0, guest_link_write(s, 5, 0, &link, &scenario_err));
	RETURNS(0, provider_write(s, 6, &provider, &scenario_err));
	RETURNS(0, client_write(s, 6, &vif, &client, &scenario_err));
}

/* None of `paths` can be changed by the domain in any way, nor anything put there. */
static void may_not_change(const char *domid, const char *const paths[])
{
	for (; *paths; paths++) {
		char below[STORE_PATH_MAX];

		snprintf(below, sizeof(below), "%s/x", *paths);
		IS_TEXT("EACCES", asks(domid, "write", *paths, "evil"));
		IS_TEXT("EACCES", asks(domid, "write", below, "evil"));
		IS_TEXT("EACCES", asks(domid, "mkdir", below, NULL));
		IS_TEXT("EACCES", asks(domid, "rm", *paths, NULL));
		IS_TEXT("EACCES", asks(domid, "chmod", *paths, "b5"));
	}
}

static void may_not_read(const char *domid, const char *const paths[])
{
	for (; *paths; paths++) {
		IS_TEXT("EACCES", asks(domid, "read", *paths, NULL));
		IS_TEXT("EACCES", asks(domid, "ls", *paths, NULL));
	}
}

static void a_guest_reads_its_link_and_cannot_change_it(struct store *s)
{
	static const char *const nodes[] = { GUEST "/netvm", GUEST "/netvm/0", GUEST "/netvm/0/ip",
		NULL };

	domains_make(s);
	IS_TEXT("10.137.0.7", asks("5", "read", "netvm/0/ip", NULL));
	IS_TEXT("ip", asks("5", "ls", "netvm/0", NULL));
	may_not_change("5", nodes);
	IS_TEXT("10.137.0.7", node_text(s, GUEST "/netvm/0/ip"));
}

static void nobody_else_reads_a_link(struct store *s)
{
	static const char *const nodes[] = { GUEST "/netvm", GUEST "/netvm/0", GUEST "/netvm/0/ip",
		NULL };

	domains_make(s);
	may_not_read("6", nodes);
	may_not_change("6", nodes);
	may_not_read("7", nodes);
}

static void a_guest_cannot_plant_what_dom0_publishes_later(struct store *s)
{
	home_make(s, 5);
	IS_TEXT("EACCES", asks("5", "mkdir", "netvm", NULL));
	IS_TEXT("EACCES", asks("5", "write", "netvm/0/ip", "10.137.0.66"));
	IS_TEXT("EACCES", asks("5", "write", "netvm-provider/probe", "1"));
	IS(false, store_exists(s, GUEST "/netvm"));
}

static void a_network_domain_reads_its_provider_and_cannot_change_it(struct store *s)
{
	static const char *const nodes[] = { NETVM "/netvm-provider", NETVM "/netvm-provider/probe",
		NETVM "/netvm-provider/clients", NETVM "/netvm-provider/clients/5/0",
		NETVM "/netvm-provider/clients/5/0/policy",
		NETVM "/netvm-provider/clients/5/0/policy/0000", NULL };

	domains_make(s);
	IS_TEXT("1", asks("6", "read", "netvm-provider/probe", NULL));
	IS_TEXT("action=accept", asks("6", "read", "netvm-provider/clients/5/0/policy/0000", NULL));
	may_not_change("6", nodes);
	may_not_read("7", nodes);
	may_not_read("5", nodes);
}

static void a_network_domain_reports_and_only_dom0_reads_it(struct store *s)
{
	static const char *const nodes[] = { NETVM "/data/netvm", NETVM "/data/netvm/state", NULL };
	struct netvm_report report;

	domains_make(s);
	IS_TEXT("OK", asks("6", "write", "data/netvm/state", "ready"));
	RETURNS(0, netvm_report_read(s, 6, &report, &scenario_err));
	IS_TEXT("ready", report.state);
	may_not_read("5", nodes);
	may_not_change("5", nodes);
	may_not_change("7", nodes);
	IS_TEXT("OK", asks("6", "rm", "data/netvm", NULL));
}

/* As libxl makes them: vif/G in the network domain's home is the toolstack's, vif/G/D the network
 * domain's own. This is what schema_remove_vif() has to do with. */
static void a_network_domain_removes_a_backend_directory_but_not_the_one_above(struct store *s)
{
	struct store_perms own = { .owner = 6, .has_reader = true, .reader = 5 };

	domains_make(s);
	RETURNS(0, store_mkdir(s, NETVM "/backend/vif/5/0", &scenario_err));
	RETURNS(0, store_set_perms(s, NETVM "/backend/vif/5/0", &own, &scenario_err));
	IS_TEXT("EACCES", asks("6", "rm", "backend/vif/5", NULL));
	IS(true, store_exists(s, NETVM "/backend/vif/5/0"));
	IS_TEXT("OK", asks("6", "rm", "backend/vif/5/0", NULL));
	IS_TEXT("", asks("6", "ls", "backend/vif/5", NULL));
}

/* The number comes again with a new domain; the old one's rights are gone with it. */
static void a_new_domain_of_an_old_number_is_told_anew(struct store *s)
{
	struct guest_link link = { .ip = addr_of("10.137.0.8") };

	domains_make(s);
	IS_TEXT("", asks("5", "introduce", NULL, NULL));
	home_make(s, 5);
	IS_TEXT("ENOENT", asks("5", "read", "netvm/0/ip", NULL));
	RETURNS(0, guest_link_write(s, 5, 0, &link, &scenario_err));
	IS_TEXT("10.137.0.8", asks("5", "read", "netvm/0/ip", NULL));
}

const struct scenario scenarios_permissions[] = {
	SCENARIO("a guest reads its link and cannot change it",
		a_guest_reads_its_link_and_cannot_change_it),
	SCENARIO("nobody else reads or changes a guest's link", nobody_else_reads_a_link),
	SCENARIO("a guest cannot plant what dom0 publishes later",
		a_guest_cannot_plant_what_dom0_publishes_later),
	SCENARIO("a network domain reads its own provider and clients, nobody else does, and it "
		 "cannot "
		 "change them",
		a_network_domain_reads_its_provider_and_cannot_change_it),
	SCENARIO("a network domain reports below data, and no other domain reads or changes that",
		a_network_domain_reports_and_only_dom0_reads_it),
	SCENARIO("a network domain removes a backend directory of its own, not the one above it",
		a_network_domain_removes_a_backend_directory_but_not_the_one_above),
	SCENARIO("a domain whose home was made anew gets its link anew",
		a_new_domain_of_an_old_number_is_told_anew),
	{ 0 },
};
