#!/bin/sh
# Install what the tests need besides Python packages: a browser, a renderer of GitHub's Markdown, a C
# compiler, and rsync, by which gitlab-ci-local copies a project.
set -eu

missing=
command -v chromium >/dev/null 2>&1 || missing="$missing chromium fonts-dejavu-core fonts-noto-color-emoji"
command -v cmark-gfm >/dev/null 2>&1 || missing="$missing cmark-gfm"
command -v rsync >/dev/null 2>&1 || missing="$missing rsync"
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if ! command -v apt-get >/dev/null 2>&1 || ! ${sudo:-true} true 2>/dev/null; then
  echo "the tests need:$missing" >&2
  echo "  what to do: install these with your system's package manager" >&2
  exit 1
fi
log=$(mktemp)
if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  exit 1
fi
rm -f "$log"
