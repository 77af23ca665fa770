#!/bin/sh
# Builds keyhook, installs it for this user, and guards a repository.
#
#   ./install.sh [--prefix DIR] [REPOSITORY]     build, install, put the hooks into REPOSITORY
#   ./install.sh [--prefix DIR] --global         ... or guard all repositories of this user
#   ./install.sh --uninstall [--prefix DIR] [REPOSITORY | --global]
#
# The program goes to DIR/bin (default ~/.local/bin). Nothing else is written outside this folder and
# the repository (with --global: ~/.config/keyhook and core.hooksPath in the git configuration); nothing
# needs root; the only network access is cargo's, for the locked crates.
set -eu

say() { printf 'install.sh: %s\n' "$*"; }
stop() {
  printf 'install.sh: %s\n' "$1" >&2
  [ -z "${2-}" ] || printf '  %s\n' "$2" >&2
  exit 2
}
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }

prefix=${HOME:-}/.local
repository=
uninstall=no
global=no
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -ge 2 ] || stop '--prefix needs a folder'; prefix=$2; shift ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --uninstall) uninstall=yes ;;
    --global) global=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) stop "unknown option $1" 'see: ./install.sh --help' ;;
    *) [ -z "$repository" ] || stop 'one repository at a time'; repository=$1 ;;
  esac
  shift
done
case $prefix in
  /.local | '') stop 'HOME is not set, so there is no place to install to' 'name one: ./install.sh --prefix DIR' ;;
  /*) ;;
  *) prefix=$(pwd)/$prefix ;;
esac
program=$prefix/bin/keyhook

[ "$global" = no ] || [ -z "$repository" ] || stop 'name a repository or --global, not both'
[ "$global" = no ] || repository=--global
if [ "$global" = no ] && [ -n "$repository" ] && [ ! -d "$repository" ]; then
  stop "there is no folder $repository"
fi

if [ "$uninstall" = yes ]; then
  if [ -n "$repository" ]; then
    [ -x "$program" ] || stop "there is no $program to take the hook out with" \
      'if it lies elsewhere: ./install.sh --uninstall --prefix DIR REPOSITORY'
    "$program" uninstall "$repository"
    say "the program stays in $program; remove it with: ./install.sh --uninstall"
  else
    rm -f "$program"
    say "removed $program; repositories with the hook now block until it is taken out of them too"
  fi
  exit 0
fi

need() {
  command -v "$1" >/dev/null 2>&1 || stop "$1 is needed and not on the PATH" "$2"
}
need git 'install git, for example: apt-get install git'
need cargo 'install Rust: https://rustup.rs'
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 ||
  stop 'a C compiler is needed for libgit2 and not on the PATH' 'for example: apt-get install gcc, or xcode-select --install'

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
host=$(rustc -vV | sed -n 's/^host: //p')

# A static program starts in half the time, which is most of what a hook costs. Where the C library
# has no static form (Fedora without glibc-static), the ordinary one does the same work.
can_be_static() {
  case $host in *-linux-gnu) ;; *) return 1 ;; esac
  folder=$(mktemp -d) || return 1
  echo 'int main(void) { return 0; }' >"$folder/a.c"
  cc -static "$folder/a.c" -o "$folder/a" 2>/dev/null
  works=$?
  rm -rf "$folder"
  return $works
}

say 'building (a minute or three the first time) ...'
if can_be_static; then
  built=$target/$host/release/keyhook
  (cd "$here" && RUSTFLAGS='-C target-feature=+crt-static' \
    cargo build --release --locked --quiet --target "$host")
else
  built=$target/release/keyhook
  (cd "$here" && cargo build --release --locked --quiet)
fi || stop 'the build failed; the reason stands above' 'keyhook needs Rust 1.89 or newer: rustup update'

mkdir -p "$prefix/bin" || stop "cannot make $prefix/bin" 'choose another: ./install.sh --prefix DIR'
# Copied beside, then renamed: a hook that runs at this moment finds the old one or the new one.
if ! cp "$built" "$program.new" || ! mv -f "$program.new" "$program"; then
  rm -f "$program.new"
  stop "cannot write $program" 'choose another: ./install.sh --prefix DIR'
fi
say "installed $("$program" --version) as $program"
case :$PATH: in
  *:"$prefix/bin":*) ;;
  *) say "to call it by name, add it to your PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac

if [ -n "$repository" ]; then
  "$program" install "$repository"
else
  say "guard a repository with: $program install FOLDER"
fi
