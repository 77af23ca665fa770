#!/usr/bin/env bash
# The main job on real projects: source distributions from PyPI and npm, committed into fresh
# repositories. A staged key must be blocked and not shown; the same commit without it must pass.
#
#     tests/real/run.sh [KEYHOOK]        (default target/release/keyhook)
#
# Prints for each project its files, how long the hook took, and what a scan of the whole tree says.
set -euo pipefail
cd "$(dirname "$0")/../.."
keyhook=$(realpath "${1:-target/release/keyhook}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_NOSYSTEM=1 HOME=$work GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.com
export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.com

fetch() { # kind name folder
  mkdir -p "$3"
  case $1 in
    npm) (cd "$work" && tar -xzf "$(npm pack --silent "$2" | tail -n 1)" -C "$3" --strip-components 1) ;;
    pypi)
      python3 -m pip download --quiet --no-deps --no-binary :all: --no-build-isolation -d "$work/dl" "$2" >/dev/null 2>&1 ||
        python3 -m pip download --quiet --no-deps -d "$work/dl" "$2" >/dev/null
      for archive in "$work"/dl/*; do
        case $archive in
          *.tar.gz) tar -xzf "$archive" -C "$3" --strip-components 1 ;;
          *) python3 -m zipfile -e "$archive" "$3" ;;
        esac
        rm -f "$archive"
      done
      ;;
  esac
}

body() { head -c 4096 /dev/urandom | base64 -w 0 | tr -dc 'A-Za-z0-9' | head -c "$1"; }

failed=0
expect() { # description, wanted code, real code
  if [ "$2" = "$3" ]; then return; fi
  printf 'FAILED: %s: exit code %s instead of %s\n' "$1" "$3" "$2"
  failed=1
}

while read -r kind name; do
  repo=$work/repo
  rm -rf "$repo"
  if ! fetch "$kind" "$name" "$repo"; then
    printf 'SKIPPED: %s could not be fetched\n' "$name"
    continue
  fi
  git -C "$repo" init -q
  git -C "$repo" add -A -f
  git -C "$repo" commit -q -m import
  files=$(git -C "$repo" ls-files | wc -l)
  (cd "$repo" && "$keyhook" install 2>/dev/null)
  key=$(body 93)
  printf 'client = Anthropic(api_key="sk-ant-api03-%sAA")\n' "$key" >"$repo/leak.py"
  git -C "$repo" add leak.py
  code=0
  git -C "$repo" commit -q -m leak >"$work/out" 2>&1 || code=$?
  expect "$name: a leaked key" 1 "$code"
  grep -q 'commit blocked' "$work/out" || expect "$name: the message" said silent
  ! grep -q "$key" "$work/out" || expect "$name: the key is hidden" hidden shown
  [ "$(git -C "$repo" rev-list --count HEAD)" = 1 ] || expect "$name: no commit" 1 2
  printf 'client = Anthropic()\n' >"$repo/leak.py"
  git -C "$repo" add leak.py
  code=0
  git -C "$repo" commit -q -m clean >"$work/out" 2>&1 || code=$?
  expect "$name: the same without the key" 0 "$code"
  [ ! -s "$work/out" ] || expect "$name: silence" silent "$(cat "$work/out")"
  code=0
  (cd "$repo" && "$keyhook" scan . --format jsonl) >"$work/found" 2>"$work/err" || code=$?
  [ "$code" -lt 2 ] || expect "$name: the whole tree is read" '0 or 1' "$code: $(head -3 "$work/err")"
  printf '%-28s %7s files   %4s findings in the whole tree\n' "$name" "$files" "$(wc -l <"$work/found")"
  if [ -n "${KEYHOOK_SHOW-}" ]; then cut -c 1-400 "$work/found"; fi
done <<'EOF'
npm @mui/icons-material
npm typescript
npm openai
pypi Django
pypi anthropic
pypi litellm
EOF
exit $failed
