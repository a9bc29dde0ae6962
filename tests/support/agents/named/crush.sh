# Plays crush: the prompt is typed, and tools are asked about but with --yolo. `crush run` never asks.
run= yolo= key=
while [ $# -gt 0 ]; do
    case $1 in
    -v | --version) echo "crush version v0.66.1-played"; exit 0 ;;
    -y | --yolo) [ -z "$run" ] || { echo "unknown flag: --yolo" >&2; exit 1; }; yolo=1 ;;
    -D | --data-dir | -s | --session) shift ;;
    -m | --model) [ -n "$run" ] || { echo "unknown flag: --model" >&2; exit 1; }; shift ;;
    -q | --quiet) ;;
    run) run=1 ;;
    *) echo "unknown flag: $1" >&2; exit 1 ;;
    esac
    shift
done
key=$ANTHROPIC_API_KEY$OPENAI_API_KEY
[ -z "$run" ] || [ -n "$key" ] || { echo "no providers configured" >&2; exit 1; }
[ -z "$run" ] || exec /bin/sh @OBLIGES@
[ -n "$key" ] || { echo "Choose a provider"; read -r _; exit 1; }
echo 'esc cancel' >@CONTROL@/busy
if [ -n "$yolo" ]; then
    echo '  > Yolo mode!' >@CONTROL@/ready
else
    echo '  > Ready for instructions' >@CONTROL@/ready
    printf '%s\n' 'Permission Required' ' Allow   Allow for Session   Deny' >@CONTROL@/asks
fi
exec @STAND_IN@ --control @CONTROL@ --settings none --deaf false --start-ms 300
