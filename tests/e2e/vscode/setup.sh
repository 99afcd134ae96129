#!/bin/bash
# VS Code as code-server, a Node that it wants, and a driver for Chromium, from locked packages.
# usage: tests/e2e/vscode/setup.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
place=$1/vscode-$(cat "$here/package-lock.json" "$0" | cksum | cut -d' ' -f1)
if [ ! -e "$place/.complete" ]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev pkg-config >/dev/null
  rm -rf "$place" && mkdir -p "$place"
  cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$place/"
  cd "$place"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  # Its own install script calls tools that npm does not put on the path: done here by hand.
  ln -s "$(cd node_modules && echo node-linux-*)" node_modules/node
  export PATH=$place/node_modules/node/bin:$PATH
  (cd node_modules/code-server/lib/vscode && npm install --unsafe-perm --omit=dev --no-audit --no-fund --loglevel=error)
  node node_modules/code-server/out/node/entry.js --version
  touch .complete
fi
ln -sfn "$place" "$1/vscode"
