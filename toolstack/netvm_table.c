/* The command line of netvm: options, verbs and what they do, in one table. */
#include <stddef.h>

#include "toolstack/netvm.h"
#include "toolstack/netvm_verbs.h"

#define AT(member) offsetof(struct netvm_options, member)

static const struct cli_option options[] = {
	{ "config", 'c', CLI_TEXT, AT(config), "FILE",
		"another netvm.conf than " REGISTRY_DIR
		"/netvm.conf; the domains' files are in domains/ beside it" },
	{ "json", 'j', CLI_FLAG, AT(json), NULL, "print JSON" },
	{ "dry-run", 'n', CLI_FLAG, AT(dry_run), NULL,
		"say what would be changed, and change nothing" },
	{ "names", 0, CLI_FLAG, AT(names), NULL,
		"list, get: print the names of domains or keys alone, one a line" },
	{ "source", 0, CLI_TEXT, AT(source), "PREFIX,...",
		"expose: open to these addresses or subnets alone, of IPv4 or IPv6" },
	{ "from", 0, CLI_TEXT, AT(from), "NETVM",
		"expose: led from that network domain on, and by none further out" },
	{ "to", 0, CLI_TEXT, AT(to), "NETVM",
		"remove: the network domain, or \"none\", that its guests are given in its place" },
	{ "before", 0, CLI_TEXT, AT(before), "NUMBER",
		"firewall add: in front of that rule, not behind all" },
	{ "remove", 0, CLI_FLAG, AT(remove), NULL,
		"expose, link: close the port again; limit: take limits out" },
	{ "live", 0, CLI_FLAG, AT(live), NULL,
		"explain: look also whether all of that is in force at this moment, and which real "
		"resolvers there are" },
	{ "cut-dom0", 0, CLI_FLAG, AT(cut_dom0), NULL,
		"pci assign: also a device that dom0's own route, address or root file system "
		"needs" },
	{ "all-network", 0, CLI_FLAG, AT(all_network), NULL,
		"pci assign: all network devices that no other domain has" },
	{ "no-iommu", 0, CLI_FLAG, AT(no_iommu), NULL,
		"pci assign: also without an IOMMU; the domain can then read and write all "
		"memory" },
	{ "shared-group", 0, CLI_FLAG, AT(shared_group), NULL,
		"pci assign: also if others in its IOMMU group stay behind; the domain can then "
		"reach them" },
	{ "now", 0, CLI_FLAG, AT(now), NULL,
		"pci assign: to the domain that runs alone, and not again when it is started "
		"next" },
	{ "force", 0, CLI_FLAG, AT(force), NULL,
		"pci release: also from a domain that runs; it is detached from it. stop: also a "
		"network domain of guests that run; they have no network until it is back" },
	{ "destroy", 0, CLI_FLAG, AT(destroy), NULL,
		"stop, restart: do not ask the domain to shut down, as when it hangs: destroy it" },
	{ "format", 'F', CLI_TEXT, AT(format), "kernel-ip|cloud-init|interfaces",
		"xl-config: what a guest without netfront-config is given in its place: the ip= of "
		"its kernel's command line, cloud-init's network-config, or a part of "
		"/etc/network/interfaces" },
	{ "follow", 'f', CLI_FLAG, AT(follow), NULL, "log: go on with what is logged from now on" },
	{ "watch", 'w', CLI_FLAG, AT(watch), NULL,
		"status: show it again each time that anything of it changes, until it is "
		"interrupted; with --json one document behind the other" },
	{ "kernel-ip", 0, CLI_FLAG, AT(kernel_ip), NULL,
		"xl-config: the same as --format kernel-ip" },
	{ "interface", 0, CLI_TEXT, AT(interface), "NAME",
		"xl-config: the guest's name for its vif (default eth0)" },
	{ "timeout", 't', CLI_NUMBER, AT(timeout), "SECONDS",
		"start, stop, restart, attach, detach, suspend, resume: how long all of it may "
		"take (default 120)" },
	{ "allow", 0, CLI_TEXT, AT(allow), "NAME,...",
		"dom0 up, run: let these domains run meanwhile; dom0 up takes more names behind "
		"it" },
	{ "for", 0, CLI_TEXT, AT(span), "TIME",
		"dom0 up, run: end it after that time (90s, 10m, 2h)" },
	{ "sysfs", 0, CLI_TEXT, AT(sysfs), "DIR", "where sysfs is mounted (default /sys)" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL },
};

static const struct cli_verb verbs[] = {
	{ "list", "", "the domains of the registry", 0, 0, NETVM_LIST, NULL },
	{ "status", "[NAME]", "what runs, how its vif is, what its network domain and netvmd say",
		0, 1, NETVM_STATUS, "domain" },
	{ "get", "NAME [KEY]", "what is in force for a domain", 1, 2, NETVM_GET, "domain key" },
	{ "set", "NAME KEY=VALUE...", "change keys of a domain, all or none; KEY= takes one out", 2,
		-1, NETVM_SET, "domain pair..." },
	{ "add", "NAME [KEY=VALUE]...", "make a domain known", 1, -1, NETVM_ADD, NULL },
	{ "remove", "NAME",
		"forget a domain that nobody needs, or whose guests go elsewhere (--to)", 1, 1,
		NETVM_REMOVE, "domain" },
	{ "cable", "NAME on|off", "connect a guest, or cut it off; nothing of it is forgotten", 2,
		2, NETVM_CABLE, "domain on/off" },
	{ "get-default", "", "the network domain of domains that name none", 0, 0,
		NETVM_GET_DEFAULT, NULL },
	{ "set-default", "NAME", "choose it; \"none\" for none", 1, 1, NETVM_SET_DEFAULT,
		"domain" },
	{ "start", "NAME", "start a domain, its network domains first", 1, 1, NETVM_START,
		"domain" },
	{ "stop", "NAME",
		"shut a domain down, and wait until it is gone; not a network domain of guests "
		"that run",
		1, 1, NETVM_STOP, "domain" },
	{ "restart", "NAME",
		"stop a domain and start it again; of a network domain, until it says that it is "
		"ready; netvmd then attaches its guests again",
		1, 1, NETVM_RESTART, "domain" },
	{ "attach", "NAME [NETVM]",
		"give a domain that network domain, or the default one, and wait until netvmd has "
		"attached it",
		1, 2, NETVM_ATTACH, "domain domain" },
	{ "detach", "NAME",
		"give a domain no network domain, and wait until netvmd has taken its vif away", 1,
		1, NETVM_DETACH, "domain" },
	{ "xl-config", "NAME",
		"the lines that its xl config needs; with --format what it needs inside", 1, 1,
		NETVM_XL_CONFIG, "domain" },
	{ "import", "FILE...",
		"make domains of existing xl configs known, with the network that they have, all "
		"or "
		"none",
		1, -1, NETVM_IMPORT, "file..." },
	{ "expose", "[NAME [PORT]]",
		"ports of domains that are open to the outside; with PORT (tcp/8080:80, or udp/53) "
		"open one",
		0, 2, NETVM_EXPOSE, "domain" },
	{ "link", "[A [B PORT]]",
		"ports of guests that are open to another guest; with PORT (tcp/80, or udp/53) let "
		"A open connections to that port of B, and nothing the other way",
		0, 3, NETVM_LINK, "domain domain" },
	{ "limit", "[NAME [LIMIT=NUMBER]...]",
		"how many connections guests may have at once, and packets and bytes they may send "
		"in a second; connections=500, packets=20k or bytes=3M set a limit of NAME, "
		"--remove takes those that are named out again, or all",
		0, -1, NETVM_LIMIT, "domain connections=/packets=/bytes=..." },
	{ "firewall", "NAME [list|add|del|policy|reset|edit|load|save] [ARGUMENT]...",
		"what a guest may reach: list its rules with their numbers, add RULE, del NUMBER "
		"or RULE, policy accept|drop|default for what no rule matches, reset to no rules "
		"and everything accepted, edit all of it, load FILE (\"-\": standard input) in its "
		"place, save [FILE]",
		1, -1, NETVM_FIREWALL, "domain list/add/del/policy/reset/edit/load/save file" },
	{ "explain", "GUEST DST [PORT]",
		"what becomes of a packet of GUEST to DST, an address or a domain: each network "
		"domain on the way and the rule that decides there; PORT is tcp/443, udp/53, or a "
		"ping",
		2, 3, NETVM_EXPLAIN, "domain domain" },
	{ "doctor", "",
		"what is wrong on guests' way to the network, from the IOMMU to their DNS, and "
		"what mends it; status 1 where anything is",
		0, 0, NETVM_DOCTOR, NULL },
	{ "pci list", "", "network devices: driver, IOMMU group, safe to give away or why not", 0,
		0, NETVM_PCI_LIST, NULL },
	{ "pci assign", "[DEVICE]... NAME",
		"give network devices to a domain; what stands against one stands against all", 1,
		-1, NETVM_PCI_ASSIGN, "netdev domain" },
	{ "pci release", "DEVICE", "take it back to dom0, to its driver and name", 1, 1,
		NETVM_PCI_RELEASE, "netdev" },
	{ "usb list", "",
		"USB controllers with the network interfaces that hang on them, as pci list; pci "
		"assign takes one that has any",
		0, 0, NETVM_USB_LIST, NULL },
	{ "log", "[NAME]",
		"what netvmd, netbackd and netfront-config of this host have logged; with NAME "
		"the lines that name that domain",
		0, 1, NETVM_LOG, "domain" },
	{ "watchdog", "",
		"ask each network domain that runs whether it still serves, on and on; one that "
		"does not is told of by netvm status, and restarted where its watchdog key says "
		"so (netvm-watchdog.service runs this)",
		0, 0, NETVM_WATCHDOG, NULL },
	{ "suspend", "",
		"tell network domains that the host is about to be suspended, and wait until their "
		"hooks have ended (netvm-sleep.service runs this)",
		0, 0, NETVM_SUSPEND, NULL },
	{ "resume", "",
		"tell them that it is back, and give domains the devices again that they lost "
		"meanwhile",
		0, 0, NETVM_RESUME, NULL },
	{ "dom0 up", "[--allow NAME...]",
		"bring dom0 itself a network, with every other domain paused meanwhile", 0, -1,
		NETVM_DOM0_UP, "domain..." },
	{ "dom0 down", "", "end it, or what is left of it", 0, 0, NETVM_DOM0_DOWN, NULL },
	{ "dom0 status", "", "whether dom0 has a network, and what stands half-way", 0, 0,
		NETVM_DOM0_STATUS, NULL },
	{ "dom0 run", "COMMAND...", "up, the command, down; ends with the command's exit status", 1,
		-1, NETVM_DOM0_RUN, CLI_COMMAND },
	{ NULL, NULL, NULL, 0, 0, 0, NULL },
};

const struct cli netvm_cli = {
	.name = "netvm",
	.summary = "network domains of this Xen host: who serves whom, and which devices they have",
	.description =
		"Changes the registry that netvmd(8) keeps in force, gives network devices "
		"to network\n"
		"domains and back, and shows what is. Keys of a domain are described in\n"
		"netvm.conf(5); values of a list are separated by commas, rules also by line "
		"breaks.\n"
		"A DEVICE is written as in sysfs: 0000:03:00.0, or 03:00.0.",
	.epilogue = "A link holds within one network domain. Between guests of different ones it "
		    "is refused,\n"
		    "since packets leave a network domain with its address and the port would be "
		    "open to all\n"
		    "who are behind it; one that stands stays when a guest moves, opens nothing "
		    "meanwhile,\n"
		    "and is carried again when the two share a network domain again. Where A is a "
		    "network\n"
		    "domain, its guests come with its address, and a link of A counts for them as "
		    "far as their\n"
		    "own policies let them.\n\n"
		    "A link comes before A's rules: a rule that drops everything, or a subnet, "
		    "stays in force\n"
		    "for all but that port. A rule of A that drops that port of B by its name "
		    "(dst=@guest:B)\n"
		    "contradicts the link, and whichever comes second is refused. Who wants "
		    "another order writes\n"
		    "a rule: action=accept dst=@guest:B proto=tcp dstports=80. B's own policy is "
		    "not asked.\n\n"
		    "What firewall save writes, and load and edit take, is a text: a rule a line "
		    "in the\n"
		    "language of xen-netvm-policy(7), and a line policy=accept, policy=drop or "
		    "policy=default\n"
		    "(load leaves the policy as it is where there is none); lines that begin with "
		    "# mean\n"
		    "nothing. edit runs $VISUAL, else $EDITOR, else vi, without a shell. A text "
		    "that is not in\n"
		    "order changes nothing. A text without a rule and without policy=drop or "
		    "policy=accept is\n"
		    "refused, and so is taking out the last rule of a guest without a policy: "
		    "everything would\n"
		    "be open; reset says that it is to be.\n\n"
		    "dom0 is Domain-0 in the registry, with a network domain, an address and, if "
		    "wanted, rules;\n"
		    "dom0 up makes it known where it is not. While dom0 has a network, domains "
		    "that neither\n"
		    "carry it nor are allowed are paused, and no connection to dom0 is let in. "
		    "Domains that are\n"
		    "created meanwhile are not paused; one whose disks dom0 uses must be allowed. "
		    "dom0 run ends\n"
		    "with its command's exit status, or 125 where there was no network for it, 126 "
		    "where it could\n"
		    "not be run, 127 where there is no such command; its options need no -- in "
		    "front.\n\n"
		    "Exit status: 0 done; 1 failed, or refused; 2 the command line is wrong.\n\n"
		    "Files: " REGISTRY_DIR
		    "/netvm.conf and domains/NAME.conf beside it, in xl's syntax;\n"
		    "pci/DEVICE.conf: the driver and the interfaces that a device had in dom0.\n\n"
		    "Under Xen, Linux shows no IOMMU groups; pci list derives them from bridges, "
		    "functions\n"
		    "and their Access Control Services, and says so.\n\n"
		    "Called as qvm-prefs, qvm-firewall, qvm-pci, qvm-get-default-netvm, "
		    "qvm-set-default-netvm or\n"
		    "qvm-dom0-network-via-netvm it takes the arguments that Qubes users know, and "
		    "answers as\n"
		    "those commands do; each has its own --help and man page.",
	.section = 8,
	.options = options,
	.verbs = verbs,
};
