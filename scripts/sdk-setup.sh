#!/bin/sh
# Installs the services' official Python libraries in a virtual environment under
# target/sdk, for the test that reads Halyard's changes with them. Does nothing
# where they are there already. Where they cannot be installed it says so and
# succeeds: that test is then skipped, and says so too.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
wanted=$root/src-tauri/crates/console/tests/sdk/requirements.txt
target=$root/target/sdk
python=${PYTHON:-python3}

if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "sdk: skipped: no Python 3.10 or newer with venv"
    exit 0
fi
if cmp -s "$wanted" "$target/installed.txt"; then
    echo "sdk: there"
    exit 0
fi
echo "sdk: installing into target/sdk"
rm -rf "$target"
mkdir -p "$root/target"
"$python" -m venv "$target"
if "$target/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"; then
    cp "$wanted" "$target/installed.txt"
else
    echo "sdk: skipped: pip could not install them"
fi
