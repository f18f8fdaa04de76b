"""`ltlab compare --samples`: from recorded files to a verdict, a report and an exit code."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ltlab_ci import model
from ltlab_ci.store import duck
from tests import factories
from tests.unit.cli.conftest import Run
from tests.unit.evaluate.compare import simulated
from tests.unit.report import comparisons

HEADER = "metric_name,timestamp,metric_value,error_code,expected_response,method,name,status"


def record(project: Path, recording: model.Recording, *, suffix: str = ".csv") -> tuple[str, str]:
    """Write a recording as k6 does, one file a round; return the two folders."""
    for number, one in enumerate(recording.rounds):
        for side, samples in (("base", one.base), ("head", one.head)):
            lines = [HEADER]
            ends = (samples.start_ns + (samples.ms * 1e6).astype("int64")).tolist()
            for end, ms, ok, code in zip(
                ends,
                samples.ms.tolist(),
                samples.ok.tolist(),
                samples.endpoint.tolist(),
                strict=True,
            ):
                name, method = recording.endpoints[code]
                rest = (
                    f"{'' if ok else 1500},{str(ok).lower()},{method},{name},{200 if ok else 500}"
                )
                lines.append(f"http_req_duration,{end},{ms:.6f},{rest}")
            text = "".join(f"{line}\n" for line in lines).encode()
            path = project / side / f"round-{number}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
    return "base", "head"


def result(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    model.Result.model_validate(found)
    return found


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_compare__a_slowdown_is_red_and_reported(run: Run, project: Path, suffix: str) -> None:
    recording = simulated.a_recording(1, change=0.3, rate=80, endpoints=2)
    sides = record(project, recording, suffix=suffix)
    done = run("compare", "--samples", *sides)
    assert done.exit_code == 1
    assert "Load test: slower: " in done.stdout
    assert "GET /0 p95" in done.stdout
    report = project / "ltlab-report"
    assert "## ❌ Load test: slower" in (report / "summary.md").read_text(encoding="utf-8")
    assert "Base against head" in (report / "report.html").read_text(encoding="utf-8")
    assert not (report / ".spill").exists()


def test_compare__json_carries_every_row(run: Run, project: Path) -> None:
    sides = record(project, simulated.a_recording(1, change=0.3, rate=80))
    done = run("compare", "--samples", *sides, "--json")
    found = result(done.stdout)
    rows = found["comparison"]["rows"]
    assert [(row["metric"], row["name"], row["stat"]) for row in rows] == [
        ("http_req_duration", "/0", "p(50)"),
        ("http_req_duration", "/0", "p(95)"),
    ]
    for row in rows:
        low, high = row["interval"]
        assert low < row["change"] < high
        assert row["head"] / row["base"] == pytest.approx(1.3, rel=0.1)
        assert row["verdict"] == "slower"
    assert (found["exit_code"], found["verdict"]) == (1, "fail")


def test_compare__the_same_samples_give_the_same_bytes(run: Run, project: Path) -> None:
    sides = record(project, simulated.a_recording(2, endpoints=2, rate=80))
    first = run("compare", "--samples", *sides, "--json").stdout
    files = {p.name: p.read_bytes() for p in (project / "ltlab-report").iterdir() if p.is_file()}
    assert run("compare", "--samples", *sides, "--json").stdout == first
    for name, content in files.items():
        assert (project / "ltlab-report" / name).read_bytes() == content, name


def test_compare__no_change_is_green(run: Run, project: Path) -> None:
    sides = record(project, simulated.a_recording(3, rate=400))
    done = run("compare", "--samples", *sides, "--json")
    assert done.exit_code == 0
    assert result(done.stdout)["comparison"]["verdict"] in {"no change", "inconclusive"}


def test_compare__an_invalid_measurement_is_red_and_says_what_to_do(
    run: Run, project: Path
) -> None:
    sides = record(project, simulated.a_recording(4, rounds=1))
    done = run("compare", "--samples", *sides)
    assert done.exit_code == 1
    assert "12 are needed" in " ".join(done.stdout.split())
    assert "what to do: measure for longer" in done.stdout


@pytest.mark.parametrize(
    ("fail_on", "code"), [("never", 0), ("errors,invalid", 0), ("slower", 1), ("faster,slower", 1)]
)
def test_compare__the_user_chooses_what_is_red(
    run: Run, project: Path, fail_on: str, code: int
) -> None:
    sides = record(project, simulated.a_recording(1, change=0.3, rate=80))
    done = run("compare", "--samples", *sides, "--fail-on", fail_on)
    assert done.exit_code == code


def test_compare__real_captures_of_k6_are_read(run: Run, project: Path) -> None:
    for side in ("base", "head"):
        (project / side).mkdir()
        for version in ("k6-1.1.0", "k6-2.2.0"):
            text = (factories.CAPTURED / version / "thresholds" / "samples.csv").read_bytes()
            (project / side / f"{version}.csv").write_bytes(text)
    done = run("compare", "--samples", "base", "head", "--json")
    found = result(done.stdout)
    assert done.exit_code == 1
    assert [finding["code"] for finding in found["findings"]] == ["too-few-slices"]
    names = {each["name"] for each in found["comparison"]["left_out"]}
    assert "GET /fast" in names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "holds no samples file"),
        (("--min-effect", "three"), "--min-effect 'three'"),
        (("--min-effect", "300%"), "--min-effect '300%'"),
        (("--fail-on", "slow"), "slow is not known"),
        (("--fail-on", ""), "nothing is not known"),
        (("--model", "half"), "Invalid value for '--model'"),
    ],
)
def test_compare__bad_input_is_refused(
    run: Run, project: Path, words: tuple[str, ...], said: str
) -> None:
    for side in ("base", "head"):
        (project / side).mkdir()
    done = run("compare", "--samples", "base", "head", *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_compare__a_scenario_of_one_side_alone_is_refused(run: Run, project: Path) -> None:
    for scenario, sides in (("browse", ("base", "head")), ("checkout", ("base",))):
        record(project / scenario, simulated.a_recording(1))
        for side in sides:
            (project / side).mkdir(exist_ok=True)
            (project / scenario / side).rename(project / side / scenario)
    done = run("compare", "--samples", "base", "head")
    assert done.exit_code == 2
    assert "scenario checkout has samples on base only" in done.stderr


def test_compare__each_scenario_is_judged_again_as_it_was(run: Run, project: Path) -> None:
    """One came to its planned end; one was cut short, and is inconclusive whatever its figures say."""
    report = project / "ltlab-report"
    for scenario in ("browse", "check out"):
        record(project / "new", simulated.a_recording(1, change=0.3, rate=80))
        for side in ("base", "head"):
            place = report / "samples" / side / duck.stem(scenario)
            place.parent.mkdir(parents=True, exist_ok=True)
            (project / "new" / side).rename(place)
    judged = (
        model.JudgedBy(scenario="browse", alpha=0.0035, load_model="closed"),
        model.JudgedBy(scenario="check out", alpha=0.0015, load_model="open", cut_short=True),
    )
    earlier = comparisons.a_result(comparisons.a_comparison(mode="duet", judged=judged))
    (report / "result.json").write_text(earlier.model_dump_json(), encoding="utf-8")
    samples = [f"ltlab-report/samples/{side}" for side in ("base", "head")]
    done = run("compare", "--samples", *samples, "--report-dir", "again", "--json")
    found = result(done.stdout)["comparison"]
    assert found["alpha"] == pytest.approx(0.005)
    times = [row for row in found["rows"] if row["metric"] == "http_req_duration"]
    assert {(row["scenario"], row["verdict"]) for row in times} == {
        ("browse", "slower"),
        (duck.stem("check out"), "inconclusive"),
    }


def test_compare__a_scenario_that_was_cut_in_its_first_round_hides_no_other(
    run: Run, project: Path
) -> None:
    record(project / "new", simulated.a_recording(1, rate=80))
    for side in ("base", "head"):
        (project / side / "unlucky").mkdir(parents=True)
        (project / "new" / side).rename(project / side / "browse")
    done = run("compare", "--samples", "base", "head", "--json")
    assert done.exit_code == 0
    rows = result(done.stdout)["comparison"]["rows"]
    assert {row["metric"] for row in rows} == {"http_req_duration"}


def test_compare__a_refusal_replaces_an_earlier_report(run: Run, project: Path) -> None:
    sides = record(project, simulated.a_recording(3, rate=400))
    assert run("compare", "--samples", *sides).exit_code == 0
    (project / "head" / "round-2.csv").unlink()
    done = run("compare", "--samples", *sides, "--json")
    assert done.exit_code == 2
    assert "base holds 3 samples files and head 2" in done.stderr
    assert result(done.stdout)["exit_code"] == 2
    kept = (project / "ltlab-report" / "result.json").read_text(encoding="utf-8")
    assert result(kept)["verdict"] == "error"


def test_compare__samples_in_the_report_folder_are_kept(run: Run, project: Path) -> None:
    sides = record(project, simulated.a_recording(3, rounds=1))
    (project / "ltlab-report").mkdir()
    (project / "ltlab-report" / ".ltlab").write_text("", encoding="utf-8")
    (project / "base").rename(project / "ltlab-report" / "samples")
    done = run("compare", "--samples", "ltlab-report/samples", sides[1])
    assert done.exit_code == 2
    assert "which would be emptied" in done.stderr
    assert (project / "ltlab-report" / "samples" / "round-0.csv").is_file()


def test_compare__without_a_project_says_what_is_missing(run: Run) -> None:
    done = run("compare")
    assert done.exit_code == 2
    assert "no ltlab.yml" in done.stderr


@pytest.mark.parametrize(
    "words", [("load",), ("--against", "main"), ("--budget", "60s"), ("--budget", "60s", "load")]
)
def test_compare__samples_and_what_to_run_are_refused(run: Run, words: tuple[str, ...]) -> None:
    done = run("compare", "--samples", "base", "head", *words)
    assert done.exit_code == 2
    assert "--samples that all is recorded already" in done.stderr


def test_compare__the_model_is_for_recorded_samples(run: Run) -> None:
    done = run("compare", "--model", "open")
    assert done.exit_code == 2
    assert "--model belongs to --samples" in done.stderr
