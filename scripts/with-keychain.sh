#!/usr/bin/env bash
# Runs a command in a session of its own with an unlocked system keychain, so
# that tests use a real one and never the user's.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_RUNTIME_DIR=$scratch/runtime XDG_DATA_HOME=$scratch/data XDG_CONFIG_HOME=$scratch/config
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME"
dbus-run-session -- bash -c '
  printf "a test password\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
  "$@"
  code=$?
  pkill -x -P $PPID gnome-keyring-d 2>/dev/null
  exit $code
' _ "$@"
