#!/usr/bin/env bash
# Brings a machine to where Halyard can be built, run or tested. Says what is
# missing before it installs anything, and installs nothing that is there.
#
#   scripts/setup.sh run     what building and opening the window needs
#   scripts/setup.sh test    that, and what the window tests and the oracle need
#   scripts/setup.sh bench   what measuring the evaluator beside other engines needs
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-run}
say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# The encryption of the local copy builds OpenSSL from its source, which needs the whole of perl.
build_packages=(build-essential perl pkg-config file libwebkit2gtk-4.1-dev libgtk-3-dev librsvg2-dev libssl-dev)
display_packages=(xvfb xauth)
test_packages=(webkit2gtk-driver dbus-x11 gnome-keyring imagemagick procps python3-venv)
bench_packages=(build-essential perl valgrind python3-venv)

check_tools() {
  command -v cargo >/dev/null || stop "Rust is missing. Install it from your distribution or with rustup (1.94 or newer), then run this again."
  command -v node >/dev/null && command -v npm >/dev/null || stop "Node is missing. Install Node 20 or newer with npm, then run this again."
  local rust node
  rust=$(rustc --version | sed -E 's/^rustc ([0-9]+)\.([0-9]+).*/\1 \2/')
  [ "${rust% *}" -gt 1 ] || [ "${rust#* }" -ge 94 ] || stop "Rust 1.94 or newer is needed; this is $(rustc --version)."
  node=$(node -p 'process.versions.node.split(".")[0]')
  [ "$node" -ge 20 ] || stop "Node 20 or newer is needed; this is $(node --version)."
}

other_systems() {
  cat >&2 <<'TEXT'
setup: this script installs packages on Debian and its relatives only. Install these yourself, then run it again
setup: with HALYARD_SKIP_PACKAGES=1:
setup:   Fedora    webkit2gtk4.1-devel gtk3-devel librsvg2-devel openssl-devel gcc make perl pkgconf
setup:   Arch      webkit2gtk-4.1 gtk3 librsvg openssl perl base-devel
setup:   openSUSE  webkit2gtk3-devel gtk3-devel librsvg-devel libopenssl-devel gcc make perl pkg-config
setup:   macOS     the Xcode command line tools; Windows: the MSVC build tools, WebView2, Strawberry Perl and NASM
TEXT
  exit 1
}

install_packages() {
  [ -z "${HALYARD_SKIP_PACKAGES:-}" ] || { say "system packages: skipped as asked"; return; }
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || other_systems
  local wanted=("${build_packages[@]}")
  if [ "$purpose" = test ]; then
    wanted+=("${display_packages[@]}" "${test_packages[@]}")
  elif [ "$purpose" = bench ]; then
    wanted=("${bench_packages[@]}")
  elif [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    wanted+=("${display_packages[@]}")
  fi
  local missing=() package
  for package in "${wanted[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then say "system packages: all there"; return; fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || stop "these system packages are missing; as root run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} system packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_ui_packages() {
  local stamp=ui/node_modules/.halyard-lock
  if cmp -s ui/package-lock.json "$stamp"; then say "UI packages: all there"; return; fi
  say "installing the UI's packages from its lock file"
  npm --prefix ui ci --no-audit --no-fund --loglevel=error
  cp ui/package-lock.json "$stamp"
}

check_tools
install_packages
[ "$purpose" = bench ] || install_ui_packages
