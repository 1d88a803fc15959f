# Shared by the scenarios about vifs: a network domain, its guests and the world outside, as network namespaces. Source
# tests/lib.sh first. The scenario's own namespace is the network domain: `vif5.0` in it is one end of a veth pair, the
# other is `eth0` of the namespace `guest5`. Its uplink is `uplink`, and behind it is the namespace `world`.
#
# Addresses: guest D has 10.137.0.D and 2001:db8:137::D and MAC 00:16:3e:00:00:XX (XX is D in
# hexadecimal); the network domain is 198.51.100.2 and 2001:db8:51::2 outside, the world 198.51.100.1 and 2001:db8:51::1.

program=$build/hotplug/vif-route-netvm
gateway=10.137.0.1 gateway6=fe80::1

# filter_use KIND: what makes the rules stand in this scenario, as the automatic choice sees it: "nftables" on a machine that does
# not use iptables (so this one comes first), or iptables of the kind "nft" or "legacy" where that is in use already.
filter_use() {
	local name what
	kind=$1
	case $kind in nftables) echo "# nftables" ;; *) echo "# iptables-$kind" ;; esac
	rm -rf "$scratch/kind"; mkdir "$scratch/kind"
	[ "$kind" != nftables ] || return 0
	for name in iptables ip6tables; do
		for what in "" -save -restore; do ln -s "/usr/sbin/xtables-$kind-multi" "$scratch/kind/$name$what"; done
	done
	[[ $PATH == $scratch/kind:* ]] || PATH=$scratch/kind:$PATH
	hash -r
	iptables -A FORWARD -s 203.0.113.250 -j DROP && iptables -D FORWARD -s 203.0.113.250 -j DROP
}

# The part of the packet filter's rules that is ours, and the users', without counters.
ours() {
	case ${kind:-} in
	nftables) nft_table ;;
	*) "iptables${kind:+-$kind}-save" | grep -E 'netvm-|custom-' | sed 's/\[.*//' ;;
	esac
}

# Where DNS1 leads.
leads() {
	case ${kind:-} in
	nftables) nft list chain inet xen-netvm dns | sed -n "s/.*ip daddr 10.139.1.1 .* dnat ip to //p" ;;
	*) iptables-$kind-save -t nat | sed -n 's/.*-d 10.139.1.1.32 -p udp.*--to-destination //p' ;;
	esac
}

# In front of everything: runs the scenario again with a xenstored of its own, then in namespaces.
domain() {
	[ -n "${XENSTORED_PATH:-}" ] || exec "$top/tests/store/with-xenstored" bash "$0" "$@"
	isolate "$@"
}

mac_of() {
	printf '00:16:3e:00:00:%02x' "$1"
}

world_make() {
	# No address of theirs is tentative for a second.
	sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	ip netns add world
	world sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	ip link add uplink type veth peer name eth0 netns world
	ip addr add 198.51.100.2/24 dev uplink
	ip -6 addr add 2001:db8:51::2/64 dev uplink nodad
	ip link set uplink up
	ip -n world addr add 198.51.100.1/24 dev eth0
	ip -n world -6 addr add 2001:db8:51::1/64 dev eth0 nodad
	ip -n world link set eth0 up
	ip -n world link set lo up
	ip route add default via 198.51.100.1
	ip -6 route add default via 2001:db8:51::1
}

# The user that a forwarder runs as, in this scenario's own view of /etc.
forwarder_user_make() {
	local file
	for file in passwd group; do
		grep -v '^netvm-dns:' "/etc/$file" >"$scratch/$file"
		mount --bind "$scratch/$file" "/etc/$file" || exit 1
	done
	echo 'netvm-dns:x:59953:59953::/nonexistent:/usr/sbin/nologin' >>"$scratch/passwd"
	echo 'netvm-dns:x:59953:' >>"$scratch/group"
}

# The same with netback between the two, for scenarios that run again so (tests/net/long/netback-again): the guest may send from its usual
# addresses alone.
vif_by_netback() {
	local id=$1 dev=$2 record=$scratch/vif$1.$2
	ip tuntap add dev "vif$id.$dev" mode tap vnet_hdr
	ip link set "vif$id.$dev" address fe:ff:ff:ff:ff:ff
	"$build/tests/net/netback-front" "$build/backend/netback/netback-plain" "front$id.$dev" pieces,checksum4,checksum6,segments4,segments6 \
		--vif="vif$id.$dev" --record="$record" --mac="$(mac_of "$id")" "10.137.0.$id" "2001:db8:137::$id" \
		>"$record.ready" 2>>"$scratch/log" </dev/null &
	started+=($!)
	awaited grep -q ready "$record.ready"
	ip link set "front$id.$dev" netns "guest$id" name "eth$dev" address "$(mac_of "$id")"
}

# vif_make D [DEVID]: the link pair as netback and a netfront would have made it. Neither is switched on yet.
vif_make() {
	local id=$1 dev=${2:-0}
	if ! ip netns list | grep -q "^guest$id\b"; then
		ip netns add "guest$id"
		guest "$id" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
		ip -n "guest$id" link set lo up
	fi
	if [ "${VIFS_BY_NETBACK:-}" ]; then
		vif_by_netback "$id" "$dev"
		return
	fi
	ip link add "vif$id.$dev" address fe:ff:ff:ff:ff:ff type veth peer name "eth$dev" netns "guest$id" address "$(mac_of "$id")"
}

# backend_make D [IP [MAC [DEVID]]]: what libxl writes. "-" stands for a key that is left out.
backend_make() {
	local id=$1 ip=${2:-10.137.0.$1} mac=${3:-$(mac_of "$1")} at=backend/vif/$1/${4:-0}
	xenstore-rm "$at" 2>/dev/null
	local entries=("$at/online" 1 "$at/state" 2 "$at/script" /etc/xen/scripts/vif-route-netvm)
	[ "$ip" = - ] || entries+=("$at/ip" "$ip")
	[ "$mac" = - ] || entries+=("$at/mac" "$mac")
	xenstore-write "${entries[@]}" # in one transaction, as libxl does
}

# guest_configure D: what netfront-config does in the guest.
guest_configure() {
	local ns=guest$1
	ip -n "$ns" link set eth0 up
	ip -n "$ns" addr replace "10.137.0.$1/32" dev eth0
	ip -n "$ns" route replace "$gateway/32" dev eth0 scope link
	ip -n "$ns" route replace default via "$gateway" dev eth0
	ip -n "$ns" -6 addr replace "2001:db8:137::$1/128" dev eth0 nodad
	ip -n "$ns" -6 route replace default via "$gateway6" dev eth0
}

# guest_start D [IP]: all of it, up to hotplug.
guest_start() {
	vif_make "$1"
	backend_make "$1" "${2:-10.137.0.$1 2001:db8:137::$1}"
	hotplug online "$1" || return
	guest_configure "$1"
}

# hotplug VERB D [WORD...]: as `xl devd` calls it. Its words are left in $words.
hotplug() {
	local verb=$1 id=$2; shift 2
	words=$(env -i PATH="$PATH" XENSTORED_PATH="$XENSTORED_PATH" XENBUS_TYPE=vif XENBUS_BASE_PATH=backend \
		XENBUS_PATH="backend/vif/$id/0" vif="vif$id.0" script=/etc/xen/scripts/vif-route-netvm netdev= \
		"$program" "$verb" type_if=vif "$@" 2>&1)
}

guest() {
	local id=$1; shift
	ip netns exec "guest$id" "$@"
}

world() {
	ip netns exec world "$@"
}

# store_of D KEY: a key of the backend directory; nothing where it is not there.
store_of() {
	xenstore-read "backend/vif/$1/0/$2" 2>/dev/null
}

# All that stands on a link, in one text that two states can be compared by.
link_state() {
	ip -d link show "$1" 2>/dev/null | grep -oE 'UP\b|mtu [0-9]+|group [0-9]+'
	ip addr show "$1" 2>/dev/null | grep -oE 'inet6? [^ ]+'
	ip route show dev "$1" 2>/dev/null
	ip -6 route show dev "$1" 2>/dev/null | grep -v '^multicast'
	ip neigh show dev "$1" nud permanent 2>/dev/null
	tc filter show dev "$1" ingress 2>/dev/null | sha256sum
}

# Our table without the elements of sets that packets fill.
nft_table() {
	nft -s list table inet xen-netvm 2>/dev/null | awk '/^\t(set|map) / { dynamic = 0 } /^\t\tflags .*dynamic/ { dynamic = 1 }
		dynamic && /^\t\telements = / { inside = 1 }
		!inside { print } inside && /}$/ { inside = 0 }'
}

# Everything of the domain that hotplug touches.
domain_state() {
	local link
	for link in $(ip -o link | sed -nE 's/^[0-9]+: (vif[0-9.]+(-emu)?)[@:].*/\1/p' | sort); do
		echo "[$link]"
		link_state "$link"
	done
	nft_table
	iptables-save | grep -v '^#' | sed -E 's/\[[0-9]+:[0-9]+\]//'
	ip6tables-save | grep -v '^#' | sed -E 's/\[[0-9]+:[0-9]+\]//'
	xenstore-ls backend 2>/dev/null
}
