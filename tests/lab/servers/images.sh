#!/bin/sh
# images.sh PYTHON : make the images that stack/compose.yml names, from the real programs, where no
# image registry can be reached. An image is made again only when what goes into it has changed, and
# one without our label (an official one) is left as it is. PYTHON has ltlab's packages installed.
# Grafana alone is no real server: a fake built to the contract of its API. nginx is Debian's.
set -eu
python=$1
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../../.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ltlab-ci"
mkdir -p "$cache"
exec 9>"$cache/.images.lock"
flock 9
work=$(mktemp -d "$cache/rootfs.XXXXXX")  # beside the caches: npm's files are hard-linked, not copied
trap 'rm -rf "$work"' EXIT

image() { sed -n "s|^ *image: \($1:.*\)|\1|p" "$repository"/stack/*.yml | head -n 1; }

stale() {  # stale TAG FILE-OR-TEXT... : what goes in has changed, or there is no such image
  tag=$1
  shift
  key=$({ for part in "$@" "$here/rootfs.sh" "$here/images.sh"; do
    if [ -d "$part" ]; then
      find "$part" -name '*.py' -type f | sort | xargs cat
    elif [ -f "$part" ]; then
      cat "$part"
    else
      echo "$part"
    fi
  done; } | cksum | tr ' ' -)
  found=$(docker image inspect --format '{{index .Config.Labels "ltlab.standin"}}|' "$tag" 2>/dev/null || echo none)
  [ "$found" != "|" ] && [ "$found" != "$key|" ]
}
import() {  # import FOLDER DOCKERFILE-LINE... : as $tag, labelled with $key
  folder=$1
  shift
  set -- "$@" "ENV PATH=/opt/artillery/node_modules/.bin:/usr/local/bin:/usr/bin:/bin" "LABEL ltlab.standin=$key"
  for line in "$@"; do
    shift
    set -- "$@" --change "$line"
  done
  old=$(docker image inspect --format '{{.Id}}' "$tag" 2>/dev/null || :)
  tar -C "$folder" --numeric-owner -c . | docker import "$@" - "$tag" >/dev/null
  # What lost its name to the new one would lie about for ever; a container may still hold on to it.
  [ -z "$old" ] || [ "$(docker image inspect --format '{{len .RepoTags}}' "$old")" != 0 ] ||
    docker image rm "$old" >/dev/null 2>&1 || :
  echo "made $tag" >&2
}
server() { sh "$here/build.sh" "$1"; }

python_root() {  # python_root FOLDER : the interpreter, its standard library, the toy API's packages
  library=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["stdlib"])')
  name=$(basename "$library")
  mkdir -p "$1/usr/local/lib" "$1/app"
  tar -C "$(dirname "$library")" -c --exclude=__pycache__ --exclude="$name/test" --exclude="$name/site-packages" \
    --exclude="$name/dist-packages" --exclude="$name/idlelib" --exclude="$name/ensurepip" --exclude="$name/config-*" \
    "$name" | tar -C "$1/usr/local/lib" -x
  "$python" -m pip install --quiet --no-deps --require-hashes --only-binary=:all: --no-compile \
    --target "$1/app/packages" --requirement "$repository/stack/toy-api/requirements.txt"
  sh "$here/rootfs.sh" "$1" "$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))'):usr/local/bin/python3"
}
python_lines="ENV PYTHONHOME=/usr/local PYTHONPATH=/app:/app/packages PYTHONDONTWRITEBYTECODE=1"

influxd=$(server influxd)
if stale "$(image influxdb)" "$influxd" "$here/influxdb-entrypoint.sh"; then
  sh "$here/rootfs.sh" "$work/influxdb" "$influxd"
  mkdir -p "$work/influxdb/var/lib/influxdb2"
  install -m 755 "$here/influxdb-entrypoint.sh" "$work/influxdb/entrypoint.sh"
  import "$work/influxdb" 'ENTRYPOINT ["/entrypoint.sh"]' 'CMD ["influxd"]' 'VOLUME /var/lib/influxdb2 /etc/influxdb2'
fi
telegraf=$(server telegraf)
if stale "$(image telegraf)" "$telegraf"; then
  sh "$here/rootfs.sh" "$work/telegraf" "$telegraf"
  mkdir -p "$work/telegraf/etc/telegraf"
  import "$work/telegraf" 'ENTRYPOINT ["telegraf"]' 'CMD ["--config", "/etc/telegraf/telegraf.conf"]'
fi
k6=$(server k6)
if stale "$(image grafana/k6)" "$k6"; then
  sh "$here/rootfs.sh" "$work/k6" "$k6"
  install -d -o 12345 -g 12345 "$work/k6/home/k6"
  import "$work/k6" 'ENTRYPOINT ["k6"]' 'USER 12345' 'WORKDIR /home/k6'
fi
if stale "$(image ltlab/toy-api)" "$repository/toy_api" "$repository/stack/toy-api/requirements.txt" "$("$python" -V)"; then
  python_root "$work/toy-api"
  cp -R "$repository/toy_api" "$work/toy-api/app/"
  import "$work/toy-api" "$python_lines" 'ENTRYPOINT ["python3", "-m", "toy_api"]' 'CMD ["--host", "0.0.0.0"]' 'WORKDIR /app'
fi
if stale "$(image grafana/grafana)" "$repository/tests/fakes" "$repository/stack/toy-api/requirements.txt" "$("$python" -V)"; then
  python_root "$work/grafana"
  mkdir -p "$work/grafana/app/tests" "$work/grafana/etc/grafana/provisioning" "$work/grafana/var/lib/grafana"
  cp -R "$repository/tests/fakes" "$work/grafana/app/tests/"
  import "$work/grafana" "$python_lines" 'ENTRYPOINT ["python3", "-m", "tests.fakes.grafana"]' 'WORKDIR /app'
fi
nginx=$(server nginx)
if stale "$(image nginx)" "$nginx"; then
  sh "$here/rootfs.sh" "$work/nginx" "$nginx:usr/sbin/nginx"
  mkdir -p "$work/nginx/etc/nginx" "$work/nginx/var/log/nginx" "$work/nginx/var/lib/nginx"
  import "$work/nginx" 'ENTRYPOINT ["/usr/sbin/nginx"]' 'CMD ["-g", "daemon off;"]'
fi
if stale "$(image artilleryio/artillery)" "$repository/ltlab_ci/load/locks/artillery/package-lock.json"; then
  installed=$("$python" "$here/artillery.py")  # two lines: the node program, the installation's folder
  sh "$here/rootfs.sh" "$work/artillery" "$(echo "$installed" | head -n 1)"
  mkdir -p "$work/artillery/opt/artillery" "$work/artillery/scripts"
  modules=$(echo "$installed" | tail -n 1)/node_modules
  cp -al "$modules" "$work/artillery/opt/artillery/" 2>/dev/null || cp -a "$modules" "$work/artillery/opt/artillery/"
  mkdir -p "$work/artillery/home/node"
  ln -s /opt/artillery/node_modules/artillery "$work/artillery/home/node/artillery"  # where the official one has it
  ln -s /opt/artillery/node_modules "$work/artillery/home/node/node_modules"  # its dependencies, seen from there
  import "$work/artillery" 'ENTRYPOINT ["/home/node/artillery/bin/run"]' 'WORKDIR /scripts'
fi
