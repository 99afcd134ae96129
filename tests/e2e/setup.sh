#!/bin/bash
# Sets up the real programs that tests/e2e runs: Neovim, Helix and llama.cpp from Debian sid in a
# folder of their own, tmux and Chromium from the system's packages. Leaves the system's own
# libraries alone. Needs root on a Debian-like system; run again it does nothing.
# usage: tests/e2e/setup.sh [FOLDER]   (default: where tests/e2e/programs.py looks)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${1:-${REFACT_E2E_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/refact-lsp-e2e}}
packages=neovim,hx,llama.cpp,ca-certificates
sid=$root/sid-$(printf %s "$packages" | cksum | cut -d' ' -f1)
mkdir -p "$root"

needs() { for program in "$@"; do command -v "$program" >/dev/null || return 0; done; return 1; }
if needs mmdebstrap tmux chromium; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mmdebstrap tmux chromium fonts-dejavu-core >/dev/null
fi

if [ ! -e "$sid/.complete" ]; then
  rm -rf "$sid"
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
  mirror=${mirror:-$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list | head -1)}
  mmdebstrap --quiet --variant=minbase --mode=root \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --include="$packages" sid "$sid" "$mirror"
  touch "$sid/.complete"
fi
ln -sfn "$sid" "$root/sid"
for extra in "$here"/*/setup.sh; do
  if [ -e "$extra" ]; then bash "$extra" "$root"; fi
done
echo "e2e programs: $root"
