#!/bin/sh
# daemon.sh : make a Docker daemon answer. One that answers already is left as it is; else Debian's
# packages are installed if missing (root and apt) and dockerd is started, with its data in the cache
# beside the built servers. Prints the pid of a daemon that it started: kill that to stop it.
set -eu
state="${XDG_CACHE_HOME:-$HOME/.cache}/ltlab-ci/docker"

missing=
command -v docker >/dev/null 2>&1 && command -v dockerd >/dev/null 2>&1 || missing="$missing docker.io"
command -v iptables >/dev/null 2>&1 || missing="$missing iptables"
command -v busybox >/dev/null 2>&1 || missing="$missing busybox-static"
answers() { docker version >/dev/null 2>&1; }

if ! answers || ! command -v busybox >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ] || { [ -n "$missing" ] && ! command -v apt-get >/dev/null 2>&1; }; then
    echo "no Docker daemon answers, and none can be started here; missing:${missing:- nothing but root}" >&2
    echo "  what to do: start Docker, and install busybox-static" >&2
    exit 1
  fi
  if [ -n "$missing" ]; then
    log=$(mktemp)
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
      >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
    rm -f "$log"
  fi
fi
! answers || exit 0

mkdir -p "$state"
# A session of its own: a Ctrl-C meant for the tests must not stop the daemon before the containers.
setsid dockerd --data-root "$state/data" --exec-root /run/ltlab-ci/docker --pidfile "$state/pid" \
  >"$state/log" 2>&1 </dev/null &
pid=$!
tries=0
until answers; do
  tries=$((tries + 1))
  if [ "$tries" -gt 150 ] || ! kill -0 "$pid" 2>/dev/null; then
    tail -n 20 "$state/log" >&2
    kill "$pid" 2>/dev/null || :
    echo "dockerd did not start; its log: $state/log" >&2
    exit 1
  fi
  sleep 0.2
done
echo "$pid"
