/* What every unit test includes first: cmocka needs these headers before its own. */
#ifndef NETVM_TESTS_UNIT_H
#define NETVM_TESTS_UNIT_H

/* clang-format off */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#endif
