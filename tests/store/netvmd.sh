# Shared by the scenarios about netvmd; source tests/lib.sh and isolate first. The xenstored is a real one; libxl is played by a
# script: domains stand in $scratch/domains, vifs in $scratch/vifs, what it was told in $scratch/played. It writes and removes the
# nodes of a vif as libxl does.

registry=$scratch/registry
mkdir -p "$registry/domains"
export NETVM_PLAY=$scratch/play
: >"$scratch/domains" >"$scratch/vifs" >"$scratch/played" >"$scratch/log"

# Programs are run with next to no environment. A file $scratch/fail-CALL makes a call fail with its words; $scratch/hang-CALL-vifG.D
# makes it wait until the file is gone; $scratch/meanwhile is run in the middle of every look.
cat >"$NETVM_PLAY" <<PLAY
#!/bin/bash
SCRATCH=$scratch XENSTORED_PATH=$XENSTORED_PATH
export XENSTORED_PATH
PLAY
cat >>"$NETVM_PLAY" <<'PLAY'
[ "$1" = domains ] || [ "$1" = vifs ] || echo "$*" >>"$SCRATCH/played"
while [ -e "$SCRATCH/hang-$1-${2:-}" ]; do sleep 0.02; done
if [ -e "$SCRATCH/fail-$1" ]; then
	cat "$SCRATCH/fail-$1" >&2
	exit 1
fi
[ "$1" != domains ] || [ ! -e "$SCRATCH/meanwhile" ] || . "$SCRATCH/meanwhile"
exec 9>>"$SCRATCH/vifs.lock"; flock 9
g=${2#vif} d=${2#*.} g=${g%.*}
case $1 in
domains) cat "$SCRATCH/domains" ;;
vifs) cat "$SCRATCH/vifs" ;;
vif-attach)
	read -r b _ mac ip _ <<<"$3"
	grep -q "^$g $d " "$SCRATCH/vifs" && exit 0
	xenstore-write /local/domain/$b/backend/vif/$g/$d/online 1 /local/domain/$b/backend/vif/$g/$d/state 4 \
		/local/domain/$b/backend/vif/$g/$d/mac "$mac" /local/domain/$b/backend/vif/$g/$d/ip "$ip" \
		/local/domain/$g/device/vif/$d/backend-id "$b" /local/domain/$g/device/vif/$d/state 4
	echo "$g $d $b $mac" >>"$SCRATCH/vifs"
	xenstore-write /libxl/$g/device/vif/$d/mac "$mac" ;;
vif-detach)
	read -r b < <(sed -n "s/^$g $d \([0-9]*\) .*/\1/p" "$SCRATCH/vifs")
	[ -n "$b" ] || exit 0
	sed -i "/^$g $d /d" "$SCRATCH/vifs"
	xenstore-rm /local/domain/$g/device/vif/$d
	[ "$3" = force ] || xenstore-rm /local/domain/$b/backend/vif/$g/$d
	xenstore-rm /libxl/$g/device/vif/$d ;;
esac
exit 0
PLAY
chmod +x "$NETVM_PLAY"

netvmd() { "$build/tests/store/netvmd-played" --config "$registry/netvm.conf" "$@"; }
read_of() { xenstore-read "$1" 2>/dev/null; }
holds() { [ "$(read_of "$1")" = "$2" ]; }
absent() { ! xenstore-exists "$1"; }
played() { grep -qF -- "$1" "$scratch/played"; }
vif_is() { grep -q "^$1 $2 $3 " "$scratch/vifs"; } # GUEST DEVID BACKEND
logged() { grep -qF -- "$1" "$scratch/log"; }
times_logged() { grep -cF -- "$1" "$scratch/log"; }

# wants NAME LINE...: the domain's file in the registry, written as an editor does.
wants() {
	local name=$1; shift
	printf '%s\n' "$@" >"$registry/domains/.$name.tmp"
	mv "$registry/domains/.$name.tmp" "$registry/domains/$name.conf"
}

# domain_starts DOMID NAME [paused]
domain_starts() {
	xenstore-write "/local/domain/$1/name" "$2"
	echo "$*" >>"$scratch/domains"
	"$build/tests/store/guest" "$1" introduce
}

domain_dies() {
	sed -i "/^$1 /d" "$scratch/domains"
	flock "$scratch/vifs.lock" sed -i "/^$1 /d" "$scratch/vifs"
	xenstore-rm "/local/domain/$1" "/libxl/$1" 2>/dev/null
	"$build/tests/store/guest" "$1" die
}

# Says what netbackd says.
domain_is_ready() {
	xenstore-write "/local/domain/$1/data/netvm/version" 1 "/local/domain/$1/data/netvm/capabilities" "vif dns nat cable policy" \
		"/local/domain/$1/data/netvm/state" ready
}

daemon=''
daemon_start() {
	start "$build/tests/store/netvmd-played" --config "$registry/netvm.conf" "$@"
	daemon=$!
}
daemon_stop() {
	kill "-${1:-TERM}" "$daemon" && wait "$daemon"
} 2>/dev/null

# What is published and attached, and nothing that only libxl or a domain writes.
state_of() {
	for dir in $(xenstore-list /local/domain); do
		xenstore-ls -f "/local/domain/$dir" 2>/dev/null | grep -E '/netvm/|/netvm-provider/' | grep -vE '/generation =|/data/'
	done | sort
	sort "$scratch/vifs"
}
