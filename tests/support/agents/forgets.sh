#!/bin/sh
# An agent that does its bead and ends without `gt done`.
set -eu
echo "work of $GT_BEAD" >"$GT_BEAD.txt"
git add "$GT_BEAD.txt"
git commit --quiet --message "Do $GT_BEAD"
