"""Every profile has its scenario for both engines, and the address that was given is used."""

from __future__ import annotations

import json
from pathlib import Path

from ltlab_ci import resources
from ltlab_ci.cli import chaos
from ltlab_ci.config import read
from tests.unit.cli.conftest import Run


def test_chaos__every_profile_is_a_scenario_of_both_engines_with_the_same_thresholds() -> None:
    file = resources.folder("examples/chaos") / "ltlab.yml"
    loaded = read.load(cwd=file.parent, environ={}, flags={})
    scenarios = {one.name: one for one in loaded.config.scenarios}
    assert set(scenarios) == {
        f"{engine}-{profile}" for engine in chaos.ENGINES for profile in chaos.PROFILES
    }
    for profile in chaos.PROFILES:
        k6, artillery = (scenarios[f"{engine}-{profile}"] for engine in chaos.ENGINES)
        assert k6.thresholds == artillery.thresholds
        assert {each.severity for each in k6.thresholds} == {"fail", "warn"}


def test_chaos__without_a_profile_or_a_terminal_says_what_there_is(run: Run) -> None:
    done = run("chaos", "--engine", "artillery")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[1].endswith("with one of basic, spike, resilience")


def test_chaos__help_says_what_is_asked(run: Run) -> None:
    said = " ".join(run("chaos", "--help").output.split())
    assert all(f"{name} {text}" in said for name, text in chaos.SAYS.items())


def test_chaos__an_address_that_is_none_is_refused(run: Run, project: Path) -> None:
    done = run("chaos", "basic", "--url", "nowhere")
    assert done.exit_code == 2
    result = json.loads((project / "ltlab-report/result.json").read_text(encoding="utf-8"))
    assert result["findings"][0]["message"] == "'nowhere' is no address"
