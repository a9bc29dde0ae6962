#!/bin/sh
# Runs every test of the project, each with an empty list of its own.
cd "$(dirname "$0")" || exit 2
for test in tests/*.sh; do
    TODO_FILE=$(mktemp) && export TODO_FILE
    sh -eu "$test" >"$TODO_FILE.out" 2>&1 && result=ok || result=FAILED
    printf '%-8s%s\n' "$result" "$test"
    [ $result = ok ] || { cat "$TODO_FILE.out" && rm -f "$TODO_FILE" "$TODO_FILE.out" && exit 1; }
    rm -f "$TODO_FILE" "$TODO_FILE.out"
done
echo "all tests passed"
