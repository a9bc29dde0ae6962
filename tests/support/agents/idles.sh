#!/bin/sh
# An agent that starts and never does anything.
exec sleep 3600
