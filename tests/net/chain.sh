# Shared by what looks at chains of network domains, each a guest of the one above; source tests/lib.sh and netlib.sh first, after `isolate`.
# Each domain has a namespace and a xenstored of its own, whose dom0 is the scenario. In the namespace `world` each chain is
# reached by 198.51.100.N, the address of its top domain; the world itself is 198.51.100.1, and what more it is given on `lo`.
dns1=10.139.1.1 dns2=10.139.1.2
# Of each domain: its number as a guest (10.137.0.NUMBER), the domain above and below it, and its own address as a gateway.
declare -A number above below own

in_ns() { ip netns exec "$@"; }
store() { local d=$1; shift; XENSTORED_PATH=$(cat "$scratch/$d.store") "$@"; }

world_alone() {
	ip netns add world
	ip -n world link set lo up
	ip -n world addr add 198.51.100.1/32 dev lo
}

# chain_make N DOMAIN... GUEST: from the top down; each network domain is as wanted once its guest's policy is in force. Their resolvers are
# in $scratch/DOMAIN.resolv.
chain_make() {
	local n=$1 d last='' left=$#; shift
	for d; do
		ip netns add "$d"
		ip -n "$d" link set lo up
		left=$((left - 1)) number[$d]=$((4 + left)) own[$d]=10.137.0.$((4 + left)) above[$d]=$last
		[ -z "$last" ] || below[$last]=$d
		last=$d
	done
	own[$1]=10.137.0.1
	ip -n "$1" link add uplink type veth peer name "to-$1" netns world
	ip -n "$1" addr add "198.51.100.$n/32" dev uplink
	ip -n "$1" link set uplink up
	ip -n world link set "to-$1" up
	ip -n "$1" route add 198.51.100.1/32 dev uplink scope link
	ip -n "$1" route add default via 198.51.100.1
	ip -n world route add "198.51.100.$n/32" dev "to-$1"
	while [ $# -gt 1 ]; do domain_start "$1"; shift; done
}

# policy D VERDICT RULE: what dom0 says in domain D about the guest below it.
generation=0
policy() {
	local guest=${number[${below[$1]}]} at
	at=netvm-provider/clients/$guest/0
	generation=$((generation + 1))
	store "$1" xenstore-write $at/name "${below[$1]}" $at/ip 10.137.0.$guest $at/mac "$(mac_of "$guest")" $at/policy "$2" \
		$at/policy/0000 "$3" $at/generation $generation
	awaited in_force "$1" "$guest" $generation || not_ok "the policy of $1 comes into force" $generation "$(tail -n 3 "$scratch/log")"
}
in_force() { [ "$(store "$1" xenstore-read "data/netvm/clients/$2/0/generation" 2>/dev/null)" = "$3" ]; }

domain_start() {
	local d=$1 guest=${number[${below[$1]}]}
	start "$top/tests/store/with-xenstored" bash -c 'echo "$XENSTORED_PATH" >"$1"; exec sleep infinity' bash "$scratch/$d.store"
	awaited test -s "$scratch/$d.store"
	ip -n "$d" link add "vif$guest.0" address fe:ff:ff:ff:ff:ff type veth peer name eth0 netns "${below[$d]}" address "$(mac_of "$guest")"
	store "$d" xenstore-write netvm-provider/role router netvm-provider/gateway "${own[$d]}" netvm-provider/dns1 $dns1 netvm-provider/dns2 $dns2
	[ -z "${above[$d]}" ] || store "$d" xenstore-write netvm/0/dns1 $dns1 netvm/0/dns2 $dns2
	store "$d" xenstore-write "backend/vif/$guest/0/online" 1 "backend/vif/$guest/0/state" 2 "backend/vif/$guest/0/mac" "$(mac_of "$guest")"
	echo "resolv_conf = [ \"$scratch/$d.resolv\" ]" >"$scratch/$d.conf"
	XENSTORED_PATH=$(cat "$scratch/$d.store") start ip netns exec "$d" unshare --mount --propagation private \
		bash -c 'mount -t tmpfs tmpfs /run && exec "$@"' bash "$build/backend/netbackd" --config "$scratch/$d.conf"
	policy "$d" drop "action=accept specialtarget=dns"
	ip -n "${below[$d]}" link set eth0 up
	ip -n "${below[$d]}" addr add "10.137.0.$guest/32" dev eth0
	ip -n "${below[$d]}" route add "${own[$d]}/32" dev eth0 scope link
	ip -n "${below[$d]}" route add default via "${own[$d]}" dev eth0
}

# resolvers D ADDRESS...
resolvers() { printf 'nameserver %s\n' "${@:2}" >"$scratch/new"; mv "$scratch/new" "$scratch/$1.resolv"; }
