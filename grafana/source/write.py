"""Write grafana/dashboards from their source. `make dashboards` runs it; a test compares."""

from __future__ import annotations

import json
from pathlib import Path

from grafana.source import compare, health, live, load_tests

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"


def files() -> dict[str, str]:
    """Return the text of every dashboard, by file name."""
    every = [
        *load_tests.dashboards(),
        live.dashboard(),
        compare.dashboard(),
        health.dashboard(),
    ]
    return {
        f"{each.uid}.json": f"{json.dumps(each.json(), indent=1, ensure_ascii=False)}\n"
        for each in every
    }


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
