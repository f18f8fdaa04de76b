#!/bin/sh
# build.sh influxd|telegraf|k6|nginx : build a real server from its Go module, once, into a cache keyed
# by version; print the program's path. Needs Go, and cargo for influxd (its query language is Rust).
# nginx is taken out of Debian's package, which is not installed: that would start it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ltlab-ci"
name=${1:?name one of influxd, telegraf, k6, nginx}
# The versions that stack/compose.yml pins.
case $name in
  influxd) version=2.9.1 tools="go cargo" ;;
  telegraf) version=1.39.3 tools=go ;;
  nginx) version=debian tools="apt-get dpkg" ;;
  k6) exec nice -n 10 sh "$here/../../ci/k6_2.sh" ;;
  *) echo "no such server: $name" >&2; exit 2 ;;
esac
folder="$cache/$name-$version"

influxd() {
  module=github.com/influxdata/influxdb/v2
  cp "$here/influxd/main.go" . &&
  # Its own go.mod asks for this replacement, and a module that is required cannot bring one along.
  printf 'module influxdbuild\n\ngo 1.25\n\nrequire %s v%s\n\nreplace %s => %s\n' "$module" "$version" \
    "github.com/nats-io/nats-streaming-server v0.11.2" \
    "github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803" >go.mod &&
  # This pkg-config builds libflux with cargo. The toolchain that flux pins need not be installed.
  GOBIN="$PWD" GOFLAGS=-mod=mod go install github.com/influxdata/pkg-config@v0.3.0 &&
  RUSTUP_TOOLCHAIN="${RUSTUP_TOOLCHAIN:-stable}" PKG_CONFIG="$PWD/pkg-config" CGO_ENABLED=1 \
    GOFLAGS=-mod=mod go build -tags sqlite_foreign_keys,sqlite_json \
    -ldflags "-s -w -X main.version=v$version" -o influxd .
}

telegraf() {
  tags=custom,inputs.statsd,inputs.docker,inputs.cpu,inputs.mem,inputs.internal,inputs.http
  tags=$tags,outputs.influxdb_v2,outputs.file,outputs.health,processors.regex,processors.starlark
  tags=$tags,parsers.influx,parsers.prometheus,serializers.influx,secretstores.docker
  GOBIN="$PWD" CGO_ENABLED=0 go install -tags "$tags" \
    -ldflags "-s -w -X github.com/influxdata/telegraf/internal.Version=$version" \
    "github.com/influxdata/telegraf/cmd/telegraf@v$version"
}

nginx() {
  { apt-get download nginx || { apt-get update && apt-get download nginx; }; } &&
    dpkg -x nginx_*.deb package && mv package/usr/sbin/nginx nginx
}

if [ ! -x "$folder/$name" ]; then
  for tool in $tools; do
    command -v "$tool" >/dev/null 2>&1 || {
      echo "$tool is needed to make $name $version" >&2
      echo "  what to do: install it; Go must be 1.26 or newer, Rust 1.83 or newer" >&2
      exit 1
    }
  done
  mkdir -p "$cache"
  exec 9>"$cache/.$name.lock"
  flock 9  # two builds at once would cost twice the time
fi
if [ ! -x "$folder/$name" ]; then
  build=$(mktemp -d)
  trap 'chmod -R u+w "$build"; rm -rf "$build"' EXIT
  renice -n 10 $$ >/dev/null
  (cd "$build" && "$name") >"$build/log" 2>&1 || { tail -n 20 "$build/log" >&2; exit 1; }
  mkdir -p "$folder"
  mv "$build/$name" "$folder/$name"
fi
echo "$folder/$name"
