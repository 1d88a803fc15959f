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
