/* What a guest takes of unfinished packets, and whether that goes together. */
#include "tests/unit/unit.h"

#include <string.h>

#include "backend/vif_offloads.h"

/* A guest like Linux's: everything, by one queue. */
static struct vif_offloads usual(void)
{
	return (struct vif_offloads){ .mtu = 1500,
		.pieces = true,
		.says = {
			.pieces = true, .checksum6 = true, .segments4 = true, .segments6 = true } };
}

static void fine(const struct vif_offloads *o)
{
	char words[NETVM_WORDS_MAX] = "";

	if (vif_offloads_judge(o, words))
		fail_msg("said: %s", words);
}

static void told(const struct vif_offloads *o, const char *part)
{
	char words[NETVM_WORDS_MAX] = "";

	assert_true(vif_offloads_judge(o, words));
	if (!strstr(words, part))
		fail_msg("\"%s\" is not in: %s", part, words);
}

static void a_guest_that_takes_everything_is_fine(void **state)
{
	struct vif_offloads o = usual();

	(void)state;
	fine(&o);
	o.mtu = 9000;
	fine(&o);
	o.says.queues = 4;
	fine(&o);
}

static void so_is_one_that_takes_or_says_nothing(void **state)
{
	struct vif_offloads o = { .mtu = 1500, .says = { .no_checksum4 = true } };

	(void)state;
	fine(&o);
	o.says.no_checksum4 = false;
	fine(&o);
	o.refused = true; /* for another reason */
	fine(&o);
}

static void large_packets_are_in_pieces(void **state)
{
	struct vif_offloads o = { .mtu = 1500 };

	(void)state;
	o.mtu = 1501;
	told(&o, "its link's MTU is 1501");
	o.mtu = 9000;
	told(&o, "none of more than 1500 bytes");
	o.pieces = true;
	fine(&o);
}

static void what_is_to_be_cut_is_in_pieces(void **state)
{
	struct vif_offloads o = usual();

	(void)state;
	o.says.pieces = false;
	told(&o, "feature-gso-tcpv4), but no packets in pieces");
	o.says.segments4 = false;
	told(&o, "feature-gso-tcpv6), but no packets in pieces");
	o.says.segments6 = false;
	fine(&o);
}

static void what_is_to_be_cut_is_to_be_summed(void **state)
{
	struct vif_offloads o = usual();

	(void)state;
	o.says.no_checksum4 = true;
	told(&o, "feature-no-csum-offload");
	o.says.segments4 = false;
	fine(&o);
	o.says.checksum6 = false;
	told(&o, "feature-ipv6-csum-offload");
	o.says.segments6 = false;
	fine(&o);
}

static void more_queues_than_there_are_are_why_a_guest_was_refused(void **state)
{
	struct vif_offloads o = usual();

	(void)state;
	o.refused = true;
	o.says.queues = 4;
	o.queues_most = 4;
	fine(&o);
	o.queues_most = 3;
	told(&o, "has 4 queues, of 3");
	o.queues_most = 0;
	o.says.queues = 1;
	fine(&o);
	o.says.queues = UINT32_MAX;
	told(&o, "has 4294967295 queues, of 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_takes_everything_is_fine),
		cmocka_unit_test(so_is_one_that_takes_or_says_nothing),
		cmocka_unit_test(large_packets_are_in_pieces),
		cmocka_unit_test(what_is_to_be_cut_is_in_pieces),
		cmocka_unit_test(what_is_to_be_cut_is_to_be_summed),
		cmocka_unit_test(more_queues_than_there_are_are_why_a_guest_was_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
