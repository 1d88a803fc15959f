/* What every fuzz target is made of. */
#ifndef NETVM_FUZZ_H
#define NETVM_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The target: any bytes. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true of every input. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#endif
