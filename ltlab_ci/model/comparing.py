"""How base and head are to be compared, as ltlab.yml states it and as the flows get it; pure.

Not here: how a recording is judged (recorded.py), what came of it (comparison.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

import pydantic

from ltlab_ci import errors
from ltlab_ci.model.fields import Duration, Frozen, Text, keep
from ltlab_ci.model.recorded import Rules
from ltlab_ci.model.samples import Stat
from ltlab_ci.model.thresholds import seconds

MERGE_BASE: Final = "merge-base"
PLATEAU: Final = "plateau"
Mode = Literal["duet", "alternate"]

_FAIL_ON = {
    "slower": "slower",
    "errors": "more errors",
    "invalid": "invalid",
    "inconclusive": "inconclusive",
    "faster": "faster",
}
FAIL_ON: Final = ",".join(_FAIL_ON)
_LEAST_SHARE, _MOST_SHARE = 0.5, 0.999
_LEAST_S: Final[dict[Mode, float]] = {"duet": 24.0, "alternate": 48.0}


def share(text: str) -> float:
    """Read `3%` or `0.03`. Raises ConfigError for what is no share below 1."""
    try:
        found = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1:
        raise errors.ConfigError(f"{text!r} is no share below 1", remedy="write 3% or 0.03")
    return found


def percentile(text: str) -> float:
    """Read `p(99)` or `med` as a share. Raises ConfigError for what cannot be compared."""
    stat = Stat.parse(text)
    found = {"med": 0.5, "p": stat.percentile / 100}.get(stat.name, 0.0)
    if not _LEAST_SHARE <= found <= _MOST_SHARE:
        raise errors.ConfigError(
            f"{text} of latency cannot be judged", remedy="write p(50) to p(99.9)"
        )
    return found


def failing(text: str) -> frozenset[str]:
    """Read what ends with exit code 1, as `slower,errors` or `never`. Raises ConfigError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["never"]:
        return frozenset()
    unknown = [word for word in words if word not in _FAIL_ON]
    if unknown or not words:
        raise errors.ConfigError(
            f"{text!r}: {unknown[0] if unknown else 'nothing'} is not known",
            remedy=f"write some of {FAIL_ON}, or never",
        )
    return frozenset(_FAIL_ON[word] for word in words)


def rate(text: str) -> float | None:
    """Read `50/s` as iterations per s, `plateau` as None. Raises ConfigError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)/s", text)
    if text != PLATEAU and (found is None or not float(found[1])):
        raise errors.ConfigError(
            f"load {text!r} is neither a rate nor {PLATEAU}", remedy=f"write 50/s, or {PLATEAU}"
        )
    return float(found[1]) if found else None


class CompareSpec(Frozen):
    """Base against head, measured at the same time by `ltlab compare`."""

    against: Text | None = pydantic.Field(
        default=None,
        description="What head is held against: `merge-base` (the default), a branch, tag or commit, "
        "a folder (`./other`), an image (`name:tag`) or a URL.",
    )
    budget: Duration | None = pydantic.Field(
        default=None, description="Time to measure, for each scenario; `120s` by default."
    )
    load: Annotated[str, keep(rate)] = pydantic.Field(
        default=PLATEAU,
        description="What is held in every round: the script's longest plateau, or a rate (`50/s`).",
    )
    min_effect: Annotated[str, keep(share)] = pydantic.Field(
        default="3%", description="The smallest change that is reported."
    )
    percentiles: Annotated[
        tuple[Annotated[str, keep(percentile)], ...], pydantic.Field(min_length=1)
    ] = pydantic.Field(
        default=("p(50)", "p(95)"),
        description="What of latency is judged; p(99) needs 100 requests a side in nearly every slice.",
    )
    fail_on: Annotated[str, keep(failing)] = pydantic.Field(
        default="slower,errors,invalid",
        description=f"What ends with exit code 1: any of {FAIL_ON}, or never.",
    )
    mode: Mode = pydantic.Field(
        default="duet",
        description="`alternate`: base and head load in turns, where both loads at once do not fit.",
    )
    warmup: Duration = pydantic.Field(
        default="3s", description="Load at the start of a round that is not measured."
    )
    round: Duration | None = pydantic.Field(
        default=None,
        description="Services start afresh so often; `20s` by default, `30s` with Artillery.",
    )


@dataclass(frozen=True, kw_only=True)
class Target:
    """The branch that head is to be merged into, as CI says it.

    `commit` is what to compare with where CI knows it, else ""; `said_by` where CI says so.
    """

    branch: str = ""
    commit: str = ""
    said_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """A comparison to make; `rate_per_s` None holds the script's plateau."""

    against: str = MERGE_BASE
    budget_s: float = 120.0
    rate_per_s: float | None = None
    mode: Mode = "duet"
    warmup_s: float = 3.0
    round_s: float | None = None
    rules: Rules = field(default_factory=Rules)
    target: Target = field(default_factory=Target)

    @classmethod
    def of(cls, spec: CompareSpec, *, against: str, budget: str, target: Target) -> Comparing:
        """Return a comparison from what was written. Raises ConfigError for too short a budget."""
        budget_s, least_s = seconds(budget), _LEAST_S[spec.mode]
        if budget_s < least_s:
            raise errors.ConfigError(
                f"a budget of {budget} is too short",
                remedy=f"give it {least_s:g}s or more: 12 slices of 2 s are needed",
            )
        round_s = seconds(spec.round) if spec.round is not None else None
        if round_s is not None and round_s < least_s / 4:
            raise errors.ConfigError(
                f"compare: a round of {spec.round} is too short",
                remedy=f"give it {least_s / 4:g}s or more; 20s is a good start",
            )
        return cls(
            against=against,
            budget_s=budget_s,
            rate_per_s=rate(spec.load),
            mode=spec.mode,
            warmup_s=seconds(spec.warmup),
            round_s=round_s,
            rules=Rules(
                min_effect=share(spec.min_effect),
                percentiles=tuple(sorted({percentile(each) for each in spec.percentiles})),
                fail_on=failing(spec.fail_on),
            ),
            target=target,
        )

    def rounds(self, usual_s: float) -> tuple[float, ...]:
        """Return the length of each round in s; together they are the budget."""
        number = max(1, round(self.budget_s / (self.round_s or usual_s)))
        return (self.budget_s / number,) * number


def first_look(rounds: Sequence[float]) -> int:
    """Return after how many rounds to look for the first time, 0 for only at the end.

    A look costs some of the permitted false alarms, so a short budget has none to spare; and a single round
    says nothing of how far launches differ.
    """
    half = len(rounds) // 2
    return half if sum(rounds) > _LOOK_ABOVE_S and half > 1 else 0


_LOOK_ABOVE_S: Final = 60.0
FIRST_SHARE: Final = 0.3
"""Of the permitted false alarms, for the look at half of the budget; the last look has the rest."""
