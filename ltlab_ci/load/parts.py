"""One load in several engine processes: what they write read as one, what they say summed up.

Not here: each one's command (k6.py), running them (lab/together.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ltlab_ci import model

if TYPE_CHECKING:
    from ltlab_ci.load import Reader


class Readers:
    """Reads what several processes write, one after the other at each look."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers

    def drain(self) -> Iterator[model.Batch]:
        """Yield what was written in whole rows since the last call."""
        for reader in self._readers:
            yield from reader.drain()

    def finish(self) -> Iterator[model.Batch]:
        """Yield the rest once all have ended."""
        for reader in self._readers:
            yield from reader.finish()


def summed(outcomes: Sequence[model.Outcome], scenario: str) -> model.Outcome:
    """Return one outcome of all; that of a single process as it is.

    A total that one of them does not tell is not told. Thresholds are those of any; each process
    saw its own share only, which is said.
    """
    if len(outcomes) == 1:
        return outcomes[0]
    own = {
        (each.metric, each.tags, each.expression): replace(each, in_parts=True)
        for outcome in outcomes
        for each in outcome.own
    }
    told = set.intersection(*(set(outcome.totals) for outcome in outcomes))
    findings = (
        _of_process(found, number, len(outcomes))
        for number, outcome in enumerate(outcomes, 1)
        for found in outcome.findings
    )
    return model.Outcome(
        types={name: kind for outcome in outcomes for name, kind in outcome.types.items()},
        own=tuple(own[key] for key in sorted(own)),
        findings=(*findings, _shared(len(outcomes), scenario)),
        totals={name: sum(outcome.totals[name] for outcome in outcomes) for name in sorted(told)},
        threw=dict(sum((Counter(outcome.threw) for outcome in outcomes), Counter())),
        unanswered=next((each.unanswered for each in outcomes if each.unanswered), ""),
        thrown=next((each.thrown for each in outcomes if each.thrown), ""),
        aborted_by=next((each.aborted_by for each in outcomes if each.aborted_by), ""),
    )


def _of_process(found: model.Finding, number: int, of: int) -> model.Finding:
    return found.model_copy(update={"message": f"process {number} of {of}: {found.message}"})


def _shared(processes: int, scenario: str) -> model.Finding:
    return model.Finding(
        code="load-shared",
        effect="warn",
        message=f"{processes} engine processes shared the load: each counts its own `vus` and "
        "`vus_max`, and ran setup() and teardown() itself",
        remedy="nothing, unless the script relies on one setup(); thresholds on vus see one process",
        scenario=scenario,
    )
