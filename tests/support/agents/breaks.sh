#!/bin/sh
# An agent whose first attempt turns the tests red and whose second one mends it.
set -eu
mkdir -p tests
if [ "${GT_ATTEMPT:-1}" = 1 ]; then
    echo 'exit 1' >"tests/$GT_BEAD.sh"
else
    echo 'exit 0' >"tests/$GT_BEAD.sh"
fi
git add --all
git commit --quiet --message "Attempt ${GT_ATTEMPT:-1} at $GT_BEAD"
gt done
