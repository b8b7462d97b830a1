#!/bin/sh
# Prints the interpreter to make the virtual environment with: $PYTHON when set, else the first
# of the usual names that is Python 3.11 or newer and has venv.
set -u
check='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python3.15 python}; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c "$check" >/dev/null 2>&1; then
        command -v "$name"
        exit 0
    fi
done
if [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer with the venv module." >&2
else
    echo "Timeslice needs Python 3.11 or newer with the venv module, and none is on the PATH." >&2
    echo "On Debian and Ubuntu: apt-get install python3 python3-venv." >&2
    echo "An interpreter elsewhere is named with: make PYTHON=/path/to/python3" >&2
fi
exit 1
