"""What is said of a comparison before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import load, model
from ltlab_ci.flows import duet, measure
from ltlab_ci.load import k6


def prepared(duration_s: float | None) -> measure.Prepared:
    return measure.Prepared(
        scenario=model.Scenario(name="browse", engine=model.EngineName.K6, script=Path("load.js")),
        engine=k6,
        tool=load.Tool(argv=("k6",), version="1.1.0", source="PATH"),
        script=load.Script(load=model.PlannedLoad(duration_s=duration_s)),
    )


@pytest.mark.parametrize(
    ("durations", "build", "said"),
    [
        # 60 s, and six rounds of 20 s with 3 s of warm-up, 1 s apart, 2 s around
        ((60.0,), None, "this takes about 3 min 36 s: head alone, then 6 rounds"),
        ((60.0,), "make", "this takes about 3 min 36 s: head alone, then 6 rounds, plus builds"),
        (
            (60.0, None),
            None,
            "this takes at least 6 min 12 s: head alone (of unknown length), then 12 rounds",
        ),
    ],
)
def test_takes__says_how_long_and_what(
    tmp_path: Path, durations: tuple[float | None, ...], build: str | None, said: str
) -> None:
    config = model.Config(
        root=tmp_path,
        file=None,
        service=model.Service(command=("shop",), build=build),
        scenarios=(),
        report_dir=tmp_path,
        cache_dir=tmp_path,
    )
    assert duet.takes(config, [prepared(each) for each in durations]) == said
