# Shared by the scenarios in bash; source it first. A scenario states sentences of behaviour:
#
#	same "sentence" WANTED SAW        the two words are equal
#	succeeds "sentence" COMMAND...    exit status 0
#	refused "sentence" COMMAND...     exit status not 0
#	becomes "sentence" COMMAND...     exit status 0 sooner or later (a minute at most)
#
# and ends with `finish`. `isolate "$@"` first gives it network and mount namespaces of its own, with an empty /run and
# a scratch directory $scratch that is removed at the end; nothing of the machine is touched.

passed=0 failed=0
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${BUILD:-$top/build}" && pwd) || exit 1

ok() {
	echo "ok - $1"
	passed=$((passed + 1))
}

not_ok() {
	echo "not ok - $1 (wanted $2, saw $3)"
	failed=$((failed + 1))
}

same() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "\"$2\"" "\"$3\""; fi
}

succeeds() {
	local sentence=$1 words status=0; shift
	words=$("$@" 2>&1) || status=$?
	if [ $status = 0 ]; then ok "$sentence"; else not_ok "$sentence" "\"$*\" to succeed" "status $status: ${words:0:300}"; fi
}

refused() {
	local sentence=$1 words; shift
	if words=$("$@" 2>&1); then not_ok "$sentence" "\"$*\" to fail" "success: ${words:0:300}"; else ok "$sentence"; fi
}

# Runs a command until it succeeds, for a minute at most: the end of a test that would hang, not a limit that it has to keep.
awaited() {
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

becomes() {
	local sentence=$1; shift
	if awaited "$@"; then ok "$sentence"; else not_ok "$sentence" "\"$*\" to succeed" "$("$@" 2>&1 | head -c 300)"; fi
}

finish() {
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
	exit
}

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

leave() {
	ended
	umount -l "$scratch" && rmdir "$scratch"
}

isolate() {
	if [ -z "${TESTS_ISOLATED:-}" ]; then
		[ "$(id -u)" = 0 ] || { echo "not ok - needs root for its namespaces (wanted uid 0, saw $(id -u))"; echo "0 passed, 1 failed"; exit 1; }
		TESTS_ISOLATED=1 exec unshare --net --mount --propagation private bash "$0" "$@"
	fi
	mount -t tmpfs tmpfs /run && ip link set lo up || exit 1
	scratch=$(mktemp -d) && mount -t tmpfs tmpfs "$scratch" || exit 1
	trap leave EXIT
}
