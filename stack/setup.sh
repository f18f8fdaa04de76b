#!/bin/sh
# Make the buckets that InfluxDB's own set-up does not make. One that exists keeps its retention.
set -eu
api=http://influxdb:8086/api/v2
token=$(cat /run/secrets/influxdb_token)

call() {  # call PATH [WGET-OPTION...] : the answer without white space
  path=$1
  shift
  wget -Y off -q -O - --header "Authorization: Token $token" --header "Content-Type: application/json" \
    "$@" "$api/$path" | tr -d ' \n\t'
}
fail() {
  echo "$1" >&2
  echo "  what to do: $2" >&2
  exit 1
}
bucket() {  # bucket NAME DAYS
  case $(call "buckets?orgID=$org&limit=100") in *"\"name\":\"$1\""*) return ;; esac
  case $(call buckets --post-data "{\"orgID\":\"$org\",\"name\":\"$1\",\"retentionRules\":
    [{\"type\":\"expire\",\"everySeconds\":$(($2 * 86400))}]}") in
    *"\"name\":\"$1\""*) ;;
    *) fail "InfluxDB does not make the bucket $1 for $2 days" "look at its log" ;;
  esac
}

# The image's own set-up listens elsewhere: what answers here is set up.
tries=0
until wget -Y off -q -O /dev/null "${api%/api/v2}/health" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || fail "InfluxDB gave no answer in 60 s" "look at its log"
  sleep 0.2
done
org=$(call "orgs?org=ltlab" | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p')
[ -n "$org" ] || fail "InfluxDB does not know the lab's token: its volume was set up with another one" \
  "give that token, or remove the volume and all samples in it"
bucket ltlab_live "$LIVE_DAYS"
bucket ltlab_minute "$MINUTE_DAYS"
