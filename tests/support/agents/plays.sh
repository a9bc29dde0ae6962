#!/bin/sh
# An agent that does what a test says: it reads the lines that the test appends to $HOME/play, one after the other, and
# counts in $HOME/played those that it is through with. Its transcript, in the shape of Codex, is in $HOME/plays.
#   show TEXT         its screen shows nothing but this
#   write TYPE JSON   an entry of its transcript; STAMP in it is the time
#   die CODE          it ends
set -eu
[ "${1-}" != --version ] || { echo "plays 7"; exit; }
mkdir -p "$HOME/plays"
transcript=$HOME/plays/$GT_SESSION.jsonl
enter() {
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    printf '{"timestamp":"%s","type":"%s","payload":%s}\n' "$now" "$1" "$2" >>"$transcript"
}
enter session_meta "{\"id\":\"plays-$GT_SESSION\",\"cwd\":\"$PWD\"}"
printf 'READY\n'
touch "$HOME/play"
done=0
while :; do
    lines=$(wc -l <"$HOME/play")
    while [ "$done" -lt "$lines" ]; do
        done=$((done + 1))
        line=$(sed -n "${done}p" "$HOME/play")
        verb=${line%% *}
        rest=${line#* }
        case $verb in
        show) printf '\033[2J\033[H%s\n' "$rest" ;;
        write) enter "${rest%% *}" "${rest#* }" ;;
        die) exit "$rest" ;;
        esac
        echo "$done" >"$HOME/played"
    done
    sleep 0.05
done
