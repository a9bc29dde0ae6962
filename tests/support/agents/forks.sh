#!/bin/sh
# An agent that leaves children behind: in its group, in a session of their own, and with a clean environment.
sleep 3600 &
setsid sleep 3600 &
(sleep 3600 & )
wait
