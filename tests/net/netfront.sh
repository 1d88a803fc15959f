# Shared by the scenarios about netfront-config: a guest and, behind its interfaces, network domains. Source tests/lib.sh
# first. The scenario's own namespace is the guest: `eth0` in it is one end of a veth pair, the other is `vif0` of the
# namespace `netvm`, which holds the gateways. xenstored is the scenario's own, and what dom0 would publish for the guest
# is written below `netvm/`, relative to the domain that we are.

netfront() {
	"$build/frontend-config/netfront-config" --state-dir /run/xen-netvm "$@"
}

# In front of everything: runs the scenario again with a xenstored of its own, then in namespaces, where /etc is a copy.
guest() {
	[ -n "${XENSTORED_PATH:-}" ] || exec "$top/tests/store/with-xenstored" bash "$0" "$@"
	isolate "$@"
	cp -a /etc "$scratch/etc" && mount --bind "$scratch/etc" /etc || exit 1
	ip netns add netvm
	ip -n netvm link set lo up
	trap 'follow_end KILL; ip netns del netvm; umount -l /etc "$scratch"; rmdir "$scratch"' EXIT
}

# eth_make N: eth<N> with MAC 00:16:3e:00:00:0<N>, and what its network domain has on the other side.
eth_make() {
	ip link add "eth$1" address "00:16:3e:00:00:0$1" type veth peer name "vif$1" netns netvm
	ip -n netvm link set "vif$1" up
	ip -n netvm addr replace 10.137.0.1/32 dev "vif$1"
	ip -n netvm route replace "10.137.0.5$1/32" dev "vif$1"
	ip -n netvm -6 addr replace fe80::1/64 dev "vif$1" nodad
	ip -n netvm -6 route replace "2001:db8::5$1/128" dev "vif$1"
}

# publish N KEY VALUE...: as dom0 does, in one transaction; keys that are not named stay.
publish() {
	local words=() at=netvm/$1; shift
	while [ $# -gt 0 ]; do
		words+=("$at/$1" "$2")
		shift 2
	done
	xenstore-write "${words[@]}"
}

# publish_all N: everything that a guest can be given, for eth<N>.
publish_all() {
	publish "$1" mac "00:16:3e:00:00:0$1" ip "10.137.0.5$1" gateway 10.137.0.1 ip6 "2001:db8::5$1" gateway6 fe80::1 \
		dns1 10.139.1.1 dns2 10.139.1.2 mtu 1400
}

unpublish() {
	xenstore-rm "netvm/$1"
}

# --- what the guest has ---

addresses() {
	ip -o addr show dev "$1" scope global 2>/dev/null | awk '{ print $4 }' | sort | xargs
}

# Routes of ours, without what iproute2 adds to them.
routes() {
	{ ip -4 route show dev "$1" proto 110; ip -6 route show dev "$1" proto 110; } 2>/dev/null |
		sed -E 's/ (pref medium|linkdown)//g; s/ +$//' | sort
}

has_address() { [[ " $(addresses "$1") " == *" $2 "* ]]; }
lacks_address() { ! has_address "$@"; }
has_route() { [ -n "$(ip "$1" route show $2 2>/dev/null)" ]; }
lacks_route() { ! has_route "$@"; }
sysctl_of() { cat "/proc/sys/net/ipv6/conf/$1/$2"; }
sysctl_is() { [ "$(sysctl_of "$1" "$2")" = "$3" ]; }
nameservers() { awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf 2>/dev/null | xargs; }
nameservers_are() { [ "$(nameservers)" = "$1" ]; }
mtu_of() { ip -o link show "$1" | grep -oP "mtu \K\d+"; }
mtu_is() { [ "$(mtu_of "$1")" = "$2" ]; }
log_has() { grep -qF -- "$1" "$scratch/log"; }

# Everything that the guest has, to compare before and after.
snapshot() {
	ip -o addr show scope global | sed -E 's/ +valid_lft.*//'
	ip -4 route show table main
	ip -6 route show table main
	ip -o link show | grep -oE '^[0-9]+: [^ ]+ <[^>]*> mtu [0-9]+'
	cat /etc/resolv.conf
	sort /run/xen-netvm/frontend 2>/dev/null
}

# --- the daemon ---

follower=''

# follow_begin [COMMAND...]: the daemon, as an argument of COMMAND.
follow_begin() {
	"$@" "$build/frontend-config/netfront-config" --state-dir /run/xen-netvm --follow >>"$scratch/log" 2>&1 &
	follower=$!
}

# follow_end SIGNAL: its exit status is left in $status.
follow_end() {
	[ -n "$follower" ] || return 0
	kill -"$1" "$follower" && wait "$follower" 2>/dev/null
	status=$?
	follower=''
}
