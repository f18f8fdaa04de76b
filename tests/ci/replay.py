"""Replay a k6 CSV as a run would read it, judge it, and say what that took: `replay.py FOLDER`.

FOLDER holds samples.csv. Prints the number of samples, the verdicts, and the peak memory in MB.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from ltlab_ci import load, model, report
from ltlab_ci.flows import judge, measure, stored
from ltlab_ci.load import k6
from ltlab_ci.store import duck

THRESHOLDS = {
    "http_req_duration": ("p(95) < 2s", "p(99) < 2s", "avg < 2s", "max < 1m"),
    "http_req_duration{name:GET /items/7}": ("p(95) < 2s",),
    "http_req_duration{team:shop}": ("med < 2s",),
    "http_req_failed": ("rate < 50%",),
    "http_reqs": ("count > 0", "rate > 1/s"),
}


def main(folder: Path) -> None:
    """Replay, judge and render."""
    scenario = model.Scenario(
        name="hour",
        engine=model.EngineName.K6,
        script=folder / "hour.js",
        thresholds=tuple(
            model.Threshold.parse(key, text) for key, texts in THRESHOLDS.items() for text in texts
        ),
        cut=model.Cut(start_s=60.0, end_s=10.0),
    )
    writer = duck.Writer(folder / "samples", scenario.name)
    for batch in k6.reader(folder).finish():
        writer.ingest(batch)
    samples = writer.close()
    measured = measure.Measured(
        prepared=measure.Prepared(
            scenario=scenario,
            engine=load.ENGINES[scenario.engine],
            tool=load.Tool(argv=("k6",), version="1.1.0", source="PATH"),
            script=load.Script(load=model.PlannedLoad()),
        ),
        exit_code=0,
        outcome=model.Outcome(),
        findings=(),
        samples=samples,
    )
    judged = judge.every([measured], folder / "samples", stored.Kept())
    result = judge.result(
        judged,
        (),
        model.Environment(ltlab="", python="", os="", cpus=2, memory_mb=1, lab="", service=""),
        "",
        model.Times(started="", wall_s=0.0, written=""),
    )
    files = report.render(result)
    told = {
        "samples": samples,
        "verdicts": [verdict.status for verdict in result.scenarios[0].verdicts],
        "findings": [finding.code for finding in result.findings],
        "sizes": {name: len(content) for name, content in files.items()},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
