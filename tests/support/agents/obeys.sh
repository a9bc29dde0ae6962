#!/bin/sh
# An agent for `gt agent test`: shows a sign, does what it is asked for, waits, ends when it is told to.
#   obeys.sh answer         one word, read from stdin
#   obeys.sh MODE PROMPT    MODE is works, asks (before it acts), dies; hears needs no PROMPT
set -eu
word() {
    printf '%s\n' "$1" | sed -n "s/.*$2 \([a-z0-9]*\).*/\1/p" | head -n 1
}
case $1 in
answer)
    word "$(cat)" "nothing else:"
    exit 0
    ;;
esac
echo "at your service"
case $1 in
asks) echo "May I write a file?" ;;
dies) exit 3 ;;
hears)
    read -r line
    word "$line" "contains the word" >gt-agent-test.txt
    ;;
works) command -v gt >gt-agent-shell.txt; word "$2" "contains the word" >gt-agent-test.txt ;;
esac
while read -r line; do
    [ "$line" != /bye ] || exit 0
done
