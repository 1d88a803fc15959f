/*
 * digest: FNV-1a with 64 bits (Fowler, Noll, Vo), to tell whether something is still what it was.
 * It protects against accidents, not against forgers.
 */
#ifndef NETVM_DIGEST_H
#define NETVM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_START 0xcbf29ce484222325U

static inline uint64_t digest_add(uint64_t digest, const void *data, size_t len)
{
	for (const unsigned char *b = data; len--; b++)
		digest = (digest ^ *b) * 0x100000001b3U;
	return digest;
}

#endif
