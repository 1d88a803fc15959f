/*
 * cli_print: what cli.c and cli_print.c share; programs use cli.h.
 */
#ifndef NETVM_CLI_PRINT_H
#define NETVM_CLI_PRINT_H

#include "common/cli.h"

/* The options that every program has. */
extern const struct cli_option cli_common_options[];

#endif
