#include "common/backoff.h"

double backoff_failed(struct backoff *b, double now)
{
	double wait = b->wait > 0 ? b->wait : b->first;

	if (now < b->until)
		return b->until - now > 0.001 ? b->until - now : 0.001;
	b->until = now + wait;
	b->wait = wait * 2 < b->most ? wait * 2 : b->most;
	return wait;
}

void backoff_end(struct backoff *b)
{
	b->wait = b->until = 0;
}
