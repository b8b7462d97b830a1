#!/bin/sh
# Type-checks static/js by its JSDoc types. Node is needed for this alone, so where there is none
# the check is skipped, by name.
set -eu
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "skipped: tsc --checkJs (the types of static/js): no node and npm on this machine"
    exit 0
fi
if [ ! -x node_modules/.bin/tsc ] || [ package.json -nt node_modules/.bin/tsc ]; then
    npm install --no-save --no-audit --no-fund --no-package-lock --silent
    touch -h node_modules/.bin/tsc
fi
node_modules/.bin/tsc -p tsconfig.json
echo "tsc --checkJs: no errors in static/js"
