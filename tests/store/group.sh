#!/bin/bash
# Runs a group of tests/store/scenarios on each kind of xenstored: group.sh GROUP [each]. With "each", every scenario gets a
# xenstored of its own.
set -u
here=$(dirname "$0")
export BUILD=${BUILD:-$here/../../build}
scenarios=$BUILD/tests/store/scenarios
passed=0 failed=0

# run ARG...: with those arguments, on a new xenstored.
run() { "$here/with-xenstored" "$scenarios" "$@" 2>&1; }

# take ARG...: prints and counts what run() printed.
take() {
	local output counts

	output=$(cat)
	counts=$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' <<<"$output")
	if [ -z "$counts" ]; then
		echo "$output"
		echo "not ok - scenarios $* (wanted a count at their end, saw none)"
		counts='0 1'
	else
		head -n -1 <<<"$output"
	fi
	passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
}

out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
for XENSTORED_KIND in ${XENSTORED_KIND:-xenstored oxenstored}; do
	export XENSTORED_KIND
	echo "-- on $XENSTORED_KIND"
	numbers=-
	[ "${2:-}" = each ] && numbers=$("$scenarios" "$1" --list)
	# All at once: mostly they wait.
	for number in $numbers; do
		if [ "$number" = - ]; then
			run "$1"
		else
			run "$1" "$number"
		fi >"$out/$number" &
	done
	wait
	for number in $numbers; do
		take "$1" <"$out/$number"
	done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
