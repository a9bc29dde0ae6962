# Plays cursor-agent: the prompt is positional, a folder is trusted or asked about, and commands are asked about unless
# it is forced.
trust= force= print= prompt=
while [ $# -gt 0 ]; do
    case $1 in
    -v | --version) echo "2026.09.26-played"; exit 0 ;;
    --trust) trust=1 ;;
    -f | --force | --yolo) force=1 ;;
    -p | --print) print=1 ;;
    --output-format | --mode | --model | --resume) shift ;;
    -*) echo "error: unknown option '$1'" >&2; exit 1 ;;
    *) prompt=$1 ;;
    esac
    shift
done
[ -n "$CURSOR_API_KEY" ] || { echo "Error: Authentication required. Please run 'agent login' first" >&2; exit 1; }
if [ -z "$trust" ]; then
    echo "⚠ Workspace Trust Required"
    [ -z "$print" ] || exit 1
    echo "Do you trust the contents of this directory?"
    read -r _
fi
[ -z "$print" ] || { printf '%s' "$prompt" | exec /bin/sh @OBLIGES@; exit; }
echo '  → Plan, search, build anything' >@CONTROL@/ready
echo 'ctrl+c to stop' >@CONTROL@/busy
echo '/quit' >@CONTROL@/quit
[ -n "$force" ] || printf '%s\n' 'Run this command?' ' → Run (once) (y)' '   Skip (esc or n)' >@CONTROL@/asks
exec @STAND_IN@ --control @CONTROL@ --settings none --deaf false --start-ms 300 "$prompt"
