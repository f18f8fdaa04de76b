"""Every case of the catalogue of faults, as a user would meet it: real engines, a real service, the command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from tests.fakes import github, github_server
from tests.flow import projects
from tests.long import catalogue

PRELUDE = """\
import exec from 'k6/execution';
import http from 'k6/http';
import { check, fail, group, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const url = __ENV.BASE_URL;
"""
VISIT = """
export const options = { vus: 1, iterations: 20 };
export default function () { http.get(`${url}/items`); }
"""
COMPARE = {"budget": "26s", "round": "13s", "warmup": "1s"}
ENOUGH = 100  # requests stored, of a load that goes on


def of(cases: Iterable[catalogue.Entry]) -> pytest.MarkDecorator:
    """Make a test of each case."""
    known = list(cases)
    return pytest.mark.parametrize("case", known, ids=[case.id for case in known])


@pytest.mark.timeout(300)
@of(case for case in catalogue.cases() if not case.alone)
def test_case(case: catalogue.Case, tmp_path: Path) -> None:
    tried(case, tmp_path)


@pytest.mark.quiet
@pytest.mark.timeout(400)
@of(case for case in catalogue.cases() if case.alone)
def test_alone(case: catalogue.Case, tmp_path: Path) -> None:
    """These run while nothing else does: they measure how fast something is."""
    tried(case, tmp_path)


def tried(case: catalogue.Case, tmp_path: Path) -> None:
    """Make the project of a case, run what it says, and hold what came against what must come."""
    with contextlib.ExitStack() as stack:
        places = {"@PYTHON@": sys.executable, "@SHARED@": str(tmp_path / "shared.py")}
        shutil.copy(catalogue.FOLDER / "service.py", places["@SHARED@"])
        if case.needs == "chromium":
            places["@CHROMIUM@"] = chromium()
            # It aborts where the path of a socket that it makes there is longer than 107 bytes.
            short = tempfile.TemporaryDirectory(prefix="lt-", ignore_cleanup_errors=True)
            places["@TMP@"] = stack.enter_context(short)
        for name, flags in {"@OTHER@": case.other, "@OWN@": case.own}.items():
            if flags is not None:
                places[name] = stack.enter_context(served(flags, tmp_path / name.strip("@")))
        project = made(case, tmp_path, places)
        if case.then is None:
            ran = run(project, case, places)
        else:
            run(project, case, places)
            lose(project.folder / "ltlab-report", case.does)
            ran = called(project.folder, filled(case.then, places), {})
    held(case, ran, places)


@of(catalogue.jobs())
def test_publishing(case: catalogue.Job, tmp_path: Path) -> None:
    hub = github.GitHub(pulls=[github.Pull(number=3, head_sha="a" * 40)])
    server = github_server.Server(hub)
    said = ""
    with server.serving() as address:
        for at, (folder, flags) in enumerate([*case.jobs.items()] * (2 if case.again else 1)):
            measured = catalogue.Case(
                id=case.id,
                mechanism=case.mechanism,
                kind=case.kind,
                service=flags,
                k6=VISIT,
                exit=0,
            )
            work = tmp_path / "repository" / folder
            work.parent.mkdir(parents=True, exist_ok=True)
            project = written(work, measured, None, {})
            project.run("run")
            variables = job(case, tmp_path, address, hub.token, attempt=at + 1)
            ran = called(project.folder, ["publish"], variables)
            said += ran.err + ran.out
            assert ran.code == case.exit, said
    bodies = [each.body for each in hub.comments if each.login == hub.login]
    assert case.comments in {None, len(bodies)}, said
    assert all(text in " ".join(bodies) for text in case.says), bodies
    assert not any(text in " ".join(bodies) for text in case.unsaid), bodies
    assert all(text in said for text in case.warns), said


def job(
    case: catalogue.Job, folder: Path, address: str, token: str, *, attempt: int
) -> dict[str, str]:
    """Return the variables of a job of the pull request, and write its event."""
    event = folder / "event.json"
    sides = {"head": "a" * 40, "base": "b" * 40}
    pull = {
        side: {"sha": sha, "ref": "feature" if side == "head" else "main", "repo": {"id": 7}}
        for side, sha in sides.items()
    }
    event.write_text(json.dumps({"pull_request": {"number": 3, **pull}}), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": address,
        "GITHUB_EVENT_NAME": case.event,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_GRAPHQL_URL": f"{address}/graphql",
        "GITHUB_REF": "refs/heads/main" if case.commit == "base" else "refs/pull/3/merge",
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_REPOSITORY_ID": "7",
        "GITHUB_RUN_ID": "90",
        "GITHUB_RUN_NUMBER": "5",
        "GITHUB_RUN_ATTEMPT": str(attempt if case.again else 1),
        "GITHUB_SHA": sides[case.commit],
        "GITHUB_WORKSPACE": str(folder / "repository"),
        "LTLAB_GITHUB_TOKEN": token,
    }


def made(case: catalogue.Case, folder: Path, places: Mapping[str, str]) -> projects.Project:
    """Write the project of a case, and beside it base where it has one."""
    if case.base is not None:
        written(folder / "base", case, case.base, places)
    return written(folder / "head", case, None, places)


def written(
    folder: Path, case: catalogue.Case, base: catalogue.Base | None, places: Mapping[str, str]
) -> projects.Project:
    flags = base.service if base and base.service is not None else case.service
    k6 = (base and base.k6) or case.k6
    artillery = (base and base.artillery) or case.artillery
    files = dict(case.files) | (base.files if base else {})
    if k6:
        files["load.js"] = PRELUDE + k6
    if artillery:
        files["load.yml"] = artillery
    own = [name for name in files if name.startswith("load.")]
    config: dict[str, object] = {"version": 1}
    if flags is not None and case.own is None:
        ready = yaml.safe_load(case.ready)
        command = [sys.executable, "service.py", "--port", "{port}", *flags]
        config["service"] = {"command": command, "ready": ready}
    scenario = {"script": own[0] if own else "load.js", "thresholds": case.thresholds}
    config["scenarios"] = case.scenarios or {"load": {**scenario, **case.scenario}}
    if case.compares:
        config["compare"] = COMPARE
    files = {"ltlab.yml": yaml.safe_dump({**config, **case.config}, sort_keys=False), **files}
    files = dict(zip(files, filled(tuple(files.values()), places), strict=True))
    project = projects.write(folder, "", files)
    for name in ("service.py", "self-signed.pem"):
        shutil.copy(catalogue.FOLDER / name, folder)
    return project


def filled(texts: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """Put in where the services of the case are."""
    known = "|".join(places) or "(?!)"
    return [re.sub(known, lambda found: places[found[0]], text) for text in texts]


@contextlib.contextmanager
def served(flags: Sequence[str], folder: Path) -> Iterator[str]:
    """Run the service outside ltlab; hand out its host and port."""
    folder.mkdir()
    for name in ("service.py", "self-signed.pem"):
        shutil.copy(catalogue.FOLDER / name, folder)
    log = folder / "log"
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            [sys.executable, "service.py", "--port", "0", *flags],
            cwd=folder,
            stdout=sink,
            stderr=sink,
        ) as child,
    ):
        try:
            said = projects.until(
                lambda: re.search(r"listens on (\d+)", log.read_text()), what="a service"
            )
            yield f"127.0.0.1:{said[1]}"
        finally:
            child.kill()  # it may have been stopped


def run(project: projects.Project, case: catalogue.Case, places: Mapping[str, str]) -> projects.Ran:
    """Run the command of a case, and do to it what the case says."""
    words = filled(case.command, places)
    env = dict(zip(case.env, filled(tuple(case.env.values()), places), strict=True))
    patience_s = case.patience_s if not case.compares else max(case.patience_s, 300)
    if case.then is not None or case.does is None:
        return project.run(*words, env=env, patience_s=patience_s)
    if case.does in {"closed pipe", "full device", "ASCII"}:
        return printing(project, case, words, env)
    with hanging_up(), project.running(*words, env=env, patience_s=patience_s) as running:
        loaded(running)
        if case.does == "stop the engine":
            engine = ("k6", "run") if case.k6 else ("artillery", "run")
            os.kill(running.process(*engine), signal.SIGSTOP)
        else:
            signals = {
                "interrupt": signal.SIGINT, "hang up": signal.SIGHUP, "terminate": signal.SIGTERM,
            }  # fmt: skip
            running.interrupt(signals[case.does])
    return running.ended()


@contextlib.contextmanager
def hanging_up() -> Iterator[None]:
    """Let SIGHUP mean to children what it means on a terminal, also where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def called(folder: Path, words: Sequence[str], env: Mapping[str, str]) -> projects.Ran:
    """Run a command that measures nothing, so that its report need not be whole."""
    done = subprocess.run(
        [*projects.LTLAB, *words], cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    return projects.Ran(
        code=done.returncode,
        out=done.stdout,
        err=done.stderr,
        folder=folder,
        result=projects.result(folder),
    )


def loaded(running: projects.Running) -> None:
    parts = running.folder / "ltlab-report" / "samples"
    projects.until(
        lambda: projects.requests(parts.glob("*.parts/*.parquet")) > ENOUGH or None, what="samples"
    )


def printing(
    project: projects.Project, case: catalogue.Case, words: Sequence[str], env: Mapping[str, str]
) -> projects.Ran:
    """Run where printing fails: nobody reads, the device is full, or it knows ASCII only."""
    folder = project.folder
    err = folder.parent / "err"
    command = [*projects.LTLAB, *words]
    around = {**os.environ, **env}
    reader: int | None = None
    with err.open("wb") as kept, contextlib.ExitStack() as stack:
        if case.does == "closed pipe":
            reader, writer = os.pipe()
            os.close(reader)
            stack.callback(os.close, writer)
            out, bad = writer, writer
        elif case.does == "full device":
            full = stack.enter_context(Path("/dev/full").open("wb"))
            out, bad = full.fileno(), full.fileno()
        else:
            around |= {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
            out, bad = kept.fileno(), kept.fileno()
        child = subprocess.run(
            command, cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=out, stderr=bad,
            timeout=case.patience_s, check=False,
        )  # fmt: skip
    said = err.read_text(encoding="utf-8")
    return projects.Ran(
        code=child.returncode, out="", err=said, folder=folder, result=projects.result(folder)
    )


def lose(report: Path, act: catalogue.Act | None) -> None:
    """Do to a report what disks and people do between a run and `ltlab judge`."""
    files = sorted((report / "samples").glob("*.parquet"))
    assert files
    if act == "lose the samples":
        for file in files:
            file.unlink()
    elif act == "lose a scenario":
        files[-1].unlink()
    elif act == "lose half the samples":
        halved(files[0])


def halved(file: Path) -> None:
    import duckdb  # noqa: PLC0415  (one case needs it)

    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE kept AS SELECT * FROM '{file}'")
        half = "SELECT * FROM kept WHERE rowid % 2 = 0"
        db.execute(f"COPY ({half}) TO '{file}' (FORMAT parquet)")


def chromium() -> str:
    """Say where the browser is, for the cases that need one."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "these cases need Chromium on PATH"
    return found


def held(case: catalogue.Case, ran: projects.Ran, places: Mapping[str, str]) -> None:
    """Hold what came against what must come."""
    findings = (ran.result or {"findings": []})["findings"]
    found = {each["code"]: each["effect"] for each in findings}
    said = words(ran)
    told = f"{said}\nfindings: {found}, exit code {ran.code}"
    assert ran.code == case.exit, told
    for code, effect in case.finds.items():
        assert code in found, told
        assert effect in {"", found[code]}, told
    unwanted = set(found) - {"machine-busy"} - set(case.finds)
    assert not unwanted & set(case.lacks), told
    assert "*" not in case.lacks or not unwanted, told
    for threshold, status in case.verdicts.items():
        assert statuses(ran).get(threshold) == status, told
    for text in filled(case.says, places):
        assert text in said, told
    for text in case.unsaid:
        assert text not in said, told
    if case.comparison:
        comparison = (ran.result or {}).get("comparison")
        assert (comparison["verdict"] if comparison else "missing") in case.comparison, told
    for name in case.leaves:
        assert (ran.folder / name).exists(), told


def statuses(ran: projects.Ran) -> dict[str, str]:
    """Return what became of each threshold, by its metric and text."""
    return {
        f"{each['metric']} {each['threshold']}": each["status"]
        for scenario in (ran.result or {"scenarios": []})["scenarios"]
        for each in scenario["verdicts"]
    }


def words(ran: projects.Ran) -> str:
    """Return all that a run says, with line ends as spaces."""
    parts = [ran.err, ran.out]
    for finding in (ran.result or {"findings": []})["findings"]:
        parts += [finding["message"], finding["remedy"]]
    for scenario in (ran.result or {"scenarios": []})["scenarios"]:
        parts += [f"{each['status']} {each['reason']}" for each in scenario["verdicts"]]
    parts.append((ran.result or {"headline": ""})["headline"])
    return " ".join(" ".join(parts).split())
