#!/bin/sh
# An agent that makes the test of its bead pass, whatever is there already, and hands it in.
set -eu
gt prime >/dev/null
mkdir -p tests
echo 'exit 0' >"tests/$GT_BEAD.sh"
git add --all
git diff --cached --quiet || git commit --quiet --message "Mend $GT_BEAD"
gt done
