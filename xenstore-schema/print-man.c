/* Prints xen-netvm-xenstore(7) on standard output; the build uses it. */
#include <stdio.h>
#include <stdlib.h>

#include "xenstore-schema/schema.h"

int main(void)
{
	schema_print_man(stdout);
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
