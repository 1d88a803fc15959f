/*
 * Everything that happens (xenstore, links, addresses, routes, other programs' packet filter rules,
 * resolv.conf, a signal) asks for the same thing: a pass (pass.h), over everything, or over the
 * vifs of a guest where it is sure that it is about that guest alone (scope.h). What happens during
 * a pass asks for one more. What was missed (a restart, lost messages, xenstored that was away)
 * asks for a pass over everything; so does dom0 with its probe. While nothing happens and nothing
 * is wrong nothing runs; what is wrong is tried again ever more seldom.
 *
 * daemon_run() sets up in the order watches, first pass, ready.
 */
#include "backend/daemon.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/hooks.h"
#include "backend/name_resolver.h"
#include "backend/dhcp.h"
#include "backend/netback_run.h"
#include "backend/pass.h"
#include "backend/resolvers.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/daemon_signals.h"
#include "common/log.h"
#include "common/log_loop.h"
#include "common/notify.h"
#include "common/pass_timer.h"

/* Seconds until xenstored, or what could not be served, is tried again. */
#define AGAIN_FIRST 1.0
#define AGAIN_MOST  30.0

struct daemon {
	struct ev_loop *loop;
	const struct service_options *options;
	struct service *service; /* the caller's */
	bool connected;		 /* `service` is open, with its watches */
	struct backoff absence;	 /* of xenstored */
	struct backoff faults;	 /* that no event may end: iptables that failed, a busy lock */
	struct resolvers_watch *resolvers;
	struct name_resolver *names;
	struct events events; /* that hooks are told */
	struct hooks *hooks;
	bool unanswered; /* dom0 waits until they have been told */
	int kernel_fd, rules_fd;
	ev_io store_io, kernel_io, rules_io, resolvers_io, forwarder_io, netback_io, dhcp_io;
	struct pass_timer pass;
	ev_timer retry;
	struct daemon_signals signals;
	struct log_loop log;
	struct pass_memory memory;
	struct scope scope;	  /* of the next pass */
	struct pass_listeners to; /* what happens */
	bool ready;
	bool datapaths_differ; /* dom0's and the file's, which was said */
};

static void tell_manager(const struct daemon *d, const struct pass_result *r)
{
	char text[160];

	snprintf(text, sizeof(text), "STATUS=%zu vifs, %zu faulty; uplink %s%s", r->vifs, r->faulty,
		r->uplinks.there.count ? r->uplinks.there.names[0] : "none",
		r->rules_fault ? "; packet filter does not stand" : "");
	notify_send(text);
	if (!d->ready)
		notify_send("READY=1");
}

/* Once, when it comes to be so. */
static void datapaths_tell(struct daemon *d)
{
	const struct settings *s = &d->service->settings;
	bool differ = settings_datapaths_differ(s), user = settings_datapath_is_user(s);

	if (differ && !d->datapaths_differ)
		log_warning("datapath: dom0 says \"%s\", which counts; netbackd.conf says \"%s\"",
			user ? "user" : "kernel", user ? "kernel" : "user");
	d->datapaths_differ = differ;
}

/* --- the service --- */

static void resolvers_unwatch(struct daemon *d)
{
	ev_io_stop(d->loop, &d->resolvers_io);
	resolvers_watch_close(d->resolvers);
	d->resolvers = NULL;
}

/* The files to watch are those of the settings. */
static int resolvers_watch(struct daemon *d, struct err *e)
{
	const struct config_list *files = &d->service->settings.resolv_conf;
	const char *paths[RESOLVERS_PATHS_MAX + 1] = { NULL };
	int ret;

	for (size_t i = 0; i < files->count && i < RESOLVERS_PATHS_MAX; i++)
		paths[i] = files->item[i];
	resolvers_unwatch(d);
	ret = resolvers_watch_open(&d->resolvers, paths, e);
	if (ret)
		return ret;
	ev_io_set(&d->resolvers_io, resolvers_watch_fd(d->resolvers), EV_READ);
	ev_io_start(d->loop, &d->resolvers_io);
	return 0;
}

static int processes_watch(struct daemon *d, struct err *e)
{
	int ret = pass_open(d->service, e);

	if (ret)
		return ret;
	ev_io_set(&d->dhcp_io, dhcp_runs_fd(d->service->dhcp), EV_READ);
	ev_io_start(d->loop, &d->dhcp_io);
	ev_io_set(&d->netback_io, netback_runs_fd(d->service->netback), EV_READ);
	ev_io_start(d->loop, &d->netback_io);
	return 0;
}

/* Watches what the service that was just opened has to be told of. */
static int service_watch(struct daemon *d, struct err *e)
{
	int ret = vif_backend_watch(d->service->store, SCHEMA_SELF, "vif", e);

	if (!ret)
		ret = provider_watch(d->service->store, SCHEMA_SELF, "provider", e);
	if (!ret)
		ret = guest_link_watch(d->service->store, SCHEMA_SELF, "above", e);
	if (!ret)
		ret = resolvers_watch(d, e);
	if (!ret)
		ret = processes_watch(d, e);
	if (ret)
		return ret;
	ev_io_set(&d->store_io, store_fd(d->service->store), EV_READ);
	ev_io_start(d->loop, &d->store_io);
	d->connected = true;
	backoff_end(&d->absence);
	scope_add_all(&d->scope);
	pass_timer_ask(&d->pass, 0);
	return 0;
}

static void service_stop(struct daemon *d)
{
	ev_io_stop(d->loop, &d->forwarder_io);
	ev_io_stop(d->loop, &d->store_io);
	ev_io_stop(d->loop, &d->netback_io);
	ev_io_stop(d->loop, &d->dhcp_io);
	pass_close(d->service);
	service_close(d->service);
	d->connected = false;
}

/* xenstored is gone. Links and rules stay as they are; it is looked for again, ever more seldom. */
static void service_lost(struct daemon *d, const struct err *e)
{
	double wait = backoff_failed(&d->absence, clock_seconds());

	log_error("%s; guests stay as they are, trying again in %.0f s", e->text, wait);
	service_stop(d);
	ev_now_update(d->loop); /* the timer counts from now */
	ev_timer_set(&d->retry, wait, 0.);
	ev_timer_start(d->loop, &d->retry);
}

/* A faulty configuration is refused: it would close every guest. */
static int service_reopen(const struct daemon *d, struct service *s, struct err *e)
{
	int ret = service_open(s, d->options, e);

	if (ret || !s->settings_fault.code)
		return ret;
	*e = s->settings_fault;
	service_close(s);
	return e->code;
}

static void on_retry(struct ev_loop *loop, ev_timer *t, int events)
{
	struct daemon *d = t->data;
	struct err e = ERR_NONE;
	int ret;

	(void)loop;
	(void)events;
	ret = service_reopen(d, d->service, &e);
	if (!ret)
		ret = service_watch(d, &e);
	if (ret)
		service_lost(d, &e);
	else
		log_info("xenstored is back");
}

/* Reads the configuration again, by a service of its own: where it is faulty, or xenstored does not
 * answer, the one before goes on. */
static void service_renew(struct daemon *d)
{
	struct service fresh;
	struct err e = ERR_NONE;
	int ret;

	if (!d->connected)
		return;
	ret = service_reopen(d, &fresh, &e);
	if (ret) {
		log_error("%s; what was configured before stays in force", e.text);
		return;
	}
	service_stop(d);
	*d->service = fresh;
	ret = service_watch(d, &e);
	if (ret)
		service_lost(d, &e);
}

/* --- events --- */

/* A pass may have started another one; its descriptor is the forwarder's own. */
static void forwarder_watch(struct daemon *d)
{
	int fd = forwarder_fd(d->service->forwarder);

	if (fd < 0)
		return;
	ev_io_set(&d->forwarder_io, fd, EV_READ);
	ev_io_start(d->loop, &d->forwarder_io);
}

static void on_pass(void *arg)
{
	struct daemon *d = arg;
	struct scope scope = d->scope;
	struct pass_result r;
	struct err e = ERR_NONE;
	double begin = clock_seconds();
	int ret;

	if (!d->connected)
		return;
	ev_io_stop(d->loop, &d->forwarder_io);
	d->scope = (struct scope){ .all = false };
	ret = pass_run(d->service, &d->memory, &scope, begin, &d->to, &r, &e);
	if (ret)
		scope_add_all(&d->scope);
	forwarder_watch(d);
	d->unanswered = r.unanswered;
	if (d->service->settings.hooks)
		hooks_run(d->hooks, d->service->settings.hooks);
	pass_timer_spent(&d->pass, begin, clock_seconds());
	log_debug("pass over %zu of %zu vifs: %.1f ms", r.seen, r.vifs,
		(clock_seconds() - begin) * 1e3);
	if (ret == -ENOTCONN) {
		service_lost(d, &e);
	} else if (ret) {
		log_error("%s", e.text);
	} else if (r.settings_stale) {
		log_info("dom0 does not manage this domain any more: its own configuration counts");
		service_renew(d);
	} else {
		datapaths_tell(d);
		tell_manager(d, &r);
		d->ready = true;
	}
	if (!ret && d->service->has_ruleset &&
		name_resolver_look(d->names, &d->service->ruleset, &e) < 0)
		log_error("%s", e.text);
	if (!ret && r.next)
		pass_timer_ask(&d->pass, r.next);
	if (!ret && !r.faulty && !r.rules_fault && !r.undone && !r.settings_stale)
		backoff_end(&d->faults);
	else if (d->connected)
		pass_timer_ask(&d->pass, backoff_failed(&d->faults, clock_seconds()));
}

static void on_store(struct ev_loop *loop, ev_io *io, int events)
{
	char path[STORE_PATH_MAX], token[64];
	struct daemon *d = io->data;
	struct err e = ERR_NONE;
	int ret;

	(void)loop;
	(void)events;
	while ((ret = store_next_event(d->service->store, path, token, &e)) > 0) {
		log_debug("xenstore: %s", path);
		scope_add_event(&d->scope, path);
	}
	if (ret < 0)
		service_lost(d, &e);
	else
		pass_timer_ask(&d->pass, 0);
}

/* A link that is gone is known by its own last message. */
static void link_see(void *arg, int ifindex, const char *name)
{
	struct daemon *d = arg;
	struct link link;
	int ret = 0;

	if (d->scope.all)
		return;
	if (!*name && ifindex && d->connected)
		ret = link_get_by_index(d->service->nl, ifindex, &link, NULL);
	else
		snprintf(link.name, sizeof(link.name), "%s", name);
	if (!ret)
		scope_add_link(&d->scope, link.name);
	else if (ret != -ENODEV)
		scope_add_all(&d->scope);
}

/* Links, addresses, routes. */
static void on_kernel(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;
	struct err e = ERR_NONE;

	(void)events;
	if (netlink_watch_read(io->fd, link_see, d, &e) < 0) {
		log_error("%s", e.text);
		ev_io_stop(loop, io);
		scope_add_all(&d->scope);
	}
	pass_timer_ask(&d->pass, 0);
}

/* Where it is not known of whom news were, of all who see other addresses than their own. */
static void rewrites_see(void *arg, int ifindex, const char *name)
{
	struct daemon *d = arg;
	const struct ruleset *r = &d->service->ruleset;

	(void)ifindex;
	if (*name)
		scope_add_link(&d->scope, name);
	for (size_t i = 0; !*name && i < r->guest_count; i++)
		if (addr_is_set(&r->guests[i].visible) ||
			addr_is_set(&r->guests[i].visible_gateway))
			scope_add_link(&d->scope, r->guests[i].name);
}

/* Every pass looks at the rules; what a link rewrites is its vif's. */
static void on_rules(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;
	struct err e = ERR_NONE;

	(void)events;
	if (link_rewrite_watch_read(io->fd, rewrites_see, d, &e) < 0) {
		log_error("%s", e.text);
		ev_io_stop(loop, io);
	}
	pass_timer_ask(&d->pass, 0);
}

static void on_resolvers(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;
	struct err e = ERR_NONE;
	bool changed = false;

	(void)events;
	if (resolvers_watch_drain(d->resolvers, &changed, &e) < 0) {
		log_error("%s", e.text);
		ev_io_stop(loop, io);
	}
	if (!changed)
		return;
	scope_add_all(&d->scope);
	pass_timer_ask(&d->pass, 0);
}

static void on_names(void *arg, const char *words)
{
	struct daemon *d = arg;

	log_info("%s", words);
	scope_add_all(&d->scope);
	pass_timer_ask(&d->pass, 0);
}

/* It ended. */
static void on_forwarder(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;

	(void)events;
	ev_io_stop(loop, io);
	pass_timer_ask(&d->pass, 0);
}

/* Some have ended: their guests' vifs are looked at. */
static void on_netback(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;
	uint32_t guest;

	(void)loop;
	(void)events;
	while (netback_runs_next_ended(d->service->netback, &guest)) {
		log_warning("netback of a vif of domain %u ended", guest);
		scope_add_guest(&d->scope, guest);
	}
	pass_timer_ask(&d->pass, 0);
}

static void on_dhcp(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;
	char link[LINK_NAME_MAX];

	(void)loop;
	(void)events;
	while (dhcp_runs_next_ended(d->service->dhcp, link)) {
		log_warning("%s: the DHCP server, dnsmasq, ended", link);
		scope_add_link(&d->scope, link);
	}
	pass_timer_ask(&d->pass, 0);
}

static void hooks_say(const char *words)
{
	log_warning("%s", words);
}

static void hooks_told(void *arg)
{
	struct daemon *d = arg;

	if (d->unanswered)
		pass_timer_ask(&d->pass, 0);
}

static void on_reload(void *arg)
{
	log_info("reading the configuration again");
	service_renew(arg);
}

/* --- set-up --- */

static void daemon_init(struct daemon *d)
{
	d->absence = d->faults = (struct backoff){ .first = AGAIN_FIRST, .most = AGAIN_MOST };
	d->kernel_fd = d->rules_fd = -1;
	d->signals = (struct daemon_signals){
		.farewell = "ending; guests, rules and translations stay in force",
		.reload = on_reload,
		.arg = d
	};
	pass_timer_init(&d->pass, d->loop, on_pass, d);
	ev_init(&d->store_io, on_store);
	ev_init(&d->kernel_io, on_kernel);
	ev_init(&d->rules_io, on_rules);
	ev_init(&d->resolvers_io, on_resolvers);
	ev_init(&d->forwarder_io, on_forwarder);
	ev_init(&d->netback_io, on_netback);
	ev_init(&d->dhcp_io, on_dhcp);
	ev_init(&d->retry, on_retry);
	d->store_io.data = d->kernel_io.data = d->rules_io.data = d->resolvers_io.data =
		d->forwarder_io.data = d->netback_io.data = d->dhcp_io.data = d->retry.data = d;
}

/* Where the kernel has no nf_tables there is no news of its rules; legacy iptables never gives any,
 * so changes of others show at the next pass. */
static int kernel_watch(struct daemon *d, struct err *e)
{
	struct err ignored = ERR_NONE;
	int ret = netlink_watch_open(
		NETLINK_LINKS | NETLINK_ADDRS | NETLINK_ROUTES, &d->kernel_fd, e);

	if (ret)
		return ret;
	ev_io_set(&d->kernel_io, d->kernel_fd, EV_READ);
	ev_io_start(d->loop, &d->kernel_io);
	if (nft_watch_open(&d->rules_fd, &ignored) < 0) {
		log_debug("%s", ignored.text);
		return 0;
	}
	ev_io_set(&d->rules_io, d->rules_fd, EV_READ);
	ev_io_start(d->loop, &d->rules_io);
	return 0;
}

int daemon_run(
	struct service *s, const struct service_options *options, pass_say say, struct err *e)
{
	struct daemon d = { .service = s, .options = options, .to = { say, &d.events } };
	int ret;

	d.loop = ev_default_loop(0);
	if (!d.loop)
		return err_set(e, -ENOMEM, "no event loop");
	daemon_init(&d);
	daemon_signals_start(&d.signals, d.loop);
	log_loop_start(&d.log, d.loop);
	ret = name_resolver_open(&d.names, d.loop, service_run_dir(s), on_names, &d, e);
	if (!ret)
		ret = hooks_open(&d.hooks, d.loop, &d.events, hooks_say, hooks_told, &d, e);
	if (!ret)
		ret = kernel_watch(&d, e);
	if (!ret)
		ret = service_watch(&d, e);
	if (!ret)
		ev_run(d.loop, 0);
	pass_memory_dispose(&d.memory);
	name_resolver_close(d.names);
	hooks_close(d.hooks);
	events_dispose(&d.events);
	resolvers_unwatch(&d);
	if (d.kernel_fd >= 0)
		close(d.kernel_fd);
	if (d.rules_fd >= 0)
		close(d.rules_fd);
	ev_loop_destroy(d.loop);
	return ret;
}
