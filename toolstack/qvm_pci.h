/* qvm_pci: what the files of qvm-pci share; nobody else includes it. */
#ifndef NETVM_QVM_PCI_H
#define NETVM_QVM_PCI_H

#include "toolstack/netvm_pci.h"
#include "toolstack/qvm.h"

/* qvm-pci list [VMNAME]...: the names are n->args from number 1 on. */
int qvm_pci_list(const struct netvm *n, const struct registry *r, struct err *e);

#endif
