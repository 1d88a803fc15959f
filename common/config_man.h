/*
 * config_man: a table of configuration keys as part of a man page (roff, man macros), on standard
 * output. For the programs that print the pages when this is built; it must not know any page.
 */
#ifndef NETVM_CONFIG_MAN_H
#define NETVM_CONFIG_MAN_H

#include "common/config.h"

/* A tagged paragraph for each key. */
void config_man_keys(const struct config_key *keys);

#endif
