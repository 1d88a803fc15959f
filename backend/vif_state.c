#include "backend/vif_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/vif_plan.h"
#include "backend/visible.h"

/* Reads what fits of a setting; "" where the kernel has no such setting. A value that is longer
 * than any that we set differs from it in any case. */
static void sysctl_read(const char *name, char value[VIF_SYSCTL_TEXT])
{
	char path[128];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, value, VIF_SYSCTL_TEXT - 1);
		close(fd);
	}
	value[n > 0 ? n : 0] = '\0';
	value[strcspn(value, "\n")] = '\0';
}

static void sysctls_read(const struct vif_wanted *w, struct vif_actual *out)
{
	bool ip6 = vif_wants_family(w, AF_INET6);
	const struct vif_sysctl *s;
	char name[96];
	size_t count;

	if (w->life != VIF_SERVED)
		return; /* no closed vif is held to any */
	s = vif_sysctls(&count);
	for (size_t i = 0; i < count; i++)
		if (!(s[i].when == SYSCTL_WITH_IP6 && !ip6) &&
			!(s[i].when == SYSCTL_WITHOUT_IP6 && ip6))
			sysctl_read(vif_sysctl_name(&s[i], w->link, name), out->sysctls[i]);
}

/* Whether `l` is this vif's own link, or that of its twin. */
static bool is_own(const struct vif_wanted *w, const struct link *l)
{
	char name[LINK_NAME_MAX];

	return strcmp(l->name, vif_link_name(&w->id, false, name)) == 0 ||
	       strcmp(l->name, vif_link_name(&w->id, true, name)) == 0;
}

static int claim_read(struct netlink *nl, const struct vif_wanted *w, const struct addr *addr,
	struct vif_claim *out, struct err *e)
{
	struct route r;
	struct link l;
	int rc = route_find(nl, addr, &r, e);

	if (rc == -EADDRINUSE)
		out->kind = CLAIM_OURS;
	if (rc == -ENOENT || rc == -EADDRINUSE)
		return 0;
	if (rc < 0 || r.dst.len != addr_len(addr) * 8)
		return rc;
	rc = link_get_by_index(nl, r.ifindex, &l, e);
	if (rc == -ENODEV)
		return 0;
	if (rc == 0 && l.group == VIF_GROUP && !is_own(w, &l)) {
		out->kind = CLAIM_VIF;
		memcpy(out->link, l.name, sizeof(out->link));
	}
	return rc;
}

int vif_state_read(
	struct netlink *nl, const struct vif_wanted *w, struct vif_actual *out, struct err *e)
{
	struct rewrites rewrites;
	int rc;

	*out = (struct vif_actual){ .exists = false };
	visible_rewrites(w, &rewrites);
	for (size_t i = 0; i < w->count; i++) {
		rc = claim_read(nl, w, &w->addrs[i], &out->claims[i], e);
		if (rc < 0)
			return rc;
	}
	rc = link_rewrite_look(nl, w->link, &rewrites, &out->rewrites, e);
	if (rc < 0)
		return rc;
	rc = link_get(nl, w->link, &out->link, e);
	if (rc == -ENODEV)
		return 0;
	if (rc == 0)
		rc = link_addr_list(nl, out->link.ifindex, &out->addrs, &out->addr_count, e);
	/* No route leads to a link that is off, and the kernel goes over all to say so. */
	if (rc == 0 && out->link.up)
		rc = route_list(nl, out->link.ifindex, &out->routes, &out->route_count, e);
	if (rc == 0)
		rc = neighbour_list(
			nl, out->link.ifindex, &out->neighbours, &out->neighbour_count, e);
	if (rc == 0)
		rc = guard_get(
			nl, out->link.ifindex, out->guard, GUARD_PROGRAM_MAX, &out->guard_count, e);
	if (rc == 0)
		rc = link_is_mute(nl, out->link.ifindex, &out->mute, e);
	if (rc < 0)
		return rc;
	out->exists = true;
	sysctls_read(w, out);
	return 0;
}
