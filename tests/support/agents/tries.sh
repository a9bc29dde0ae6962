#!/bin/sh
# An agent that does what `orders.sh` in the home folder says. `can NAME COMMAND...` and `cannot NAME COMMAND...` say in
# the report what did not go as expected; the last line is `over`.
report="$HOME/../out/report"
can() { name=$1; shift; if ! said=$("$@" 2>&1); then printf 'cannot %s: %s\n' "$name" "$said" >>"$report"; fi; }
cannot() { name=$1; shift; if said=$("$@" 2>&1); then printf 'can %s: %s\n' "$name" "$said" >>"$report"; fi; }
say() { printf '%s\n' "$*" >>"$report"; }
. "$HOME/orders.sh"
say over
exec sleep 3600
