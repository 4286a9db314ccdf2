#!/bin/sh
# Installs the Python reference engines that the engine's tests compare against,
# each in a virtual environment of its own under target/oracle. Does nothing for
# one that is there already. Without Python it says so and succeeds: the tests
# then compare with the frozen verdicts only.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
requirements=$root/src-tauri/crates/engine/tests/oracle
home=$root/target/oracle
python=${PYTHON:-python3}

if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    echo "oracle: skipped: no Python 3.9 or newer with venv"
    exit 0
fi

for dialect in 10.2 11.1; do
    target=$home/$dialect
    wanted=$requirements/requirements-$dialect.txt
    if cmp -s "$wanted" "$target/installed.txt"; then
        echo "oracle: $dialect is there"
        continue
    fi
    echo "oracle: installing $dialect into target/oracle/$dialect"
    rm -rf "$target"
    mkdir -p "$home"
    "$python" -m venv "$target"
    "$target/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$target/installed.txt"
done
