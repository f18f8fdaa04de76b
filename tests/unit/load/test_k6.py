"""k6 is called so that every sample and its own verdicts are kept, whatever the user sets."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.load import k6
from ltlab_ci.load.plan import Part, Plan, Script, Tool
from ltlab_ci.store import duck
from tests import factories

TOOL = Tool(argv=("/opt/k6",), version="1.1.0", source="PATH")
VERSIONS = ("1.1.0", "2.2.0")


def planned(scenario: model.Scenario, script: Script | None = None, base_url: str = "") -> Plan:
    run_dir = Path("/report/logs/browse")
    return k6.plan(TOOL, scenario, script or Script(), base_url=base_url, run_dir=run_dir)


def test_plan__is_the_whole_command() -> None:
    plan = planned(factories.a_scenario(args=("--vus", "3")), base_url="http://127.0.0.1:5000")
    assert plan.argv == (
        "/opt/k6",
        "run",
        "--no-color",
        "--out",
        "csv=/report/logs/browse/samples.csv",
        "--summary-export",
        "/report/logs/browse/k6-summary.json",
        f"--system-tags={','.join(model.SYSTEM_TAGS)},vu",
        "--vus",
        "3",
        "/project/browse.js",
    )
    assert plan.log == Path("/report/logs/browse/k6.log")


def test_plan__outputs_of_the_environment_are_kept_beside_ours() -> None:
    plan = planned(factories.a_scenario(), Script(outputs=("json=out.json",)))
    assert "--out=json=out.json" in plan.argv
    assert plan.argv.index("--out") < plan.argv.index("--out=json=out.json")


def test_plan__what_would_replace_a_held_load_is_not_in_its_environment() -> None:
    plan = planned(factories.a_scenario(), Script(without=("K6_STAGES", "K6_VUS")))
    assert plan.argv[:6] == ("env", "-u", "K6_STAGES", "-u", "K6_VUS", "/opt/k6")


LIVE = model.Live(
    tags={"testid": "shop-1", "project": "shop"},
    influx=model.Influx(url="http://127.0.0.1:8086", token="s3cret-token"),
)


def live_plan(live: model.Live | None, *args: str, own: Mapping[str, str] | None = None) -> Plan:
    return k6.plan(
        TOOL,
        factories.a_scenario(args=args),
        Script(tags=own or {}),
        base_url="",
        run_dir=Path("/report"),
        live=live,
    )


def test_plan__live_writes_to_influxdb_with_the_runs_tags() -> None:
    plan = live_plan(LIVE, own={"team": "a=b"})
    assert "--out=influxdb=http://127.0.0.1:8086/ltlab" in plan.argv
    tags = [word for word in plan.argv if word.startswith("--tag=")]
    assert tags == ["--tag=team=a=b", "--tag=testid=shop-1", "--tag=project=shop"]
    assert plan.env["K6_INFLUXDB_PASSWORD"] == "s3cret-token"
    assert not any("s3cret" in word for word in (*plan.argv, repr(LIVE)))


def test_plan__live_leaves_out_option_tags_that_an_argument_replaces() -> None:
    for args in (("--tag", "team=b"), ("--tag=team=b",)):
        words = live_plan(LIVE, *args, own={"team": "a", "other": "c"}).argv
        assert not any("team=a" in word or "other=c" in word for word in words)


def test_plan__a_part_has_its_segment_and_a_tag_beside_those_of_the_script() -> None:
    argv = k6.plan(
        TOOL,
        factories.a_scenario(processes=3),
        Script(tags={"team": "a"}),
        base_url="",
        run_dir=Path("/report"),
        part=Part(number=2, of=3),
    ).argv
    assert argv[-5:-1] == (
        "--tag=team=a",
        "--tag=instance_id=2",
        "--execution-segment=1/3:2/3",
        "--execution-segment-sequence=0,1/3,2/3,1",
    )


@pytest.mark.processes
def test_inspect__refuses_to_share_what_one_share_could_end(tmp_path: Path) -> None:
    stated = {"thresholds": {"checks": ["rate>0", {"threshold": "rate>1", "abortOnFail": True}]}}
    tool = a_program(tmp_path, f"echo '{json.dumps(stated)}'")
    k6.inspect(tool, factories.a_scenario(), factories.a_machine(tmp_path))
    with pytest.raises(errors.ConfigError, match="abortOnFail"):
        k6.inspect(tool, factories.a_scenario(processes=2), factories.a_machine(tmp_path))


@pytest.mark.processes
def test_inspect__refuses_a_segment_in_the_script_beside_ours(tmp_path: Path) -> None:
    tool = a_program(tmp_path, 'echo \'{"executionSegment": "0:1/2"}\'')
    with pytest.raises(errors.ConfigError, match="an execution segment of its own"):
        k6.inspect(tool, factories.a_scenario(processes=2), factories.a_machine(tmp_path))


@pytest.mark.parametrize("word", ["--execution-segment=0:1/2", "--execution-segment-sequence"])
def test_inspect__refuses_segments_of_the_users_own_beside_ours(tmp_path: Path, word: str) -> None:
    scenario = factories.a_scenario(processes=2, args=(word, "0,1"))
    with pytest.raises(errors.ConfigError, match="ltlab itself gives"):
        k6.inspect(TOOL, scenario, factories.a_machine(tmp_path))


def test_plan__live_without_influxdb_still_tags() -> None:
    plan = live_plan(model.Live(tags={"testid": "r"}))
    assert "--tag=testid=r" in plan.argv
    assert not any("influxdb" in word for word in plan.argv)
    assert not any(name.startswith("K6_INFLUXDB") for name in plan.env)


def test_plan__calls_nobody_and_counts_nanoseconds() -> None:
    env = planned(factories.a_scenario()).env
    assert env["K6_NO_USAGE_REPORT"] == "true"
    assert env["K6_AUTO_EXTENSION_RESOLUTION"] == "false"
    assert env["K6_CSV_TIME_FORMAT"] == "unix_nano"


@pytest.mark.parametrize(
    ("base_url", "env", "expected"),
    [
        ("http://127.0.0.1:5000", {}, "http://127.0.0.1:5000"),
        ("http://127.0.0.1:5000", {"BASE_URL": "http://shop.test"}, "http://shop.test"),
        ("", {}, None),
    ],
)
def test_plan__base_url(base_url: str, env: Mapping[str, str], expected: str | None) -> None:
    plan = planned(factories.a_scenario(env=env), base_url=base_url)
    assert plan.env.get("BASE_URL") == expected


def test_plan__gives_the_script_its_environment() -> None:
    assert planned(factories.a_scenario(env={"RATE": "50"})).env["RATE"] == "50"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("K6_CSV_TIME_FORMAT", "unix"),
        ("K6_LOG_OUTPUT", "none"),
        ("K6_LOG_FORMAT", "json"),
        ("K6_NO_THRESHOLDS", "true"),
        ("K6_NO_SUMMARY", "true"),
        ("K6_SUMMARY_MODE", "disabled"),
    ],
)
def test_plan__no_variable_takes_away_what_is_read_afterwards(name: str, value: str) -> None:
    # Each was tried: k6 exits with 0 and leaves no trace of what its iterations threw.
    env = planned(factories.a_scenario(env={name: value})).env
    assert env[name] != value
    assert name in planned(factories.a_scenario()).env


@pytest.mark.parametrize(
    "word",
    [
        "--summary-export=other.json",
        "--summary-mode=disabled",
        "--no-summary",
        "--no-thresholds",
        "--log-output=none",
        "--log-format=json",
    ],
)
def test_inspect__refuses_arguments_that_take_away_what_is_read_afterwards(
    tmp_path: Path, word: str
) -> None:
    scenario = factories.a_scenario(args=("--vus", "3", word))
    with pytest.raises(errors.ConfigError) as caught:
        k6.inspect(TOOL, scenario, factories.a_machine(tmp_path))
    assert word in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("pattern", ["a&b", "a=b", "*="])
def test_inspect__refuses_thresholds_on_tags_that_the_output_cannot_carry(
    tmp_path: Path, pattern: str
) -> None:
    threshold = model.Threshold.parse(f"http_reqs{{kind:{pattern}}}", "count > 1")
    scenario = factories.a_scenario(thresholds=(threshold,))
    with pytest.raises(errors.ConfigError) as caught:
        k6.inspect(TOOL, scenario, factories.a_machine(tmp_path))
    assert "'kind'" in caught.value.message
    assert threshold.key in caught.value.message


def a_program(tmp_path: Path, *lines: str) -> Tool:
    """Write a small program that stands for k6."""
    path = tmp_path / "k6"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return Tool(argv=(str(path),), version="1.1.0", source="configured")


@pytest.mark.processes
@pytest.mark.parametrize(
    ("key", "tags", "refused"),
    [
        ("http_reqs{kind:a}", {"team": "a&b"}, True),
        ("http_reqs{kind:a}", {"te=am": "a"}, True),
        ("http_reqs{kind:a}", {"team": "a"}, False),
        ("http_reqs{name:a}", {"team": "a&b"}, False),
        ("http_reqs", {"team": "a&b"}, False),
    ],
)
def test_inspect__refuses_option_tags_that_make_custom_ones_unreadable(
    tmp_path: Path,
    key: str,
    tags: Mapping[str, str],
    refused: bool,  # noqa: FBT001
) -> None:
    scenario = factories.a_scenario(thresholds=(model.Threshold.parse(key, "count > 1"),))
    tool = a_program(tmp_path, f"echo '{json.dumps({'tags': tags})}'")
    if not refused:
        script = k6.inspect(tool, scenario, factories.a_machine(tmp_path))
        assert (script.tags, script.options) == (tags, {"tags": tags})
        return
    with pytest.raises(errors.ConfigError) as caught:
        k6.inspect(tool, scenario, factories.a_machine(tmp_path))
    assert key in caught.value.remedy


@pytest.mark.processes
@pytest.mark.parametrize("version", VERSIONS)
def test_inspect__knows_how_long_the_load_will_last(tmp_path: Path, version: str) -> None:
    captured = factories.CAPTURED / f"k6-{version}" / "inspect" / "duration.json"
    tool = a_program(tmp_path, f"/bin/cat {captured}")
    script = k6.inspect(tool, factories.a_scenario(), factories.a_machine(tmp_path))
    assert script.load.duration_s == 30.0


NO_VUS = "scenario default has configuration errors: the number of VUs must be more than 0"
ONE_VU = {"vus": 1, "scenarios": {"default": {"executor": "constant-vus", "duration": "2s"}}}


def a_k6_without_vus(tmp_path: Path, written: Mapping[str, object]) -> Tool:
    """Write what inspects as k6 does: without K6_VUS, or VUs in the script, there are none."""
    return a_program(
        tmp_path,
        'case "$*" in',
        f'  *--execution-requirements*) if [ -z "$K6_VUS" ]; then echo \'level=error msg="{NO_VUS}"\' >&2;',
        f"    exit 104; else echo '{json.dumps(ONE_VU)}'; fi;;",
        f"  *) echo '{json.dumps(written)}';;",
        "esac",
    )


@pytest.mark.processes
@pytest.mark.parametrize(
    ("written", "args", "loads"),
    [
        ({"vus": None, "duration": "2s", "scenarios": None}, (), True),
        ({"vus": None, "scenarios": {"a": {"vus": 5}}}, ("-i", "10"), True),
        ({"vus": 0, "duration": "2s", "scenarios": None}, (), False),
        ({"vus": None, "scenarios": {"default": {"vus": 0}}}, (), False),
    ],
)
def test_inspect__one_vu_is_the_default_and_none_is_a_mistake(
    tmp_path: Path,
    written: Mapping[str, object],
    args: tuple[str, ...],
    loads: bool,  # noqa: FBT001
) -> None:
    tool, scenario = a_k6_without_vus(tmp_path, written), factories.a_scenario(args=args)
    machine = factories.a_machine(tmp_path)
    if loads:
        assert k6.inspect(tool, scenario, machine).load.duration_s == 2.0
        return
    with pytest.raises(errors.ConfigError, match="the number of VUs must be more than 0"):
        k6.inspect(tool, scenario, machine)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("environ", "env", "outputs"),
    [
        ({"K6_OUT": "json=a.json"}, {}, ("json=a.json",)),
        ({"K6_OUT": "json=a.json"}, {"K6_OUT": "json=b.json"}, ("json=b.json",)),
        ({}, {}, ()),
        ({"K6_CONFIG": "k6.json"}, {}, ("json=c.json",)),
        ({"K6_CONFIG": "none.json"}, {}, ()),
    ],
)
def test_inspect__keeps_the_outputs_that_the_environment_asks_for(
    tmp_path: Path,
    environ: Mapping[str, str],
    env: Mapping[str, str],
    outputs: tuple[str, ...],
) -> None:
    tool = a_program(tmp_path, "echo '{}'")
    (tmp_path / "k6.json").write_text('{"out": ["json=c.json"]}')
    machine = factories.a_machine(tmp_path, environ=environ)
    assert k6.inspect(tool, factories.a_scenario(env=env), machine).outputs == outputs


@pytest.mark.processes
def test_inspect__says_why_a_script_does_not_load(tmp_path: Path) -> None:
    captured = factories.CAPTURED / "k6-1.1.0" / "setup_throws" / "k6.log"
    tool = a_program(tmp_path, f"/bin/cat {captured} >&2", "exit 107")
    with pytest.raises(errors.ConfigError) as caught:
        k6.inspect(tool, factories.a_scenario(), factories.a_machine(tmp_path))
    assert caught.value.message.startswith(
        "scenario browse: k6 cannot load browse.js: Error: the database is empty"
    )


@pytest.mark.processes
def test_inspect__hands_on_no_credential(tmp_path: Path) -> None:
    tool = a_program(tmp_path, f"/usr/bin/env > {tmp_path}/seen", "echo '{}'")
    machine = factories.a_machine(
        tmp_path, environ={"LTLAB_TOKEN": "s3cret", "PATH": "/usr/bin:/bin"}, base_url="http://a"
    )
    k6.inspect(tool, factories.a_scenario(env={"RATE": "50"}), machine)
    seen = (tmp_path / "seen").read_text()
    assert "s3cret" not in seen
    assert {"RATE=50", "BASE_URL=http://a"} <= set(seen.splitlines())


@pytest.mark.processes
@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("k6 v1.1.0 (commit/0e3fb953be, go1.24.4, linux/amd64)", "1.1.0"),
        ("k6v2 v2.2.0 (go1.26.8, linux/amd64)", "2.2.0"),
        ("k6 v10.0.1", "10.0.1"),
    ],
)
def test_find__takes_the_configured_one(tmp_path: Path, said: str, version: str) -> None:
    a_program(tmp_path, f"echo '{said}'")
    tool = k6.find(factories.a_machine(tmp_path), "./k6")
    assert tool == Tool(argv=(str(tmp_path / "k6"),), version=version, source="configured")


@pytest.mark.processes
def test_find__takes_the_one_on_path_next(tmp_path: Path) -> None:
    a_program(tmp_path, "echo k6 v1.9.0")
    machine = factories.a_machine(tmp_path, environ={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    tool = k6.find(machine, "")
    assert (tool.argv, tool.source) == ((str(tmp_path / "k6"),), "PATH")


@pytest.mark.processes
@pytest.mark.parametrize("said", ["k6 v0.57.0", "something else", ""])
def test_find__refuses_what_is_too_old_or_no_k6(tmp_path: Path, said: str) -> None:
    a_program(tmp_path, f"echo '{said}'")
    with pytest.raises(errors.EngineError, match=r"ltlab needs k6 1\.0 or newer"):
        k6.find(factories.a_machine(tmp_path), "./k6")


@pytest.mark.processes
def test_find__a_configured_one_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.EngineError, match=r"cannot start .*/nowhere: No such file"):
        k6.find(factories.a_machine(tmp_path), "./nowhere")


def header_and_rows(version: str, name: str) -> tuple[bytes, list[dict[str, str]]]:
    path = factories.CAPTURED / f"k6-{version}" / name / "samples.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return path.read_bytes(), list(csv.DictReader(file))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["thresholds", "odd_names", "infinite", "no_request"])
@pytest.mark.parametrize("step", [61, 1_000_000])
def test_reader__every_row_of_a_real_file_is_handed_on(
    run_dir: Path, version: str, name: str, step: int
) -> None:
    text, expected = header_and_rows(version, name)
    reader = k6.reader(run_dir)
    assert list(reader.drain()) == []
    found: list[dict[str, str]] = []

    def take(batches: object) -> None:
        for batch in batches:  # type: ignore[attr-defined]
            for path in batch.paths:
                with path.open(encoding="utf-8", newline="") as file:
                    found.extend(csv.DictReader(file, fieldnames=batch.columns))

    for start in range(0, len(text), step):
        with (run_dir / k6.CSV).open("ab") as file:
            file.write(text[start : start + step])
        take(reader.drain())
    take(reader.finish())
    assert found == expected
    assert list(run_dir.iterdir()) == []


def test_reader__a_header_alone_is_no_batch(run_dir: Path) -> None:
    (run_dir / k6.CSV).write_text(",".join(factories.K6_COLUMNS) + "\n")
    reader = k6.reader(run_dir)
    assert list(reader.drain()) == []
    assert list(reader.finish()) == []
    assert list(run_dir.iterdir()) == []


def test_reader__a_row_that_was_cut_off_stays_in_the_file(run_dir: Path) -> None:
    header = ",".join(factories.K6_COLUMNS) + "\n"
    (run_dir / k6.CSV).write_text(header + "http_reqs,1,1.0" + "," * 16 + "\nhttp_re")
    batches = [
        ([path.read_text() for path in batch.paths], batch.columns)
        for batch in k6.reader(run_dir).finish()
    ]
    assert batches == [(["http_reqs,1,1.0" + "," * 16 + "\n"], factories.K6_COLUMNS)]
    assert [path.name for path in run_dir.iterdir()] == [k6.CSV]


def test_reader__without_any_file_there_is_nothing(run_dir: Path) -> None:
    assert list(k6.reader(run_dir).finish()) == []


def test_reader__a_batch_that_could_not_be_stored_keeps_its_file(run_dir: Path) -> None:
    row = "http_reqs,1,1.0" + "," * 16 + "\n"
    (run_dir / k6.CSV).write_text(",".join(factories.K6_COLUMNS) + "\n" + row)
    reader = k6.reader(run_dir)
    for _batch in reader.drain():
        break
    assert [path.read_text() for path in run_dir.glob("rows-*.csv")] == [row]


@pytest.mark.parametrize("version", VERSIONS)
def test_reader__hostile_names_arrive_in_the_store(
    run_dir: Path, tmp_path: Path, version: str
) -> None:
    text, expected = header_and_rows(version, "odd_names")
    (run_dir / k6.CSV).write_bytes(text)
    writer = duck.Writer(tmp_path / "samples", "browse")
    for batch in k6.reader(run_dir).finish():
        writer.ingest(batch)
    assert writer.close() == len(expected)
    names = {row["name"] for row in expected if row["metric_name"] == "http_reqs"}
    store = duck.Store(tmp_path / "samples")
    asked = {
        name: factories.a_question("http_reqs", "count", tags=(("name", name.replace("*", "\\*")),))
        for name in names
    }
    answers = store.ask(asked.values())
    store.close()
    assert any("\n" in name and "\u2028" in name and "\0" in name for name in names)
    assert {answers[question].count for question in asked.values()} == {2}


@pytest.mark.parametrize("header", [b"", b"\xff", b"metric_name", b"a,a", b"http_reqs,1,1.0,,,,"])
def test_reader__a_file_that_does_not_begin_with_its_columns_is_refused(
    run_dir: Path, header: bytes
) -> None:
    (run_dir / k6.CSV).write_bytes(header + b"\nhttp_reqs,1,1.0\n")
    with pytest.raises(errors.StoreError) as caught:
        list(k6.reader(run_dir).finish())
    factories.assert_two_lines(caught.value)


def test_reader__keeps_k6_s_file_when_a_batch_was_not_taken(run_dir: Path) -> None:
    row = "http_reqs,1,1.0" + "," * 16 + "\n"
    (run_dir / k6.CSV).write_text(",".join(factories.K6_COLUMNS) + "\n" + row)
    reader = k6.reader(run_dir)
    for _batch in reader.drain():
        break
    assert list(reader.finish()) == []
    assert (run_dir / k6.CSV).exists()
