"""The load engines behind one Protocol and one dict; nobody outside knows more of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ltlab_ci import model
from ltlab_ci.load import artillery, k6
from ltlab_ci.load.plan import WHOLE, Held, Machine, Part, Plan, Script, Steady, Tool, Unended

__all__ = [
    "ENGINES",
    "WHOLE",
    "Engine",
    "Held",
    "Machine",
    "Part",
    "Plan",
    "Reader",
    "Script",
    "Steady",
    "Tool",
    "Unended",
]


class Reader(Protocol):
    """Follows the samples that an engine writes."""

    def drain(self) -> Iterator[model.Batch]:
        """Yield what was written in whole rows since the last call."""

    def finish(self) -> Iterator[model.Batch]:
        """Yield the rest once the engine has ended, an unfinished last row left out."""


class Engine(Protocol):
    """What a module offers to be a load engine."""

    def image(self, version: str) -> str:
        """Return the container image that brings a version of the engine, "" for the usual one."""

    @property
    def ROUND_S(self) -> float:
        """Return how long a round of a comparison usually is: starting it again takes time too."""

    @property
    def APART_S(self) -> float:
        """Return how far apart two that are started together may begin their load."""

    def find(self, machine: Machine, path: str, version: str = "") -> Tool:
        """Return the engine at `path`, on PATH, or installed now, in `version` where one is named.

        Raises EngineError, and ConfigError for a version that is never to be had.
        """

    def inspect(self, tool: Tool, scenario: model.Scenario, machine: Machine) -> Script:
        """Load the script without running load. Raises ConfigError for one that does not load."""

    def plan(
        self,
        tool: Tool,
        scenario: model.Scenario,
        script: Script,
        *,
        base_url: str,
        run_dir: Path,
        live: model.Live | None = None,
        part: Part = WHOLE,
    ) -> Plan:
        """Return the command that runs the scenario and writes every sample; pure.

        With `live` it also feeds what that names, while it runs. `part` is its share of the load.
        """

    def hold(
        self,
        scenario: model.Scenario,
        script: Script,
        steady: Steady,
        *,
        base_url: str,
        run_dir: Path,
    ) -> Held:
        """Return the scenario under a level load, its script as it is; pure. Raises ConfigError."""

    def reader(self, run_dir: Path) -> Reader:
        """Return a reader of the samples that a run leaves in `run_dir`."""

    def outcome(self, scenario: model.Scenario, plan: Plan, exit_code: int) -> model.Outcome:
        """Read what the engine says of its run: types, its own thresholds, trouble."""

    def unended(self, plan: Plan) -> Unended:
        """Say why a run that is going on does not end, as far as its files tell."""


ENGINES: Mapping[model.EngineName, Engine] = {
    model.EngineName.K6: k6,
    model.EngineName.ARTILLERY: artillery,
}
