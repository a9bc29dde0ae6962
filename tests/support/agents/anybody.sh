#!/bin/sh
# Plays any agent that is given its prompt as it starts, whatever its other arguments: does the bead, then waits as a
# real one does at its prompt. Called with `--version` alone it tells one.
[ "$*" != --version ] || { echo 1.2.3; exit; }
gt prime >/dev/null && echo work >"$GT_BEAD.txt" && git add "$GT_BEAD.txt" && git commit -q -m Work && gt done
exec sleep 3600
