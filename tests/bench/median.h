/* What every bench program makes of its turns. */
#ifndef NETVM_TESTS_BENCH_MEDIAN_H
#define NETVM_TESTS_BENCH_MEDIAN_H

#include <stdlib.h>

static inline int median_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of `count` numbers, which it sorts. */
static inline double median(double *of, size_t count)
{
	qsort(of, count, sizeof(*of), median_cmp);
	return of[count / 2];
}

#endif
