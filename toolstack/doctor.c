/* Each check is one function of a table; it fills in what it found, or says that there was nothing
 * to look at. */
#include "toolstack/doctor.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/packet_way.h"

#define PORT_DNS 53

enum result { NOT_ASKED, FINE, WRONG };

/* What a check is asked about; `d` and `now` are NULL for one of the host. */
struct subject {
	const struct doctor_facts *f;
	const struct registry_domain *d;
	const struct present_domain *now;
};

struct check {
	const char *name;
	enum result (*look)(const struct subject *s, struct doctor_finding *out);
};

__attribute__((format(printf, 2, 3))) static enum result fine(
	struct doctor_finding *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(out->words, sizeof(out->words), fmt, args);
	va_end(args);
	return FINE;
}

/* What mends it stands in `out` already, or the words say it. */
__attribute__((format(printf, 2, 3))) static enum result wrong(
	struct doctor_finding *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(out->words, sizeof(out->words), fmt, args);
	va_end(args);
	return WRONG;
}

__attribute__((format(printf, 2, 3))) static void mend(
	struct doctor_finding *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(out->mend, sizeof(out->mend), fmt, args);
	va_end(args);
}

/* --- the host --- */

static enum result look_xen(const struct subject *s, struct doctor_finding *out)
{
	const struct err *e = &s->f->present->no_xen;

	if (!e->code)
		return fine(out, "this is dom0 of a running Xen");
	mend(out, "boot Xen, and run this as root in dom0");
	return wrong(out, "%s", e->text);
}

static enum result look_xenstore(const struct subject *s, struct doctor_finding *out)
{
	const struct err *e = &s->f->present->no_store;

	if (!e->code)
		return fine(out, "xenstored answers");
	mend(out, "start it (Debian: systemctl start xen)");
	return wrong(out, "%s", e->text);
}

/* Whether any domain is to have devices. */
static bool has_devices(const struct registry *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->domain[i].fault && r->domain[i].pci.count)
			return true;
	return false;
}

static enum result look_iommu(const struct subject *s, struct doctor_finding *out)
{
	if (!s->f->iommu_known)
		return NOT_ASKED;
	if (s->f->iommu)
		return fine(out, "Xen keeps devices to their domains' memory");
	mend(out, "switch VT-d or AMD-Vi on in the firmware, and boot Xen without iommu=off");
	return wrong(out, "Xen has no IOMMU: a domain with a device can read and write all memory");
}

static enum result look_pciback(const struct subject *s, struct doctor_finding *out)
{
	if (!has_devices(s->f->registry))
		return NOT_ASKED;
	if (s->f->pciback)
		return fine(out, "the driver that holds devices for domains is there");
	mend(out, "modprobe xen-pciback, and name it in /etc/modules");
	return wrong(out, "the driver pciback is not there: no domain can be given its device");
}

static enum result look_registry(const struct subject *s, struct doctor_finding *out)
{
	const struct err *e = registry_fault(s->f->registry);

	if (!e)
		return fine(out, "%zu domains, all in order", s->f->registry->count);
	mend(out, "correct that line; what was in force before stays so");
	return wrong(out, "%s", e->text);
}

static enum result look_provider(const struct subject *s, struct doctor_finding *out)
{
	for (size_t i = 0; i < s->f->registry->count; i++)
		if (!s->f->registry->domain[i].fault && s->f->registry->domain[i].provides_network)
			return fine(out, "%s provides network", s->f->registry->domain[i].name);
	mend(out, "netvm add NAME provides_network=1 netvm=none");
	return wrong(out, "no domain provides network");
}

static enum result look_netvmd(const struct subject *s, struct doctor_finding *out)
{
	const struct present *p = s->f->present;

	if (p->no_netvmd.code)
		return wrong(out, "%s", p->no_netvmd.text);
	if (p->netvmd != NETVMD_AWAY)
		return fine(out, "it runs");
	mend(out, "systemctl enable --now netvmd");
	return wrong(out, "it does not run: nothing makes domains as they are wanted");
}

/* Those that no domain of the registry has. */
static enum result look_obstacles(const struct subject *s, struct doctor_finding *out)
{
	const struct netvmd_obstacles *o = &s->f->present->obstacles;

	for (size_t i = 0; i < o->count; i++)
		if (s->d ? strcmp(o->obstacle[i].domain, s->d->name) == 0
			 : !registry_find(s->f->registry, o->obstacle[i].domain))
			return wrong(out, "netvmd says: %s", o->obstacle[i].words);
	return NOT_ASKED;
}

static const struct check host_checks[] = {
	{ "Xen", look_xen },
	{ "xenstore", look_xenstore },
	{ "IOMMU", look_iommu },
	{ "pciback", look_pciback },
	{ "registry", look_registry },
	{ "provider", look_provider },
	{ "netvmd", look_netvmd },
	{ "obstacle", look_obstacles },
};

/* --- a network domain --- */

/* A running guest of it; NULL: there is none. */
static const struct registry_domain *guest_of(const struct subject *s)
{
	for (size_t i = 0; i < s->f->registry->count; i++)
		if (s->f->registry->domain[i].netvm == s->d && s->f->domain[i].running)
			return &s->f->registry->domain[i];
	return NULL;
}

static enum result look_runs(const struct subject *s, struct doctor_finding *out)
{
	const struct registry_domain *guest = guest_of(s);

	if (!s->now->known || (!s->now->running && !guest))
		return NOT_ASKED;
	if (s->now->running)
		return fine(out, "it runs");
	mend(out, "netvm start %s", s->d->name);
	return wrong(out, "it does not run, and %s needs it", guest->name);
}

static enum result look_device(const struct subject *s, struct doctor_finding *out)
{
	if (s->d->netvm)
		return NOT_ASKED;
	if (s->d->pci.count)
		return fine(out, "it has %s%s", s->d->pci.item[0],
			s->d->pci.count > 1 ? " and others" : "");
	mend(out, "netvm pci list; netvm pci assign DEVICE %s", s->d->name);
	return wrong(out, "it has no network device, nor a network domain");
}

static enum result look_report(const struct subject *s, struct doctor_finding *out)
{
	if (!s->now->running)
		return NOT_ASKED;
	if (s->now->reports && s->now->report.state[0])
		return fine(out, "netbackd there reports (version %s)", s->now->report.version);
	mend(out, "install xen-netvm in %s, and there: systemctl enable --now netbackd",
		s->d->name);
	return wrong(out, "it says nothing: netbackd does not run there");
}

static bool reports(const struct subject *s)
{
	return s->now->running && s->now->reports && s->now->report.state[0];
}

static enum result look_ready(const struct subject *s, struct doctor_finding *out)
{
	if (!reports(s))
		return NOT_ASKED;
	if (strcmp(s->now->report.state, "ready") == 0)
		return fine(out, "it is ready");
	mend(out, "in %s: journalctl -u netbackd", s->d->name);
	return wrong(out, "it says: %s", s->now->report.state);
}

static enum result look_uplink(const struct subject *s, struct doctor_finding *out)
{
	if (!reports(s))
		return NOT_ASKED;
	if (s->now->report.uplink[0])
		return fine(out, "it is %s", s->now->report.uplink);
	if (s->d->netvm && s->d->role != PROVIDER_VPN)
		mend(out, "look at %s first; then, in %s: ip route", s->d->netvm->name, s->d->name);
	else
		mend(out, "in %s: ip link; ip route", s->d->name);
	return wrong(out, "there is none: no link with a default route, or none of those named");
}

static enum result look_resolvers(const struct subject *s, struct doctor_finding *out)
{
	if (!reports(s))
		return NOT_ASKED;
	if (s->now->report.resolvers[0])
		return fine(out, "they are %s", s->now->report.resolvers);
	mend(out, "in %s: /etc/resolv.conf, or resolv_conf in netbackd.conf", s->d->name);
	return wrong(out, "there are none: no guest resolves anything");
}

static enum result look_alarm(const struct subject *s, struct doctor_finding *out)
{
	if (!reports(s) || !s->now->report.alarm[0])
		return NOT_ASKED;
	return wrong(out, "%s", s->now->report.alarm);
}

static const struct check netvm_checks[] = {
	{ "runs", look_runs },
	{ "device", look_device },
	{ "netbackd", look_report },
	{ "ready", look_ready },
	{ "uplink", look_uplink },
	{ "resolvers", look_resolvers },
	{ "alarm", look_alarm },
};

/* --- a guest --- */

static const struct present_domain *present_of(
	const struct subject *s, const struct registry_domain *d)
{
	return &s->f->domain[d - s->f->registry->domain];
}

static bool is_served(const struct subject *s)
{
	return s->now->running && s->now->vifs && present_of(s, s->d->netvm)->running;
}

static enum result look_vif(const struct subject *s, struct doctor_finding *out)
{
	const struct present_domain *netvm = present_of(s, s->d->netvm);

	if (!s->now->running || !netvm->running)
		return NOT_ASKED;
	for (size_t i = 0; i < s->now->vifs; i++)
		if (s->now->vif[i].frontend.backend_domid == netvm->domid)
			return fine(out, "vif %u has its backend in %s", s->now->vif[i].devid,
				s->d->netvm->name);
	mend(out, "netvmd attaches one: journalctl -u netvmd");
	return wrong(out, "it has no vif from %s", s->d->netvm->name);
}

static enum result look_backend(const struct subject *s, struct doctor_finding *out)
{
	if (!is_served(s))
		return NOT_ASKED;
	for (size_t i = 0; i < s->now->vifs; i++) {
		const struct present_vif *v = &s->now->vif[i];

		if (v->report.error[0])
			return wrong(out, "vif %u: %s says: %s", v->devid, s->d->netvm->name,
				v->report.error);
		if (!v->has_backend || strcmp(v->backend.hotplug_status, "error") != 0)
			continue;
		mend(out, "in %s: journalctl -u netbackd", s->d->netvm->name);
		return wrong(out, "vif %u could not be brought up", v->devid);
	}
	return fine(out, "%s has brought it up", s->d->netvm->name);
}

static enum result look_frontend(const struct subject *s, struct doctor_finding *out)
{
	if (!is_served(s))
		return NOT_ASKED;
	for (size_t i = 0; i < s->now->vifs; i++) {
		const struct present_vif *v = &s->now->vif[i];

		if (v->frontend.state == XENBUS_CONNECTED)
			continue;
		mend(out, "in %s: modprobe xen-netfront; ip link", s->d->name);
		return wrong(out, "the guest's side of vif %u is %s", v->devid,
			present_state_word(v->frontend.state));
	}
	return fine(out, "the guest's side is connected");
}

static enum result look_cable(const struct subject *s, struct doctor_finding *out)
{
	if (s->d->cable)
		return NOT_ASKED;
	mend(out, "netvm cable %s on", s->d->name);
	return wrong(out, "its cable is off");
}

/* By policies alone. */
static enum result look_dns(const struct subject *s, struct doctor_finding *out)
{
	struct policy_packet question = { .proto = IPPROTO_UDP, .port = PORT_DNS };
	const struct packet_hop *last;
	struct guest_link link;
	struct packet_way way;
	enum result result;

	registry_guest_link(s->f->registry, s->d, &link);
	question.dst = addr_is_set(&link.ip) ? link.dns[0] : link.dns6[0];
	if (!s->d->cable || !addr_is_set(&question.dst) ||
		packet_way_find(s->f->registry, s->d, &question, s->f->now, &way, NULL))
		return NOT_ASKED;
	last = &way.hop[way.count - 1];
	result = way.end == PACKET_RESOLVER || way.end == PACKET_TUNNEL
			 ? fine(out, "policies let its questions pass")
			 : wrong(out, "its questions are dropped in %s, by the policy of %s",
				   last->netvm->name, last->from->name);
	if (result == WRONG)
		mend(out, "netvm firewall %s add action=accept specialtarget=dns",
			last->from->name);
	packet_way_dispose(&way);
	return result;
}

static const struct check guest_checks[] = {
	{ "obstacle", look_obstacles },
	{ "vif", look_vif },
	{ "backend", look_backend },
	{ "frontend", look_frontend },
	{ "cable", look_cable },
	{ "DNS", look_dns },
};

/* --- all of them --- */

struct teller {
	void (*tell)(void *arg, const struct doctor_finding *finding);
	void *arg;
	unsigned int faults;
};

static void run(const struct check *checks, size_t count, const struct subject *s, struct teller *t)
{
	for (size_t i = 0; i < count; i++) {
		struct doctor_finding out = { .well = false };
		enum result result = checks[i].look(s, &out);

		if (result == NOT_ASKED)
			continue;
		out.well = result == FINE;
		snprintf(out.check, sizeof(out.check), "%s", checks[i].name);
		snprintf(out.subject, sizeof(out.subject), "%s", s->d ? s->d->name : "");
		t->faults += !out.well;
		t->tell(t->arg, &out);
	}
}

#define RUN(checks, s, t) run(checks, sizeof(checks) / sizeof((checks)[0]), s, t)

unsigned int doctor_examine(const struct doctor_facts *f,
	void (*tell)(void *arg, const struct doctor_finding *finding), void *arg)
{
	struct teller t = { .tell = tell, .arg = arg };
	struct subject s = { .f = f };

	RUN(host_checks, &s, &t);
	if (f->present->no_xen.code || f->present->no_store.code)
		return t.faults;
	for (size_t i = 0; i < f->registry->count; i++) {
		s.d = &f->registry->domain[i];
		s.now = &f->domain[i];
		if (!s.d->fault && s.d->provides_network)
			RUN(netvm_checks, &s, &t);
	}
	for (size_t i = 0; i < f->registry->count; i++) {
		s.d = &f->registry->domain[i];
		s.now = &f->domain[i];
		if (!s.d->fault && s.d->netvm && s.now->running)
			RUN(guest_checks, &s, &t);
	}
	return t.faults;
}
