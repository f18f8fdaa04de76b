#!/bin/sh
# daemon.sh : make a Docker daemon answer. One that answers already is left as it is; else Debian's is
# installed if need be and started (root), with its data in the cache beside the built servers. What
# images.sh takes from Debian is installed too. Prints the pid of a daemon that it started: kill that.
set -eu
state="${XDG_CACHE_HOME:-$HOME/.cache}/ltlab-ci/docker"
answers() { docker version >/dev/null 2>&1; }
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

missing=
need busybox busybox-static
need openssl openssl
if ! answers; then
  need dockerd docker.io
  need docker docker.io
  need iptables iptables
fi
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if [ -n "$missing" ]; then
  log=$(mktemp)
  if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "the lab's tests need:$missing" >&2
    echo "  what to do: install these with your system's package manager" >&2
    exit 1
  fi
  rm -f "$log"
fi
! answers || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "no Docker daemon answers, and only root can start one" >&2
  echo "  what to do: start Docker, and be in the group docker" >&2
  exit 1
fi

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
