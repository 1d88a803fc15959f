/* Prints xen-netvm-policy(7) on standard output; the build uses it. */
#include <stdio.h>
#include <stdlib.h>

#include "xenstore-schema/policy.h"

int main(void)
{
	policy_print_man(stdout);
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
