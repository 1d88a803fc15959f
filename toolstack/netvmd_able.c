#include "toolstack/netvmd_able.h"

#include "common/text.h"

const char *netvmd_unable(const struct netvmd_domain *provider, const struct registry_domain *guest)
{
	if (!provider)
		return "does not run";
	if (provider->paused)
		return "is paused";
	if (!provider->ready)
		return "does not say that it is ready (netbackd there, and its journal)";
	if ((guest->policy != POLICY_ACCEPT || guest->rules) &&
		!text_has_word(provider->capabilities, "policy"))
		return "does not say that it can enforce a policy";
	if (!guest->cable && !text_has_word(provider->capabilities, "cable"))
		return "does not say that it can cut a guest off";
	if (guest->connections && !text_has_word(provider->capabilities, "limits"))
		return "does not say that it can limit a guest's connections";
	if ((guest->packets_per_second || guest->bytes_per_second) &&
		!text_has_word(provider->capabilities, "rates"))
		return "does not say that it can limit what a guest sends in a second";
	if ((addr_is_set(&guest->visible_ip) || addr_is_set(&guest->visible_gateway)) &&
		!text_has_word(provider->capabilities, "visible"))
		return "does not say that it can show a guest another address than its own";
	if (guest->dhcp && !text_has_word(provider->capabilities, "dhcp"))
		return "does not say that it can answer a guest by DHCP";
	if (guest->netvm && guest->netvm->datapath != PROVIDER_DATAPATH_OWN &&
		!text_has_word(provider->capabilities, "datapath"))
		return "does not say that it can choose what moves packets (datapath)";
	return NULL;
}
