#!/bin/sh
# `env -i` empties the environment, `env -u` and an empty variable take the preload away: the programs behind it are profiled all the same.
#
# group: processes
# count: partial
# arguments: {programs}/allocate
set -e
env -i "$1" 10
env -u LD_PRELOAD "$1" 20
# shellcheck disable=SC2016    # the inner shell expands them
env -i /bin/sh -c '"$0" 30; "$0" 40' "$1"
LD_PRELOAD='' "$1" 50
