#!/bin/sh
# The set-up of the official influxdb image, as far as stack/compose.yml uses it: on the first start
# influxd listens on another port, is set up from DOCKER_INFLUXDB_INIT_*, and starts again on 8086.
set -eu
[ "${1:-influxd}" = influxd ] || exec "$@"
[ $# -eq 0 ] || shift
data=/var/lib/influxdb2
export INFLUXD_BOLT_PATH=$data/influxd.bolt INFLUXD_ENGINE_PATH=$data/engine

value() {  # of a variable, or of the file that its _FILE twin names
  eval "file=\${DOCKER_INFLUXDB_INIT_$1_FILE:-} text=\${DOCKER_INFLUXDB_INIT_$1:-}"
  if [ -n "$file" ]; then cat "$file"; else printf %s "$text"; fi
}
seconds() {
  number=${1%[smhdw]}
  case $1 in
    *w) echo $((number * 604800)) ;; *d) echo $((number * 86400)) ;; *h) echo $((number * 3600)) ;;
    *m) echo $((number * 60)) ;; *) echo "$number" ;;
  esac
}

if [ "${DOCKER_INFLUXDB_INIT_MODE:-}" = setup ] && [ ! -e "$INFLUXD_BOLT_PATH" ]; then
  for name in USERNAME PASSWORD ORG BUCKET; do
    [ -n "$(value $name)" ] || { echo "missing DOCKER_INFLUXDB_INIT_$name" >&2; exit 1; }
  done
  port=${INFLUXD_INIT_PORT:-9999}
  influxd --http-bind-address "127.0.0.1:$port" &
  pid=$!
  trap 'kill $pid 2>/dev/null || :; rm -rf $data/*' EXIT
  until wget -q -O /dev/null "http://127.0.0.1:$port/health"; do kill -0 $pid; sleep 0.2; done
  token=$(value ADMIN_TOKEN)
  wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "$(printf \
    '{"username":"%s","password":"%s","org":"%s","bucket":"%s","retentionPeriodSeconds":%s%s}' \
    "$(value USERNAME)" "$(value PASSWORD)" "$(value ORG)" "$(value BUCKET)" \
    "$(seconds "${DOCKER_INFLUXDB_INIT_RETENTION:-0}")" "${token:+,\"token\":\"$token\"}")" \
    "http://127.0.0.1:$port/api/v2/setup"
  kill $pid
  wait $pid || :
  trap - EXIT
fi
exec influxd "$@"
