#!/usr/bin/env bash
# Opens Halyard's window on the display there is, or offers a virtual one.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec "$program"
fi

printf 'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set).\n'
# A compositor without a graphics card is slow; see CONTRIBUTING.md.
virtual() { exec env WEBKIT_DISABLE_DMABUF_RENDERER=1 xvfb-run -a -s '-screen 0 1440x900x24' dbus-run-session -- "$program"; }
if [ "${HALYARD_VIRTUAL_DISPLAY:-}" = 1 ]; then
  printf 'Opening the window on a virtual display, as asked. Stop it with Ctrl+C.\n'
  virtual
fi
if [ -t 0 ]; then
  read -r -p 'Open the window on a virtual display, where only screenshots show it? [y/N] ' answer
  case $answer in [yY]*) virtual ;; esac
fi
printf 'Set HALYARD_VIRTUAL_DISPLAY=1 to open it on a virtual one: HALYARD_VIRTUAL_DISPLAY=1 make run\n'
