#!/bin/sh
# A shell's pipelines, subshells, substitutions and background jobs: every process of them is one account in the trace.
#
# group: processes
# count: sums
# arguments: {programs}/allocate
set -e
"$1" 10 | cat | "$1" 20 | wc -c
# shellcheck disable=SC2005    # the command substitution is what is tested
echo "$("$1" 30)"
("$1" 40; exit 3) || echo "subshell ended with $?"
"$1" 50 &
wait $!
sh -c 'exec "$0" 60' "$1"
