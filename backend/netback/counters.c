#include "backend/netback/counters.h"

const char *const drop_words[DROPS] = {
	[DROP_NONE] = "none",
	[DROP_TX_SHORT] = "sizes that do not fit",
	[DROP_TX_PIECES] = "too many pieces",
	[DROP_TX_GRANT] = "pages that are not granted",
	[DROP_TX_MAC] = "another MAC",
	[DROP_TX_PROTOCOL] = "another protocol",
	[DROP_TX_ADDRESS] = "another address",
	[DROP_TX_HEADER] = "impossible headers",
	[DROP_TX_OFFLOAD] = "impossible offloads",
	[DROP_TX_LINK] = "refused by the link",
	[DROP_TX_MULTICAST] = "multicast addresses that cannot be kept",
	[DROP_RX_SIZE] = "too large for the guest",
	[DROP_RX_OFFLOAD] = "offloads that the guest does not take",
	[DROP_RX_GRANT] = "pages that the guest does not let write",
	[DROP_RX_MULTICAST] = "multicast that the guest does not want",
};
