#include "common/sorted.h"

size_t sorted_place(const void *key, const void *items, size_t count, size_t size,
	int (*cmp)(const void *key, const void *item))
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cmp(key, (const char *)items + mid * size) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
