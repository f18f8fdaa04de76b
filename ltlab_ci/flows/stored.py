"""Who answers for a scenario after the load: the lab's store, or the recorded samples.

Not here: completing the lab's store (completed.py), judging (judge.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ltlab_ci import errors, model

Ask = Callable[[Iterable[model.Question]], dict[model.Question, model.Answer]]
ON_RAW = "judged on the recorded samples instead"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Which scenarios the lab's store can be asked about (`whole`), and what was found on the way."""

    ask: Ask | None = None
    whole: frozenset[str] = frozenset()
    findings: Mapping[str, tuple[model.Finding, ...]] = field(default_factory=dict)

    def asker(self, scenario: str, recorded: Ask) -> Asker:
        """Return who answers for a scenario: the lab's store where it has every sample."""
        first = self.ask if scenario in self.whole else None
        return Asker(scenario, first, recorded)


class Asker:
    """Asks the lab's store; when that fails, it asks the recorded samples and remembers why."""

    def __init__(self, scenario: str, first: Ask | None, recorded: Ask) -> None:
        self._scenario, self._first, self._recorded = scenario, first, recorded
        self.findings: tuple[model.Finding, ...] = ()

    def __call__(self, questions: Iterable[model.Question]) -> dict[model.Question, model.Answer]:
        """Answer every question."""
        asked = tuple(questions)
        if self._first is not None:
            try:
                return self._first(asked)
            except errors.StoreError as error:
                self._first = None
                self.findings = (unusable(error, self._scenario),)
        return self._recorded(asked)


def unusable(error: errors.StoreError, scenario: str) -> model.Finding:
    """Say that the lab's store could not be asked, and who was instead."""
    return model.Finding(
        code="store-unusable",
        effect="store",
        message=f"{error.message}; {ON_RAW}",
        remedy=error.remedy,
        scenario=scenario,
    )
