#include "toolstack/netvmd_able.h"

#include <string.h>

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, len) == 0)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

const char *netvmd_unable(const struct netvmd_domain *provider, const struct registry_domain *guest)
{
	if (!provider)
		return "does not run";
	if (provider->paused)
		return "is paused";
	if (!provider->ready)
		return "does not say that it is ready (netbackd there, and its journal)";
	if ((guest->policy != POLICY_ACCEPT || guest->rules) &&
		!has_word(provider->capabilities, "policy"))
		return "does not say that it can enforce a policy";
	if (!guest->cable && !has_word(provider->capabilities, "cable"))
		return "does not say that it can cut a guest off";
	if (guest->connections && !has_word(provider->capabilities, "limits"))
		return "does not say that it can limit a guest's connections";
	if ((guest->packets_per_second || guest->bytes_per_second) &&
		!has_word(provider->capabilities, "rates"))
		return "does not say that it can limit what a guest sends in a second";
	return NULL;
}
