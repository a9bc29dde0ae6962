#!/bin/sh
# An agent that does its bead: one commit of one file named after the bead, then `gt done`.
set -eu
gt prime >/dev/null
echo "work of $GT_BEAD" >"$GT_BEAD.txt"
git add "$GT_BEAD.txt"
git commit --quiet --message "Do $GT_BEAD"
gt done
