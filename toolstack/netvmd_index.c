#include "toolstack/netvmd_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int number_cmp(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int running_cmp(const void *a, const void *b)
{
	const struct netvmd_domain *x = *(const struct netvmd_domain *const *)a;
	const struct netvmd_domain *y = *(const struct netvmd_domain *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : number_cmp(x->domid, y->domid);
}

static int client_cmp(const void *a, const void *b)
{
	const struct netvmd_index_client *x = a, *y = b;
	int order = number_cmp(x->provider->domid, y->provider->domid);

	if (!order)
		order = number_cmp(x->client->guest.domid, y->client->guest.domid);
	return order ? order : number_cmp(x->client->guest.devid, y->client->guest.devid);
}

int netvmd_index_make(struct netvmd_index *x, const struct netvmd_actual *a)
{
	size_t clients = 0;

	for (size_t i = 0; i < a->count; i++)
		clients += a->domain[i].clients;
	*x = (struct netvmd_index){ .running = calloc(a->count + 1, sizeof(*x->running)),
		.client = calloc(clients + 1, sizeof(*x->client)) };
	if (!x->running || !x->client)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++) {
		const struct netvmd_domain *d = &a->domain[i];

		if (!d->shutdown)
			x->running[x->running_count++] = d;
		for (size_t k = 0; k < d->clients; k++)
			x->client[x->client_count++] =
				(struct netvmd_index_client){ d, &d->client[k] };
	}
	qsort(x->running, x->running_count, sizeof(*x->running), running_cmp);
	qsort(x->client, x->client_count, sizeof(*x->client), client_cmp);
	return 0;
}

void netvmd_index_dispose(struct netvmd_index *x)
{
	free(x->running);
	free(x->client);
	memset(x, 0, sizeof(*x));
}

const struct netvmd_domain *netvmd_index_running(const struct netvmd_index *x, const char *name)
{
	size_t low = 0, high = x->running_count;

	/* Behind the last that is not greater. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(x->running[middle]->name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && strcmp(x->running[low - 1]->name, name) == 0 ? x->running[low - 1] : NULL;
}

const struct netvmd_client *netvmd_index_client(const struct netvmd_index *x,
	const struct netvmd_domain *provider, const struct vif_id *guest)
{
	const struct netvmd_client sought = { .guest = *guest };
	const struct netvmd_index_client key = { provider, &sought }, *found;

	found = bsearch(&key, x->client, x->client_count, sizeof(key), client_cmp);
	return found ? found->client : NULL;
}
