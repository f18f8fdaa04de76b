"""What cannot be run is reported like any run: never under the report of an earlier one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltlab_ci import report
from tests.unit.cli.conftest import Run, write
from tests.unit.report import comparisons, results

GOOD = "version: 1\nscenarios: {browse: {script: load.js}}\n"
BAD = GOOD.replace("script", "skript")


def an_earlier_report(folder: Path) -> Path:
    """Leave the report of a run that passed."""
    files = {name: text.decode() for name, text in report.render(results.a_result()).items()}
    write(folder, {**files, ".ltlab": "", "samples/browse.parquet": "-"})
    return folder


def check_replaced(folder: Path, said: str) -> None:
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    [finding] = result["findings"]
    assert (result["verdict"], result["exit_code"], result["scenarios"]) == ("error", 2, [])
    assert said.startswith(f"{finding['message']}\n  what to do: {finding['remedy']}")
    assert "⛔ Load test hit an error" in (folder / "summary.md").read_text(encoding="utf-8")
    assert not (folder / "samples").exists()


@pytest.mark.parametrize(
    ("words", "yml"),
    [
        (["run"], BAD),
        (["run"], "version: ["),
        (["run"], ""),
        (["run", "nobody"], GOOD),
        (["run", "--url", "localhost:80"], GOOD),
        (["k6", "-s", "none.js"], BAD),
        (["demo", "nobody"], BAD),
    ],
)
def test_refusal__takes_the_place_of_an_earlier_report(
    project: Path, run: Run, words: list[str], yml: str
) -> None:
    folder = an_earlier_report(project / "ltlab-report")
    write(project, {"load.js": "", **({"ltlab.yml": yml} if yml else {})})
    done = run(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    check_replaced(folder, done.stderr)


@pytest.mark.parametrize("way", [".env", "environment", "flag"])
def test_refusal__is_reported_where_the_run_would_have_been(
    project: Path, run: Run, way: str
) -> None:
    folder = an_earlier_report(project / "mine")
    dotenv = "LTLAB_REPORT_DIR=mine" if way == ".env" else "OTHER=1"
    write(project, {"ltlab.yml": BAD, ".env": dotenv})
    words = ["--report-dir", "mine"] if way == "flag" else []
    done = run("run", *words, env={"LTLAB_REPORT_DIR": "mine"} if way == "environment" else None)
    assert done.exit_code == 2
    check_replaced(folder, done.stderr)
    assert not (project / "ltlab-report").exists()


def test_refusal__of_an_env_file_is_reported_too(project: Path, run: Run) -> None:
    folder = an_earlier_report(project / "ltlab-report")
    write(project, {"ltlab.yml": BAD})
    (project / ".env").write_bytes(b"A=\xff\n")
    done = run("run")
    assert (done.exit_code, ".env cannot be read" in done.stderr) == (2, True)
    check_replaced(folder, done.stderr)


def test_refusal__leaves_what_ltlab_did_not_write(project: Path, run: Run) -> None:
    write(project, {"ltlab.yml": BAD, "ltlab-report/mine.txt": "dear"})
    assert run("run").exit_code == 2
    assert [path.name for path in (project / "ltlab-report").iterdir()] == ["mine.txt"]


def test_refusal__by_judge_or_validate_leaves_the_report(project: Path, run: Run) -> None:
    folder = an_earlier_report(project / "ltlab-report")
    write(project, {"ltlab.yml": BAD})
    assert run("judge").exit_code == run("validate").exit_code == 2
    assert json.loads((folder / "result.json").read_text(encoding="utf-8"))["verdict"] == "pass"
    assert (folder / "samples").exists()


@pytest.mark.parametrize("foreign", [False, True])
def test_json__is_one_result_on_a_refusal_too(project: Path, run: Run, *, foreign: bool) -> None:
    write(project, {"ltlab.yml": BAD, **({"ltlab-report/mine.txt": "dear"} if foreign else {})})
    done = run("run", "--json")
    result = json.loads(done.stdout)
    assert done.exit_code == result["exit_code"] == 2
    assert result["findings"][0]["message"].startswith("ltlab.yml:2:")
    assert len(done.stderr.splitlines()) == 2
    if not foreign:
        file = project / "ltlab-report" / "result.json"
        assert file.read_text(encoding="utf-8") == done.stdout


def test_json__of_a_folder_that_cannot_be_used(project: Path, run: Run) -> None:
    write(project, {"ltlab.yml": GOOD, "load.js": "", "notes/mine.txt": "dear"})
    done = run("run", "--json", "--report-dir", "notes")
    [finding] = json.loads(done.stdout)["findings"]
    assert done.exit_code == 2
    assert "holds files that ltlab did not write" in finding["message"]
    assert [path.name for path in (project / "notes").iterdir()] == ["mine.txt"]


def test_judge__refuses_the_report_of_a_comparison_and_leaves_it(project: Path, run: Run) -> None:
    folder = an_earlier_report(project / "ltlab-report")
    compared = results.a_result(comparison=comparisons.a_comparison())
    write(folder, {"result.json": report.result_json(compared)})
    write(project, {"ltlab.yml": GOOD, "load.js": ""})
    done = run("judge")
    assert (done.exit_code, "holds base against head" in done.stderr) == (2, True)
    assert json.loads((folder / "result.json").read_text(encoding="utf-8"))["comparison"]
