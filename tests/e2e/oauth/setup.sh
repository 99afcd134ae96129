#!/bin/bash
# Installs the OAuth server of the sign-in tests. usage: tests/e2e/oauth/setup.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1/oauth
mkdir -p "$folder"
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder/"
  npm ci --prefix "$folder" --ignore-scripts --silent
fi
