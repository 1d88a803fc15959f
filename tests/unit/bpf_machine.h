/*
 * bpf_machine: a small classic BPF machine, which fails the test where the kernel would let a
 * packet through by accident: at a load behind the packet's end.
 */
#ifndef NETVM_TESTS_BPF_MACHINE_H
#define NETVM_TESTS_BPF_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/guard.h"

struct packet {
	uint8_t bytes[256];
	uint32_t len;
	bool vlan; /* the tag is beside the packet, as after the kernel has taken it off */
};

/* What the program says of the packet: GUARD_PASS, GUARD_DROP. */
uint32_t guard_run(const struct guard *g, const struct packet *p);

#endif
