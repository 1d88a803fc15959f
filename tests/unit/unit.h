/* What every unit test includes first: cmocka needs these headers before its own. And what several
 * of them assert. */
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

/* Whether a text holds another; shows both where not. */
#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("\"%s\" is not in:\n%s", part, text);                             \
	} while (0)
#define assert_has_not(text, part)                                                                 \
	do {                                                                                       \
		if (strstr(text, part))                                                            \
			fail_msg("\"%s\" is in:\n%s", part, text);                                 \
	} while (0)

#endif
