#!/bin/sh
# An agent with conversations, kept in $HOME/conversations/ID: what it was told, one turn after the other.
#   recalls.sh --new ID PROMPT      begins one
#   recalls.sh --resume ID PROMPT   goes on with one; fails at once where there is none
#   recalls.sh --ask ID PROMPT      answers from one without a terminal, and leaves it as it is
#   recalls.sh --once PROMPT        answers without any
# What it does at its work stands in $HOME/work.sh, which finds MODE, ID and TURNS; without that it idles.
set -eu
MODE=$1
case $MODE in
--once)
    printf 'I read: %s\n' "$2"
    exit 0
    ;;
esac
ID=$2
told=$HOME/conversations/$ID
case $MODE in
--resume | --ask)
    if [ ! -f "$told" ]; then
        echo "No conversation found with session ID: $ID" >&2
        exit 1
    fi
    ;;
esac
if [ "$MODE" = --ask ]; then
    printf 'After %s turns I say: %s\n' "$(grep -c '^=== ' "$told")" "$3"
    exit 0
fi
mkdir -p "$HOME/conversations"
printf '=== %s %s\n%s\n' "$MODE" "$GT_SESSION" "$3" >>"$told"
TURNS=$(grep -c '^=== ' "$told")
if [ -f "$HOME/work.sh" ]; then
    . "$HOME/work.sh"
fi
exec sleep 3600
