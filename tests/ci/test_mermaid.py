"""The charts of summary.md are what Mermaid itself accepts; it comes from npm."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ltlab_ci import load
from ltlab_ci.load import tools
from ltlab_ci.report import mermaid
from tests.unit.report import cases, results

ROOT = Path(__file__).parents[2]
PACKAGES = ("mermaid@11.17.2", "jsdom@26.1.0")
PARSE = """
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';
globalThis.window = new JSDOM('').window;  // what cleans Mermaid's texts asks for one
globalThis.document = window.document;
const { default: mermaid } = await import('mermaid');
const kinds = [];
for (const chart of JSON.parse(readFileSync(0, 'utf-8'))) {
  const read = await mermaid.parse(chart, { suppressErrors: true });
  kinds.push(read ? read.diagramType : 'refused');
}
console.log(JSON.stringify(kinds));
process.exit(0);  // the window keeps Node alive
"""


@pytest.fixture(scope="module")
def parse(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Install Mermaid; return the command that says what kind of diagram each text is."""
    cache = Path.home() / ".cache" / "ltlab"
    machine = load.Machine(environ=dict(os.environ), root=ROOT, cache_dir=cache)
    home = tools.node(machine)
    node = str(home / "bin" / "node")
    folder = tmp_path_factory.mktemp("mermaid")
    (folder / "package.json").write_text("{}", encoding="utf-8")
    (folder / "parse.mjs").write_text(PARSE, encoding="utf-8")
    npm = [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), "install"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*npm, *quiet, *PACKAGES], cwd=folder, check=True, capture_output=True)
    return [node, str(folder / "parse.mjs")]


def test_charts__are_read_by_mermaid_and_a_wrong_one_is_not(parse: list[str]) -> None:
    every = [series for case in cases.CASES.values() for series in case().scenarios]
    charts = [chart for scenario in every for chart in mermaid.charts(scenario.series)]
    charts += mermaid.charts(results.a_series(steps=400))
    charts += mermaid.charts(results.a_series(steps=2))
    assert len(charts) > 6
    wrong = charts[0].replace("[", "[1e-7, ")
    asked = json.dumps([*charts, wrong])
    done = subprocess.run(parse, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["xychart"] * len(charts) + ["refused"]
