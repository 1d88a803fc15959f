/*
 * A device's configuration space: a header, a chain of capabilities in the first 256 bytes, and a
 * second chain from byte 256 on. Each step of a chain is bounded by the data and by the number of
 * capabilities that fit, so loops end.
 */
#include "toolstack/pci.h"

#include <string.h>

enum {
	STATUS = 0x06,
	STATUS_CAPABILITIES = 0x10,
	HEADER_TYPE = 0x0e,
	CAPABILITIES = 0x34,
	CAPABILITY_EXPRESS = 0x10,
	CAPABILITIES_MAX = 48, /* 4 bytes each, behind the header */
	EXTENDED = 0x100,
	EXTENDED_ACS = 0x000d,
	EXTENDED_MAX = 480, /* 8 bytes each */
};

/* ACS Source Validation, P2P Request Redirect, P2P Completion Redirect, Upstream Forwarding. */
#define ACS_WANTED (0x01 | 0x04 | 0x08 | 0x10)

static unsigned int read8(const uint8_t *data, size_t len, size_t at)
{
	return at < len ? data[at] : 0;
}

static unsigned int read16(const uint8_t *data, size_t len, size_t at)
{
	return read8(data, len, at) | read8(data, len, at + 1) << 8;
}

static size_t capability_find(const uint8_t *data, size_t len, unsigned int id)
{
	size_t at = read8(data, len, CAPABILITIES) & 0xfc;

	if (!(read16(data, len, STATUS) & STATUS_CAPABILITIES))
		return 0;
	for (int i = 0; i < CAPABILITIES_MAX && at >= 0x40 && at < len; i++) {
		if (data[at] == id)
			return at;
		at = read8(data, len, at + 1) & 0xfc;
	}
	return 0;
}

static size_t extended_find(const uint8_t *data, size_t len, unsigned int id)
{
	size_t at = EXTENDED;

	for (int i = 0; i < EXTENDED_MAX && at >= EXTENDED && at + 4 <= len; i++) {
		unsigned int found = read16(data, len, at);

		if (found == 0xffff) /* nobody answers there */
			return 0;
		if (found == id)
			return at;
		at = read16(data, len, at + 2) >> 4 & 0xffc;
	}
	return 0;
}

static enum pci_port port_type(unsigned int express_flags)
{
	static const enum pci_port types[16] = {
		[0x0] = PCI_PORT_ENDPOINT,
		[0x1] = PCI_PORT_ENDPOINT, /* legacy */
		[0x4] = PCI_PORT_ROOT,
		[0x5] = PCI_PORT_UPSTREAM,
		[0x6] = PCI_PORT_DOWNSTREAM,
		[0x7] = PCI_PORT_TO_PCI,
		[0x8] = PCI_PORT_FROM_PCI,
		[0x9] = PCI_PORT_ENDPOINT, /* integrated in the root complex */
		[0xa] = PCI_PORT_EVENTS,
	};

	return types[express_flags >> 4 & 0xf];
}

void pci_config_parse(const uint8_t *data, size_t len, struct pci_config *out)
{
	unsigned int header = read8(data, len, HEADER_TYPE);
	size_t express, acs;

	memset(out, 0, sizeof(*out));
	if (len < 64 || header == 0xff)
		return;
	out->bridge = (header & 0x7f) == 1;
	out->multifunction = header & 0x80;
	express = capability_find(data, len, CAPABILITY_EXPRESS);
	if (!express)
		return;
	out->port = port_type(read16(data, len, express + 2));
	acs = extended_find(data, len, EXTENDED_ACS);
	if (acs && acs + 8 <= len) {
		/* What the capability does not name is always on (6.12.1). */
		unsigned int wanted = ACS_WANTED & read16(data, len, acs + 4);

		out->acs = (read16(data, len, acs + 6) & wanted) == wanted;
	}
}
