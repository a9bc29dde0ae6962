#!/bin/sh
# An agent that says something all the time and never comes to an end.
while :; do
    echo "still at it"
    sleep 0.2
done
