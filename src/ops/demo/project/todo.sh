#!/bin/sh
# A to-do list in a plain file: todo.sh COMMAND [TEXT]
set -eu
list=${TODO_FILE:-todo.txt}

case ${1:-help} in
    help) echo "usage: todo.sh COMMAND [TEXT]" ;;
    *) echo "todo: there is no command $1" >&2 && exit 2 ;;
esac
