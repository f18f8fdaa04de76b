"""The compose file as users start it: healthy, set up, taking samples of both engines, and gone."""

from __future__ import annotations

import collections
import csv
import dataclasses
import io
import json
import re
import socket
import tarfile
from collections.abc import Iterator, Mapping

import pytest

from tests.lab import stack

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build InfluxDB

DAY_S = 86_400


@pytest.fixture(scope="module")
def lab(docker_env: Mapping[str, str]) -> Iterator[stack.Stack]:
    """Run the compose file as it is, but for its ports."""
    scripts = {"SCRIPTS": str(stack.ROOT / "tests" / "data" / "lab")}
    started = stack.Stack(env={**docker_env, **stack.free_ports(), **scripts})
    try:
        started.up()
        yield started
    finally:
        started.down()


def test_up__every_service_is_healthy_and_only_this_machine_reaches_it(lab: stack.Stack) -> None:
    found = lab.services()
    health = {name: each["State"].get("Health", {}).get("Status") for name, each in found.items()}
    setup = found["setup"]["State"]
    assert (setup["Status"], setup["ExitCode"]) == ("exited", 0)
    assert health == dict.fromkeys(("influxdb", "telegraf", "grafana", "toy-api"), "healthy") | {
        "setup": None
    }
    bound = [port for each in found.values() for port in _published(each)]
    assert {address for address, _ in bound} == {"127.0.0.1"}
    assert {port for _, port in bound} == {v for k, v in lab.env.items() if k in stack.free_ports()}


def test_up__limits_memory_and_logs_of_every_service(lab: stack.Stack) -> None:
    for name, each in lab.services().items():
        assert each["HostConfig"]["Memory"] > 0, name
        assert each["HostConfig"]["LogConfig"]["Config"]["max-size"] == "10m", name


def test_up__no_secret_is_shown_by_docker_inspect(lab: stack.Stack) -> None:
    assert stack.TOKEN not in json.dumps(lab.services())


def test_buckets__are_there_with_their_retention(lab: stack.Stack) -> None:
    assert _buckets(lab) == {
        "ltlab": 14 * DAY_S,
        "ltlab_live": 2 * DAY_S,
        "ltlab_minute": 365 * DAY_S,
    }


def test_setup__again_changes_nothing(lab: stack.Stack) -> None:
    before = lab.influxdb("/api/v2/buckets?org=ltlab")
    lab.compose("run", "--rm", "-T", "--no-deps", "setup")
    assert lab.influxdb("/api/v2/buckets?org=ltlab") == before


def test_statsd__a_packet_of_this_machine_is_read_back_with_its_tags(lab: stack.Stack) -> None:
    tags = {"testid": "probe-1", "project": "lab", "ltlab_scenario": "probe"}
    packet = f"ltlab.probe:7|c|#{','.join(f'{key}:{value}' for key, value in tags.items())}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(packet.encode(), ("127.0.0.1", int(lab.env["STATSD_PORT"])))
    flux = _live('r._measurement == "ltlab_probe"')
    [row] = stack.until(lambda: lab.query(flux), what="probe in InfluxDB")
    assert float(row["_value"]) == 7
    assert {key: row[key] for key in tags} == tags


def test_telegraf__tells_of_itself_and_of_influxdb(lab: stack.Stack) -> None:
    written = _live(
        'r._measurement == "internal_write" and r.output == "influxdb_v2"'
        ' and r._field == "metrics_written"'
    )
    assert stack.until(lambda: lab.query(written), what="Telegraf's own metrics")
    series = _live('r._measurement == "influxdb" and r._field == "storage_bucket_series_num"')
    assert stack.until(lambda: lab.query(series), what="InfluxDB's own metrics")
    log = lab.compose("logs", "--no-log-prefix", "telegraf").stdout.decode()
    assert not re.findall(r"^\S+ E! .*$", log, re.MULTILINE)


def test_k6__every_sample_of_its_csv_is_in_influxdb(lab: stack.Stack) -> None:
    name = f"{lab.project}-k6"
    outputs = ("--out", "influxdb=http://influxdb:8086/ltlab", "--out", "csv=/home/k6/samples.csv")
    tags = ("--tag", "testid=k6-1", "--tag", "project=lab", "--tag", "ltlab_scenario=probe")
    lab.compose("run", "--name", name, "-T", "k6", "run", "--quiet", *outputs, *tags, "probe.js")
    packed = lab.docker("cp", f"{name}:/home/k6/samples.csv", "-").stdout
    lab.docker("rm", name)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        file = tar.extractfile("samples.csv")
        assert file is not None
        rows = csv.DictReader(io.StringIO(file.read().decode()))
        counted = collections.Counter(row["metric_name"] for row in rows)
    stored = lab.query(
        'from(bucket: "ltlab") |> range(start: -1h)'
        ' |> filter(fn: (r) => r.testid == "k6-1" and r.project == "lab" and'
        ' r.ltlab_scenario == "probe" and r._field == "value")'
        ' |> group(columns: ["_measurement"]) |> count()'
    )
    assert counted["http_reqs"] > 190
    assert {row["_measurement"]: int(row["_value"]) for row in stored} == counted


def test_artillery__its_counters_arrive_by_statsd_and_telegraf(lab: stack.Stack) -> None:
    lab.compose("run", "--rm", "-T", "artillery", "run", "--quiet", "probe.yml")

    counters = {
        ("artillery_http", "requests", "true"): 60,
        ("artillery_vusers", "completed", "true"): 30,
        ("artillery_http_codes", "value", 'r.code == "200"'): 30,
        ("artillery_codes", "value", 'r.endpoint == "nowhere" and r.code == "404"'): 30,
    }
    # Gauges: when a run ends just after one of Artillery's steps of ten seconds, both steps come
    # within one of Telegraf's seconds, and the last stays.
    gauges = {
        ("artillery_http_response_time", "count", "not exists r.class"): 60,
        ("artillery_response_time", "count", 'r.endpoint == "get_fast"'): 30,
    }
    run = 'r.testid == "artillery-1" and r.project == "lab" and r.ltlab_scenario == "probe"'

    def total(measurement: str, field: str, tag: str) -> float:
        condition = f'r._measurement == "{measurement}" and r._field == "{field}" and {tag}'
        rows = lab.query(_live(f"{condition} and {run}") + " |> group() |> sum()")
        return float(rows[0]["_value"]) if rows else 0

    # Telegraf writes once a second, and a burst of packets may fall into two writes.
    stack.until(lambda: {key: total(*key) for key in counters} == counters, what=str(counters))
    stack.until(lambda: all(0 < total(*key) <= most for key, most in gauges.items()), what="gauges")


def test_up__a_port_that_is_taken_is_named(docker_env: Mapping[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        started = stack.Stack(
            env={**docker_env, **stack.free_ports(), "INFLUXDB_PORT": port},
        )
        try:
            done = started.up(check=False)
        finally:
            started.down()
    assert done.returncode != 0
    assert re.search(rf"127\.0\.0\.1:{port}.*in use", done.stderr.decode())


def test_up__a_volume_of_another_token_is_told_at_once(docker_env: Mapping[str, str]) -> None:
    env = {**docker_env, **stack.free_ports()}
    copied = dataclasses.replace(
        stack.Stack(env=env | _secrets("first-token")), files=("compose.yml", "copied.yml")
    )
    try:
        copied.compose("up", "--detach", "--wait", "influxdb")
        copied.compose("down")
        other = dataclasses.replace(copied, env=env | _secrets("other-token"))
        other.compose("create")
        other.docker("cp", "setup.sh", f"{other.project}-setup-1:/setup.sh")
        assert other.up(check=False).returncode != 0
        said = other.compose("logs", "--no-log-prefix", "setup").stderr
        said += other.compose("logs", "--no-log-prefix", "setup").stdout
    finally:
        copied.down()
    assert b"InfluxDB does not know the lab's token" in said


def test_copied__files_go_by_copy_and_secrets_stay_hidden(docker_env: Mapping[str, str]) -> None:
    token = "copied-token"
    copied = stack.Stack(
        env={**docker_env, **stack.free_ports(), **_secrets(token)},
        files=("compose.yml", "copied.yml"),
    )
    grafana = f"{copied.project}-grafana-1"
    try:
        copied.compose("create")
        copied.docker("cp", "setup.sh", f"{copied.project}-setup-1:/setup.sh")
        copied.docker("cp", "telegraf.conf", f"{copied.project}-telegraf-1:/etc/telegraf/")
        copied.docker("cp", "../grafana/provisioning/.", f"{grafana}:/etc/grafana/provisioning/")
        board = _tar({"dashboards/own.json": b'{"uid": "own", "title": "Own", "panels": []}'})
        copied.docker("cp", "-", f"{grafana}:/var/lib/grafana", text=board)
        copied.up()
        found = copied.services()
        assert not [m for each in found.values() for m in each["Mounts"] if m["Type"] == "bind"]
        assert token not in json.dumps(found)
        assert copied.influxdb("/api/v2/buckets?name=ltlab_live", token=token)["buckets"]
        copied.docker("exec", grafana, "cat", "/var/lib/grafana/dashboards/own.json")
        provisioned = "/etc/grafana/provisioning/datasources/influxdb.yml"
        copied.docker("exec", grafana, "cat", provisioned)
    finally:
        copied.down()


def test_down__leaves_nothing_not_even_a_one_off_that_still_runs(
    docker_env: Mapping[str, str],
) -> None:
    started = stack.Stack(env={**docker_env, **stack.free_ports()})
    try:
        started.up()
        started.compose("run", "--detach", "--no-deps", "--entrypoint", "sleep", "artillery", "600")
        mounts = [mount for each in started.services().values() for mount in each["Mounts"]]
        volumes = {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
        assert len(started.left()) == 10  # 5 services, the one-off, a network, three volumes
    finally:
        started.down()
    assert started.left() == []
    assert len(volumes) == 3  # and none without a name
    listed = started.docker("volume", "ls", "--quiet").stdout.decode().split()
    assert not volumes & set(listed)


def _published(
    container: Mapping[str, dict[str, dict[str, list[dict[str, str]]]]],
) -> set[tuple[str, str]]:
    ports = container["NetworkSettings"]["Ports"] or {}
    return {(b["HostIp"], b["HostPort"]) for bindings in ports.values() for b in bindings or []}


def _buckets(lab: stack.Stack) -> dict[str, int]:
    found = lab.influxdb("/api/v2/buckets?org=ltlab")["buckets"]
    return {
        each["name"]: each["retentionRules"][0]["everySeconds"]
        for each in found
        if each["type"] == "user"
    }


def _live(condition: str) -> str:
    return f'from(bucket: "ltlab_live") |> range(start: -1h) |> filter(fn: (r) => {condition})'


def _secrets(token: str) -> dict[str, str]:
    return {
        "LTLAB_INFLUXDB_TOKEN": token,
        "LTLAB_INFLUXDB_PASSWORD": "a-password-of-tests",
        "LTLAB_GRAFANA_PASSWORD": "a-password-of-tests",
    }


def _tar(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
