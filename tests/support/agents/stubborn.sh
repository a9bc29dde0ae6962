#!/bin/sh
# An agent that ignores every polite request to end.
trap '' TERM INT HUP
while :; do
    sleep 1
done
