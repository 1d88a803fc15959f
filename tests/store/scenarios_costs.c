/*
 * How many questions xenstored is asked: each is a round trip, and what a hotplug program mostly
 * waits for. XENSTORED_TRACE names the file in which xenstored notes them.
 */
#include <errno.h>

#include "tests/store/scenario.h"

#define VIF "/local/domain/0/backend/vif/5/0"

static const struct vif_id vif = { 5, 0 };

static int questions_asked(void)
{
	const char *path = getenv("XENSTORED_TRACE");
	FILE *f = path ? fopen(path, "r") : NULL;
	char line[512];
	int n = 0;

	if (!f)
		scenario_fail("XENSTORED_TRACE", 0, "names no file");
	while (fgets(line, sizeof(line), f))
		n += strncmp(line, "IN ", 3) == 0;
	fclose(f);
	return n;
}

#define ASKS(most, want, call)                                                                     \
	do {                                                                                       \
		int before_ = questions_asked(), asked_;                                           \
		RETURNS(want, call);                                                               \
		asked_ = questions_asked() - before_;                                              \
		if (asked_ > (most) || !asked_)                                                    \
			scenario_fail(__FILE__, __LINE__, "%s: wanted %d questions, saw %d",       \
				#call, most, asked_);                                              \
	} while (0)

/* Beginning, end, and one for each key. Where they are many the directory is asked for first, which
 * is most often all. */
static void a_backend_is_read_by_its_keys_and_three(struct store *s)
{
	struct vif_backend b;

	node_put(s, VIF "/ip", "10.137.0.7");
	node_put(s, VIF "/mac", "00:16:3e:00:00:07");
	node_put(s, VIF "/script", "vif-route-netvm");
	node_put(s, VIF "/online", "1");
	node_put(s, VIF "/state", "2");
	node_put(s, VIF "/frontend-id", "5");
	node_put(s, VIF "/handle", "0");
	ASKS(9, 0, vif_backend_read(s, SCHEMA_SELF, &vif, &b, &scenario_err));
	ASKS(4, 0, vif_backend_read_guest(s, SCHEMA_SELF, &vif, &b, &scenario_err));
	ASKS(4, 0, vif_backend_read_life(s, SCHEMA_SELF, &vif, &b, &scenario_err));
}

static void what_is_not_there_is_one_question(struct store *s)
{
	struct provider p;

	ASKS(1, -ENOENT, provider_read(s, 6, &p, &scenario_err));
}

static int alone_asks(struct store **alone, uint32_t *domid)
{
	int err = store_open_alone(alone, &scenario_err);

	return err ? err : store_own_domid(*alone, domid, &scenario_err);
}

static void who_is_alone_asks_nothing_to_begin_with(struct store *s)
{
	struct store *alone;
	uint32_t domid;

	store_close(s);
	ASKS(1, 0, alone_asks(&alone, &domid));
	store_close(alone);
}

static void an_answer_is_four_questions(struct store *s)
{
	node_put(s, VIF "/state", "2");
	ASKS(4, 0, vif_backend_connected(s, SCHEMA_SELF, &vif, &scenario_err));
	ASKS(4, 0, vif_backend_connected(s, SCHEMA_SELF, &vif, &scenario_err));
	ASKS(4, 0, vif_backend_disconnected(s, SCHEMA_SELF, &vif, &scenario_err));
}

static void publishing_what_stands_is_two_more_than_reading_it(struct store *s)
{
	struct guest_link link = { .ip = addr_of("10.137.0.7"), .gateway = addr_of("10.137.0.1") };

	node_put(s, "/local/domain/5/name", "work");
	RETURNS(0, guest_link_write(s, 5, 0, &link, &scenario_err));
	ASKS(13, 0, guest_link_read(s, 5, 0, &link, &scenario_err));
	ASKS(15, 0, guest_link_write(s, 5, 0, &link, &scenario_err));
}

const struct scenario scenarios_costs[] = {
	SCENARIO("a backend is read by one question for each of its keys, and two or three more",
		a_backend_is_read_by_its_keys_and_three),
	SCENARIO("a directory that is not there is found out by one question",
		what_is_not_there_is_one_question),
	SCENARIO("a program that is alone with its questions asks none of its own",
		who_is_alone_asks_nothing_to_begin_with),
	SCENARIO("a hotplug program's answer is four questions", an_answer_is_four_questions),
	SCENARIO("publishing what stands already is two questions more than reading it",
		publishing_what_stands_is_two_more_than_reading_it),
	{ 0 },
};
