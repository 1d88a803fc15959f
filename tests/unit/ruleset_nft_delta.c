/*
 * The packet filter's rules as nftables', where but for some guests nothing is other than it was:
 * they come to what rendering all of them does, whatever happened. Prints its seed; NETVM_SEED
 * begins with another.
 */
#include "tests/unit/ruleset_nft.h"

#include <errno.h>
#include <netinet/in.h>
#include <time.h>

#define ROUNDS	   300
#define STEPS	   20
#define GUESTS_MAX 12

static uint64_t seed, random_state;

static unsigned int draw(unsigned int below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % below;
}

/* What dom0 may say of a guest; some of it is about other guests. */
static const char *const policies[] = {
	"",
	"action=accept",
	"action=accept proto=tcp dstports=80\naction=drop",
	"action=accept dst4=10.137.0.4\naction=accept specialtarget=dns",
	"action=drop dst4=10.137.0.5\naction=accept dst6=2001:db8:137::7 proto=icmp",
};

static void guest_draw(struct ruleset *r, struct ruleset_guest *g, unsigned int number)
{
	char text[ADDR_TEXT_MAX];
	struct err e = ERR_NONE;

	*g = (struct ruleset_guest){ .serial = r->serial };
	snprintf(g->name, sizeof(g->name), "vif%u.0", number);
	snprintf(text, sizeof(text), "10.137.0.%u", number);
	g->ip = addr_of(text);
	snprintf(text, sizeof(text), "2001:db8:137::%x", number);
	if (draw(2))
		g->ip6 = addr_of(text);
	assert_int_equal(policy_parse(policies[draw(sizeof(policies) / sizeof(policies[0]))],
				 draw(2) ? POLICY_ACCEPT : POLICY_DROP, &g->policy, &e),
		0);
}

static int guest_cmp(const void *a, const void *b)
{
	return strcmp(
		((const struct ruleset_guest *)a)->name, ((const struct ruleset_guest *)b)->name);
}

/* A guest comes, goes, or is another, or nothing happens. */
static void guest_happens(struct ruleset *r)
{
	const unsigned int number = 1 + draw(GUESTS_MAX);
	char name[LINK_NAME_MAX];
	size_t at = 0;

	r->serial++;
	snprintf(name, sizeof(name), "vif%u.0", number);
	while (at < r->guest_count && strcmp(r->guests[at].name, name) != 0)
		at++;
	if (at < r->guest_count) {
		policy_dispose(&r->guests[at].policy);
		if (draw(2)) {
			guest_draw(r, &r->guests[at], number);
			return;
		}
		r->guests[at] = r->guests[--r->guest_count];
	} else {
		guest_draw(r, &r->guests[r->guest_count++], number);
	}
	qsort(r->guests, r->guest_count, sizeof(*r->guests), guest_cmp);
}

static struct ruleset nobody(void)
{
	struct ruleset r = plain();

	r.managed = true;
	r.now = 1000;
	r.serial = r.base = 7;
	r.guests = calloc(GUESTS_MAX + 1, sizeof(*r.guests));
	assert_non_null(r.guests);
	return r;
}

static void assert_alike(const struct nft_rules *a, const struct nft_rules *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->objects[i].kind, b->objects[i].kind);
		assert_string_equal(a->objects[i].name, b->objects[i].name);
		assert_string_equal(a->objects[i].body ? a->objects[i].body : "",
			b->objects[i].body ? b->objects[i].body : "");
		assert_string_equal(a->objects[i].guest, b->objects[i].guest);
	}
	assert_true(a->digest == b->digest);
	assert_int_equal(a->guest_count, b->guest_count);
	for (size_t i = 0; i < a->guest_count; i++)
		assert_memory_equal(&a->guests[i], &b->guests[i], sizeof(a->guests[i]));
}

static char *change(const struct nft_rules *now, const struct nft_rules *wanted)
{
	struct text batch;
	struct err e = ERR_NONE;

	assert_int_equal(nft_rules_change(now, wanted, &batch, &e), 0);
	return batch.s;
}

/* Makes `stood` what is wanted by now; the change that it takes is the one between the wholes. */
static void assert_follows(struct nft_rules *stood, const struct ruleset *r)
{
	struct nft_rules whole = rendered(r);
	struct nft_delta d;
	struct err e = ERR_NONE;
	char *all = change(stood, &whole), *some;

	assert_int_equal(nft_delta_make(stood, r, &d, &e), 0);
	assert_true(d.digest == whole.digest);
	some = change(&d.now, &d.wanted);
	assert_string_equal(some, all);
	nft_delta_apply(stood, r, &d);
	assert_alike(stood, &whole);
	nft_delta_free(&d);
	nft_rules_free(&whole);
	free(some);
	free(all);
}

static void whatever_happens_to_guests_it_is_as_if_all_were_rendered(void **state)
{
	const char *given = getenv("NETVM_SEED");

	(void)state;
	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	for (int round = 0; round < ROUNDS; round++, seed++) {
		struct ruleset r = nobody();
		struct nft_rules stood = rendered(&r);

		random_state = seed;
		for (int step = 0; step < STEPS; step++) {
			for (unsigned int n = draw(4); n > 0; n--)
				guest_happens(&r);
			assert_follows(&stood, &r);
		}
		nft_rules_free(&stood);
		ruleset_dispose(&r);
	}
}

static int seed_print(void **state)
{
	(void)state;
	print_message("last seed: %llu\n", (unsigned long long)seed);
	return 0;
}

/* -ESTALE: all is rendered then. */
static int delta_of(const struct nft_rules *stood, const struct ruleset *r)
{
	struct nft_delta d;
	struct err e = ERR_NONE;
	int ret = nft_delta_make(stood, r, &d, &e);

	nft_delta_free(&d);
	return ret;
}

static void more_than_guests_is_all(void **state)
{
	struct ruleset r = nobody();
	struct nft_rules nothing = { .objects = NULL }, stood = rendered(&r);

	(void)state;
	assert_int_equal(delta_of(&nothing, &r), -ESTALE);
	assert_int_equal(delta_of(&stood, &r), 0);
	r.base = ++r.serial;
	assert_int_equal(delta_of(&stood, &r), -ESTALE);
	nft_rules_free(&stood);
	ruleset_dispose(&r);
}

static void a_guest_of_whom_common_rules_speak_is_all(void **state)
{
	struct ruleset r = nobody();
	struct nft_rules stood = rendered(&r), with;
	const struct exposure web = { .proto = IPPROTO_TCP, .port = 80, .to = 80 };

	(void)state;
	r.serial++;
	guest_draw(&r, &r.guests[r.guest_count++], 3);
	assert_int_equal(delta_of(&stood, &r), 0);
	r.guests[0].dhcp = true;
	assert_int_equal(delta_of(&stood, &r), -ESTALE);
	r.guests[0].dhcp = false;
	r.guests[0].limit[LIMIT_BYTES] = 1000;
	assert_int_equal(delta_of(&stood, &r), -ESTALE);
	r.guests[0].limit[LIMIT_BYTES] = 0;
	exposures_add(&r.guests[0].exposures, &web);
	assert_int_equal(delta_of(&stood, &r), -ESTALE);
	/* Nor when it goes. */
	with = rendered(&r);
	policy_dispose(&r.guests[--r.guest_count].policy);
	assert_int_equal(delta_of(&with, &r), -ESTALE);
	nft_rules_free(&with);
	nft_rules_free(&stood);
	ruleset_dispose(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			whatever_happens_to_guests_it_is_as_if_all_were_rendered, seed_print),
		cmocka_unit_test(more_than_guests_is_all),
		cmocka_unit_test(a_guest_of_whom_common_rules_speak_is_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
