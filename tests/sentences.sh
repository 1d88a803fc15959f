# How a scenario in bash states what it shows: sentences of behaviour.
#
#	same "sentence" WANTED SAW        the two words are equal
#	succeeds "sentence" COMMAND...    exit status 0
#	refused "sentence" COMMAND...     exit status not 0
#	becomes "sentence" COMMAND...     exit status 0 sooner or later ($PATIENCE seconds at most)
#
# and ends with `finish`. To be sourced: by lib.sh for scenarios on plain Linux, by lab/lab-lib in a lab's dom0.

passed=0 failed=0

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

# Runs a command until it succeeds, for $PATIENCE seconds at most: the end of a test that would hang, not a limit that it has to keep.
PATIENCE=${PATIENCE:-120}
awaited() {
	local end=$((SECONDS + PATIENCE))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep "${PAUSE:-0.05}"
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
