# Plays amp: it takes no first prompt as an argument, asks before it acts unless its settings allow everything, and
# without a sign-in it offers one.
settings= execute= thread=
while [ $# -gt 0 ]; do
    case $1 in
    -V | --version) echo "0.0.1790142911-played (released 2026-09-23)"; exit 0 ;;
    --settings-file) settings=$2; shift ;;
    -m | --mode | --log-level | --log-file | --mcp-config) shift ;;
    --no-ide | --no-notifications | --no-color) ;;
    -x | --execute) execute=1 ;;
    threads) [ "$2" = continue ] || exit 2; thread=$3; shift 2 ;;
    *) echo "error: unknown option '$1'" >&2; exit 1 ;;
    esac
    shift
done
if [ -z "$AMP_API_KEY" ]; then
    echo "No API key found. Starting login flow..."
    printf 'Would you like to log in to Amp? [(y)es, (n)o]: '
    read -r _
    exit 1
fi
[ -z "$execute" ] || exec /bin/sh @OBLIGES@
grep -q '"amp.dangerouslyAllowAll": *true' "$settings" || echo 'Run this command? [y/n]' >@CONTROL@/asks
exec @STAND_IN@ --control @CONTROL@ --settings none --deaf false --start-ms 300
