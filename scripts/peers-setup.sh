#!/bin/sh
# Installs what `make bench` measures beside this project's evaluator: the Python engines of both dialects (as the
# tests do) and the Node engine out of Flagsmith's SDK, below target/peers. Versions are pinned by lock files; nothing is
# installed that is there already. Install scripts of packages are not run.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
"$root/scripts/oracle-setup.sh"

lock=$root/tests/peers/node/package-lock.json
home=$root/target/peers/node
if cmp -s "$lock" "$home/installed.json"; then
    echo "peers: the Node engine is there"
else
    echo "peers: installing the Node engine into target/peers/node"
    rm -rf "$home"
    mkdir -p "$home"
    cp "$root/tests/peers/node/package.json" "$lock" "$home/"
    npm --prefix "$home" ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
    cp "$lock" "$home/installed.json"
fi
