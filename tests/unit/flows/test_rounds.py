"""A round makes both engines ready before either begins its load."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ltlab_ci import console, load, model
from ltlab_ci.flows import measure, rounds
from ltlab_ci.interrupts import Interrupts
from ltlab_ci.lab import embedded, service
from ltlab_ci.lab.program import Program, Start
from ltlab_ci.load import k6
from tests import factories

pytestmark = [pytest.mark.processes, pytest.mark.loopback]

ENVIRON = {"PATH": "/usr/bin:/bin"}
LOOPING = {"executor": "constant-vus", "vus": 1, "duration": "1s"}


@dataclass(frozen=True, kw_only=True)
class Noting(embedded.Bench):
    """Notes which side's engine it makes ready and starts."""

    notes: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def placed(
        self, argv: tuple[str, ...], *, image: str, env: Mapping[str, str], log: Path
    ) -> Iterator[Start]:
        side = log.parent.name.partition("-")[2]

        def noted() -> Program:
            self.notes.append(f"{side} started")
            return start()

        with super().placed(argv, image=image, env=env, log=log) as start:
            self.notes.append(f"{side} ready")
            yield noted


def task(folder: Path, bench: embedded.Bench) -> rounds.Task:
    """Return a task whose engine ends at once, having done nothing."""
    there = model.Service(url="http://127.0.0.1:9", ready=model.Ready(command=("/bin/true",)))
    return rounds.Task(
        prepared=measure.Prepared(
            scenario=factories.a_scenario(),
            engine=k6,
            tool=load.Tool(argv=("/bin/true",), version="2.0.0", source="a test"),
            script=load.Script(options={"scenarios": {"visit": LOOPING}}),
        ),
        bench=bench,
        versions={side: service.Version(spec=there, root=folder) for side in rounds.SIDES},
        comparing=model.Comparing(),
        samples=folder / "samples",
        scenario="",
        logs=folder / "logs",
        seed="a:b",
        voice=console.Console(quiet=True, plain=True, no_color=True),
        interrupts=Interrupts(),
    )


def test_one__both_engines_are_ready_before_either_is_started(tmp_path: Path) -> None:
    made = embedded.bench(tmp_path, ENVIRON)
    bench = Noting(root=made.root, environ=made.environ, ports=made.ports)
    ran = rounds.one(task(tmp_path, bench), 1, 1.0)
    assert not ran.whole
    first, second = (note.split()[0] for note in bench.notes[:2])
    assert {first, second} == set(rounds.SIDES)
    assert bench.notes == [
        *(f"{first} ready", f"{second} ready"),
        *(f"{first} started", f"{second} started"),
    ]


def test_put_aside__keeps_what_a_full_disk_left_in_parts(tmp_path: Path) -> None:
    left = task(tmp_path, embedded.bench(tmp_path, ENVIRON))
    parts = left.folder("base") / "round-01.parts"
    parts.mkdir(parents=True)
    (parts / "1.parquet").write_bytes(b"measured")
    rounds.put_aside(left, 1)
    kept = left.samples / "unfinished" / "base-round-01.parts" / "1.parquet"
    assert kept.read_bytes() == b"measured"
    assert not parts.exists()


def test_placed__a_process_is_not_started_until_it_is_asked_for(tmp_path: Path) -> None:
    bench = embedded.bench(tmp_path, ENVIRON)
    log = tmp_path / "logs" / "engine.log"
    with bench.placed(("/bin/echo", "up"), image="", env={}, log=log) as start:
        assert not log.exists()
        assert start().wait(10) == 0
    assert log.read_text() == "up\n"
