/*
 * In the order of sandbox_enter(): descriptors, limits, user, namespaces and root, capabilities,
 * system calls. What fails leaves a process that must end.
 *
 * gntdev's ioctl for copies names the domain and the grant that are meant, in memory that a filter
 * of system calls cannot see. So a process that was broken into can copy from and to whatever any
 * guest has granted to this domain: packets that are under way, and rings. It can map nothing, ring
 * no bell but its guest's, and reach no other memory.
 */
#include "backend/netback/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "which architecture's system calls are these? (linux/audit.h)"
#endif

/* nobody: owns nothing. */
#define NOBODY 65534

/* --- system calls --- */

struct call {
	int number;
	const uint32_t *commands; /* of ioctl(2): these alone; ends with 0 */
};

static const uint32_t commands[] = { IOCTL_GNTDEV_GRANT_COPY, IOCTL_EVTCHN_NOTIFY, 0 };

static const struct call calls[] = {
	{ SYS_readv, NULL },
	{ SYS_writev, NULL },
	{ SYS_ioctl, commands },
#ifdef SYS_poll
	{ SYS_poll, NULL },
#endif
	{ SYS_ppoll, NULL }, /* what poll(3) is where there is no such call */
	{ SYS_sched_yield, NULL },
	{ SYS_read, NULL },
	{ SYS_write, NULL },
	{ SYS_restart_syscall, NULL },
	{ SYS_rt_sigreturn, NULL },
	{ SYS_exit_group, NULL },
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]), FILTER_MAX = 64 };

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))

static void emit(struct sock_fprog *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	p->filter[p->len++] = (struct sock_filter){ code, jt, jf, k };
}

static void emit_load(struct sock_fprog *p, uint32_t field)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, field);
}

static void emit_return(struct sock_fprog *p, uint32_t verdict)
{
	emit(p, BPF_RET | BPF_K, 0, 0, verdict);
}

static void emit_call(struct sock_fprog *p, const struct call *c)
{
	uint8_t count = 0;

	while (c->commands && c->commands[count])
		count++;
	if (!count) {
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)c->number);
		emit_return(p, SECCOMP_RET_ALLOW);
		return;
	}
	/* Over: the upper half of the command, its comparison, those of the lower, two returns. */
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(count + 5), (uint32_t)c->number);
	emit_load(p, FIELD(args[1]) + 4);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(count + 1), 0);
	emit_load(p, FIELD(args[1]));
	for (uint8_t i = 0; i < count; i++)
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)(count - i), 0, c->commands[i]);
	emit_return(p, SECCOMP_RET_KILL_PROCESS);
	emit_return(p, SECCOMP_RET_ALLOW);
}

static int calls_restrict(struct err *e)
{
	struct sock_filter filter[FILTER_MAX];
	struct sock_fprog p = { .filter = filter };

	emit_load(&p, FIELD(arch));
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
	emit_return(&p, SECCOMP_RET_KILL_PROCESS);
	emit_load(&p, FIELD(nr));
	for (int i = 0; i < CALLS; i++)
		emit_call(&p, &calls[i]);
	emit_return(&p, SECCOMP_RET_KILL_PROCESS);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) < 0)
		return err_sys(e, -errno, "the list of system calls");
	return 0;
}

/* --- the rest --- */

static int number_compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int fds_close(int fds[], size_t count, struct err *e)
{
	unsigned int from = STDERR_FILENO + 1;

	qsort(fds, count, sizeof(*fds), number_compare);
	for (size_t i = 0; i < count; i++) {
		if ((unsigned int)fds[i] > from &&
			close_range(from, (unsigned int)fds[i] - 1, 0) < 0)
			return err_sys(e, -errno, "closing descriptors");
		from = (unsigned int)fds[i] + 1;
	}
	return close_range(from, ~0U, 0) < 0 ? err_sys(e, -errno, "closing descriptors") : 0;
}

static int limits_set(struct err *e)
{
	/* Of descriptors the three that there are already; those above stay open. poll(2) takes no
	 * more of them than this, either. */
	static const struct rlimit three = { 3, 3 }, none = { 0, 0 };

	if (setrlimit(RLIMIT_NOFILE, &three) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
		setrlimit(RLIMIT_NPROC, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, -errno, "limits");
	return 0;
}

static int capabilities_set(uint32_t low, uint32_t high)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = {
		{ .effective = low, .permitted = low },
		{ .effective = high, .permitted = high },
	};

	return (int)syscall(SYS_capset, &head, caps);
}

static int user_change(struct err *e)
{
	const uint32_t admin = 1U << CAP_SYS_ADMIN;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
		setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return err_sys(e, -errno, "becoming nobody");
	/* Where we may not have it, the kernel may let anybody have namespaces. */
	if (capabilities_set(admin, 0) < 0 && errno != EPERM)
		return err_sys(e, -errno, "capabilities");
	return 0;
}

/* The old root cannot be taken off where it is the kernel's first one, the initial RAM disk: there
 * it stays below, as with switch_root(8). */
static int root_change(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		return umount2(".", MNT_DETACH);
	if (errno != EINVAL || mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return -1;
	return chroot(".");
}

/* The new root is a file system of its own with nothing in it. */
static int namespaces_leave(struct err *e)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP) < 0)
		return err_sys(e, -errno, "namespaces of its own");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			"size=4k,nr_inodes=2,mode=555") < 0 ||
		chdir("/proc") < 0 || root_change() < 0 || chdir("/") < 0 ||
		mount(NULL, "/", NULL,
			MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			NULL) < 0)
		return err_sys(e, -errno, "an empty root");
	return 0;
}

int sandbox_enter(int fds[], size_t count, struct err *e)
{
	int ret = fds_close(fds, count, e);

	if (!ret)
		ret = user_change(e);
	if (!ret)
		ret = namespaces_leave(e);
	if (!ret)
		ret = limits_set(e);
	if (!ret && capabilities_set(0, 0) < 0)
		ret = err_sys(e, -errno, "giving up capabilities");
	return ret ? ret : calls_restrict(e);
}
