# Plays auggie: the first prompt comes in a file, a new folder is asked about, and without a sign-in it offers one.
file= print= indexing=
while [ $# -gt 0 ]; do
    case $1 in
    --version) echo "0.36.0 (played)"; exit 0 ;;
    -if | --instruction-file) file=$2; shift ;;
    -m | --model | --reasoning-effort | -r | --resume | --permission) shift ;;
    -p | --print) print=1 ;;
    -q | --quiet | -a | --ask | --dont-save-session) ;;
    --allow-indexing) indexing=1 ;;
    *) echo "error: unknown option '$1'" >&2; exit 1 ;;
    esac
    shift
done
if [ -z "$AUGMENT_SESSION_AUTH" ]; then
    [ -z "$print" ] || { echo "No auth provided. Please log in with \`auggie login\`" >&2; exit 1; }
    echo " → Login to continue"
    read -r _
    exit 1
fi
[ -z "$print" ] || exec /bin/sh @OBLIGES@ <"$file"
[ -n "$indexing" ] || { echo "May this folder be indexed?"; read -r _; }
echo '/exit' >@CONTROL@/quit
exec @STAND_IN@ --control @CONTROL@ --settings none --deaf false --start-ms 300 "$(cat "$file")"
