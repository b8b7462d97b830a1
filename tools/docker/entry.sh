#!/bin/sh
# The image's entry point: gives the workers the interpreter with CAP_PERFMON where this container
# may use it, and says what is missing where it may not.
set -eu
privileged=/opt/timeslice/bin/python-perfmon
if "$privileged" -c '' 2>/dev/null; then
    export TIMESLICE_WORKER_PYTHON="$privileged"
else
    echo "timeslice: this container lacks CAP_PERFMON, so threads are seen by sampling /proc." \
        "Start it with --cap-add PERFMON to see every context switch." >&2
fi
exec timeslice "$@"
