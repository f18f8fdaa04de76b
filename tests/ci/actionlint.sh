#!/bin/sh
# Build actionlint from its Go module, once, into a cache keyed by version; print the program's path.
set -eu
version=1.7.7
folder="${XDG_CACHE_HOME:-$HOME/.cache}/ltlab-ci/actionlint-$version"
if [ ! -x "$folder/actionlint" ]; then
  command -v go >/dev/null 2>&1 || {
    echo "go is needed to build actionlint $version" >&2
    echo "  what to do: install Go 1.25 or newer" >&2
    exit 1
  }
  log=$(mktemp)
  GOFLAGS='' GOBIN="$folder" go install "github.com/rhysd/actionlint/cmd/actionlint@v$version" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; exit 1; }
  rm -f "$log"
fi
echo "$folder/actionlint"
