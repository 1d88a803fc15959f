#include "backend/netback_plan.h"

static void state_put(struct netback_plan *p, const struct netback_seen *seen, enum xenbus_state to)
{
	p->close = seen->backend != to;
	p->state = to;
}

/* Whether a frontend has yet to be told what we can do. */
static bool is_unannounced(enum xenbus_state backend)
{
	return backend != XENBUS_INIT_WAIT && backend != XENBUS_CONNECTED;
}

static struct netback_plan plan_gone(const struct netback_seen *seen)
{
	struct netback_plan p = { .stop = true, .remove_tap = true };

	state_put(&p, seen, XENBUS_CLOSED);
	return p;
}

/* The tap stays: a frontend that comes again finds its link, routes and rules as they were. */
static struct netback_plan plan_closing(const struct netback_seen *seen, enum xenbus_state to)
{
	struct netback_plan p = { .stop = true, .make_tap = true };

	state_put(&p, seen, to);
	return p;
}

static struct netback_plan plan_waiting(const struct netback_seen *seen)
{
	return (struct netback_plan){
		.stop = true,
		.make_tap = true,
		.announce = seen->backend != XENBUS_INIT_WAIT,
	};
}

static struct netback_plan plan_connected(const struct netback_seen *seen)
{
	/* The toolstack wants it gone; packets are moved until the frontend has heard of it. */
	if (!seen->online)
		return (struct netback_plan){ .stop = false };
	return (struct netback_plan){
		.make_tap = true,
		.announce = is_unannounced(seen->backend),
		.connect = !is_unannounced(seen->backend),
	};
}

struct netback_plan netback_plan(const struct netback_seen *seen)
{
	switch (seen->frontend) {
	case XENBUS_CONNECTED:
		return plan_connected(seen);
	case XENBUS_CLOSING:
		return seen->backend == XENBUS_CLOSED ? plan_closing(seen, XENBUS_CLOSED)
						      : plan_closing(seen, XENBUS_CLOSING);
	case XENBUS_CLOSED:
		return seen->online ? plan_closing(seen, XENBUS_CLOSED) : plan_gone(seen);
	case XENBUS_UNKNOWN:
		return plan_gone(seen);
	default:
		return seen->online ? plan_waiting(seen) : plan_gone(seen);
	}
}
