# What every bench makes of its turns. To be sourced.
#
#	median [FILE]    of numbers, a line each; nothing, where there are none
median() { sort -n "$@" | awk '{ n[NR] = $1 } END { if (NR) print n[int((NR + 1) / 2)] }'; }
