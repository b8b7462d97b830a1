#!/bin/sh
# Runs each program of benchmarks/ with the interpreter given, one after the other: two at once
# would measure each other.
set -eu
python=$1
cd "$(dirname "$0")/.."
for file in benchmarks/*.py; do
    case $file in */_*) continue ;; esac
    echo "== $file"
    "$python" "$file"
done
