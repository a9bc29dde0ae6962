#!/bin/sh
# Ends what killed test runs left running and removes their folders. A run that is alive is left alone:
# each folder names the process that made it.
set -eu

for folder in "${TMPDIR:-/tmp}"/gt-test-*; do
    [ -d "$folder" ] || continue
    owner=$(cat "$folder/owner" 2>/dev/null || true)
    if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then
        echo "kept    $folder (process $owner is alive)"
        continue
    fi
    for process in /proc/[0-9]*; do
        id=${process#/proc/}
        [ "$id" != $$ ] || continue
        # Processes come and go, and those of others cannot be read.
        if { cat "$process/cmdline" "$process/environ" | tr '\0' '\n' | grep -qF "$folder"; } 2>/dev/null; then
            kill -9 "$id" 2>/dev/null || true
        fi
    done
    rm -rf "$folder"
    echo "removed $folder"
done
