"""Samples are judged again only where they are those of the run; what was never measured is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.flows import rejudge
from ltlab_ci.store import charts, duck
from tests import factories
from tests.unit.report import results

START_NS = 1_700_000_000_000_000_000
LIMIT = model.Threshold.parse("http_req_duration", "p(95) < 500ms")
TIMES = model.Times(started="then", wall_s=1.0, written="now")


def recorded(folder: Path, times_ms: list[float], name: str = "browse") -> None:
    """Store requests of given durations as a run does."""
    rows = [
        {"metric_name": metric, "timestamp": START_NS + number * 10**9, "metric_value": value}
        for number, duration in enumerate(times_ms)
        for metric, value in (("http_reqs", 1.0), ("http_req_duration", duration))
    ]
    writer = duck.Writer(folder, name)
    writer.ingest(factories.a_batch(folder.parent / f"{name}.csv", rows))
    writer.close()


def a_report(samples: Path) -> model.Result:
    """Return the result of a run with these samples."""
    store = duck.Store(samples)
    reach = charts.extent(store, "browse")
    types = {name: model.BUILT_IN[name].type for name in reach.metrics}
    shown = factories.a_scenario_result(
        name="browse",
        ran=True,
        complete=True,
        samples=sum(reach.metrics.values()),
        duration_s=reach.seconds,
        metrics=charts.summaries(store, "browse", types, seconds=reach.seconds),
    )
    store.close()
    return results.a_result().model_copy(update={"scenarios": (shown,), "findings": ()})


def again(
    samples: Path, earlier: model.Result, *more: model.Scenario
) -> tuple[int, dict[str, str], model.Result]:
    """Judge again; return the exit code and the messages by code."""
    asked = (factories.a_scenario(thresholds=(LIMIT,)), *more)
    result = rejudge.again(earlier, asked, samples, "ltlab judge", TIMES)
    return result.exit_code, {each.code: each.message for each in result.findings}, result


def test_again__the_samples_of_the_run_are_judged(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    recorded(samples, [100.0, 200.0, 300.0])
    code, said, _ = again(samples, a_report(samples))
    assert (code, said) == (0, {})


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (None, "6 samples were recorded, 0 are there"),
        ([100.0, 200.0], "6 samples were recorded, 4 are there"),
        ([100.0, 200.0, 301.0], "http_req_duration was 200 on average"),
    ],
    ids=["removed", "shortened", "of another run"],
)
def test_again__other_samples_are_not_judged(
    tmp_path: Path, now: list[float] | None, words: str
) -> None:
    samples = tmp_path / "samples"
    recorded(samples, [100.0, 200.0, 300.0])
    earlier = a_report(samples)
    shutil.move(samples, tmp_path / "kept")
    samples.mkdir()
    if now is not None:
        recorded(samples, now)
    code, said, result = again(samples, earlier)
    assert code == errors.ExitCode.STORE
    assert words in said["samples-incomplete"]
    [verdict] = result.scenarios[0].verdicts
    assert verdict.status is model.Status.NO_DATA
    # And once they are back all is as it was.
    shutil.rmtree(samples)
    shutil.move(tmp_path / "kept", samples)
    code, said, restored = again(samples, result)
    assert (code, said, restored.scenarios[0].complete) == (0, {}, True)


def test_again__a_file_that_is_cut_off_is_no_crash(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    recorded(samples, [100.0, 200.0, 300.0])
    earlier = a_report(samples)
    [file] = samples.glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-100])
    code, said, _ = again(samples, earlier)
    assert code == errors.ExitCode.STORE
    assert "could not be read" in said["samples-incomplete"]


def test_again__a_scenario_that_was_never_measured_is_named(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    recorded(samples, [100.0])
    code, said, result = again(samples, a_report(samples), factories.a_scenario("checkout"))
    assert code == errors.ExitCode.FAILED
    assert "scenario checkout" in said["not-measured"]
    assert again(samples, result)[:2] == (0, {})
