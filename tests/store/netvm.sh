# The command netvm on a registry of a scenario's own, and what it says. To be sourced behind lib.sh and `isolate`.

registry=$scratch/registry
netvm() { "$build/tests/store/netvm-played" --config "$registry/netvm.conf" "$@"; }
file_of() { cat "$registry/domains/$1.conf"; }

# says SENTENCE STATUS WORDS COMMAND...: the exit status, and words on standard error.
says() {
	local sentence=$1 status=$2 words=$3 said saw; shift 3
	said=$("$@" 2>&1 >/dev/null); saw=$?
	if [ $saw != "$status" ]; then not_ok "$sentence" "exit status $status" "$saw: $said"
	elif [[ $said != *"$words"* ]]; then not_ok "$sentence" "\"$words\"" "\"$said\""
	else ok "$sentence"; fi
}

# both ONE OTHER: the arguments of two netvm at once, each kept waiting for the registry's lock first: whatever they read before it
# is old when they write.
both() {
	local lock one other played="$build/tests/store/netvm-played --config $registry/netvm.conf"
	exec {lock}>"$registry/.lock"
	flock $lock
	$played $1 {lock}>&- & one=$!
	$played $2 {lock}>&- & other=$!
	awaited waits $one && awaited waits $other || not_ok "both take the registry's lock" waiting "$(ps -o args= $one $other)"
	exec {lock}>&-
	wait $one && wait $other || not_ok "both succeed" "status 0" "$1, $2"
}
waits() { [[ $(readlink /proc/$1/fd/*) == *"$registry/.lock"* ]]; }
