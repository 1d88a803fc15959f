# Shared by the scenarios about netbackd; source tests/lib.sh and netlib.sh first.

daemon=''

# What the daemon is told; its resolv.conf names a resolver outside.
daemon_configure() {
	cat >"$scratch/netbackd.conf" <<-EOF
	resolv_conf = [ "$scratch/resolv.conf" ]
	$*
	EOF
	[ -e "$scratch/resolv.conf" ] || echo "nameserver 198.51.100.1" >"$scratch/resolv.conf"
}

netbackd() {
	"$build/backend/netbackd" --config "$scratch/netbackd.conf" "$@"
}

# Starts the daemon; it is ready when its first pass is done.
daemon_start() {
	xenstore-rm data/netvm 2>/dev/null
	start "$build/backend/netbackd" --config "$scratch/netbackd.conf" "$@"
	daemon=$!
	awaited daemon_is_ready || not_ok "the daemon gets ready" ready "$(tail -n 3 "$scratch/log")"
}

daemon_is_ready() {
	[ "$(xenstore-read data/netvm/state 2>/dev/null)" = ready ]
}

daemon_stop() {
	kill "-${1:-TERM}" "$daemon" && wait "$daemon"
} 2>/dev/null

connected() {
	[ "$(store_of "$1" hotplug-status)" = connected ]
}

# status_is D STATUS
status_is() {
	[ "$(store_of "$1" hotplug-status)" = "$2" ]
}

absent() {
	! xenstore-exists "$1"
}

link_is_down() {
	ip link show "$1" | grep -qv '[<,]UP[,>]' && [ -z "$(ip route show dev "$1")" ]
}

logged() {
	grep -qF -- "$1" "$scratch/log"
}

generation=0
# policy D VERDICT [RULE]...: what dom0 publishes; done when it is in force. It is read with the generation, not before.
policy() {
	local d=$1 at=netvm-provider/clients/$1/0 verdict=$2 n=0 old; shift 2
	generation=$((generation + 1))
	for old in $(xenstore-list "$at/policy" 2>/dev/null); do xenstore-rm "$at/policy/$old"; done
	xenstore-write "$at/name" guest "$at/ip" 10.137.0.$d "$at/mac" "$(mac_of $d)" "$at/policy" "$verdict"
	for rule; do xenstore-write "$at/policy/000$n" "$rule"; n=$((n + 1)); done
	xenstore-write "$at/generation" $generation
	awaited in_force $d $generation || not_ok "a policy comes into force" "$generation" "$(xenstore-read data/netvm/clients/$d/0/generation) $(xenstore-read data/netvm/clients/$d/0/error)"
}
in_force() { [ "$(xenstore-read "data/netvm/clients/$1/0/generation" 2>/dev/null)" = "$2" ]; }
