# Shared by the scenarios in bash on plain Linux; source it first. It brings sentences.sh.
# `isolate "$@"` first gives a scenario network and mount namespaces of its own, with an empty /run and a scratch directory $scratch
# that is removed at the end; nothing of the machine is touched.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${BUILD:-$top/build}" && pwd) || exit 1
. "$top/tests/sentences.sh"

# start COMMAND...: in the background until the scenario ends; its words go to $scratch/log. $! is its process.
started=()
start() {
	"$@" >>"$scratch/log" 2>&1 </dev/null &
	started+=($!)
}

# Ends what was started, and only that: to kill(2) 0 is the whole process group and -1 the whole machine.
ended() {
	local pid
	for pid in "${started[@]}"; do
		[[ $pid =~ ^[0-9]+$ && $pid -gt 1 ]] && kill -KILL "$pid" && wait "$pid"
	done 2>/dev/null
	started=()
}

# What those have started themselves ends first: nobody else would end it.
leave() {
	local pid
	for pid in "${started[@]}"; do pkill -KILL -P "$pid"; done
	ended
	umount -l "$scratch" && rmdir "$scratch"
}

isolate() {
	if [ -z "${TESTS_ISOLATED:-}" ]; then
		[ "$(id -u)" = 0 ] || { echo "not ok - needs root for its namespaces (wanted uid 0, saw $(id -u))"; echo "0 passed, 1 failed"; exit 1; }
		TESTS_ISOLATED=1 exec unshare --net --mount --propagation private bash "$0" "$@"
	fi
	mount -t tmpfs tmpfs /run && ip link set lo up || exit 1
	# As in a small domain, which need not have the package netbase.
	[ ! -e /etc/protocols ] || mount --bind /dev/null /etc/protocols || exit 1
	scratch=$(mktemp -d) && mount -t tmpfs tmpfs "$scratch" || exit 1
	trap leave EXIT
}
