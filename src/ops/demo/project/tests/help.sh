# Without a command, the usage; with a wrong one, an error.
./todo.sh | grep -q "usage: todo.sh"
if ./todo.sh fly 2>/dev/null; then exit 1; fi
