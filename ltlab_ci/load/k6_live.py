"""k6's own InfluxDB output: live graphs while it runs, and most of the samples that are judged.

k6 speaks InfluxDB 1; version 2 takes an API token as the password of any user (its source:
`v1/authorization/authorizer.go`). Not here: what was lost on the way (store/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ltlab_ci import model

_AS_ASSUMED = {
    "K6_INFLUXDB_TAGS_AS_FIELDS": "vu,iter,url",
    "K6_INFLUXDB_PRECISION": "ns",
    "K6_INFLUXDB_PUSH_INTERVAL": "1s",
    "K6_INFLUXDB_CONCURRENT_WRITES": "4",
    "K6_INFLUXDB_RETENTION": "",
    "K6_INFLUXDB_CONSISTENCY": "",
    "K6_INFLUXDB_PROXY": "",
}
"""What is written again after a run must be the same points, so no environment may say otherwise."""


def env(live: model.Live | None) -> dict[str, str]:
    """Return k6's settings for its output; the token is not among the arguments."""
    if live is None or live.influx is None:
        return {}
    return {
        **_AS_ASSUMED,
        "K6_INFLUXDB_USERNAME": "ltlab",
        "K6_INFLUXDB_PASSWORD": live.influx.token,
    }


def words(
    live: model.Live | None,
    own_tags: Mapping[str, str],
    args: Sequence[str],
    process: Mapping[str, str],
) -> tuple[str, ...]:
    """Return the arguments for output and tags; `process` is the tag that tells several k6 apart.

    A `--tag` replaces the script's `options.tags` as a whole, so those are given again.
    """
    ours = {**(live.tags if live else {}), **process}
    if not ours:
        return ()
    replaced = any(word.split("=")[0] == "--tag" for word in args)
    tags = {**({} if replaced else own_tags), **ours}
    influx = live.influx if live else None
    out = (f"--out=influxdb={influx.url}/{influx.bucket}",) if influx else ()
    return (*out, *(f"--tag={name}={value}" for name, value in tags.items()))
