#!/bin/sh
# An agent that writes its bead over the one line that every other one writes too: conflicts.
set -eu
echo "greetings from $GT_BEAD" >greeting.txt
git commit --quiet --all --message "Greet from $GT_BEAD"
gt done
