"""Head against itself, again and again: how many false alarms does this machine give?

Not here: the comparison itself (duet.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from ltlab_ci import errors, model
from ltlab_ci.evaluate import compare as statistics
from ltlab_ci.evaluate import outcome
from ltlab_ci.evaluate.compare import binomial, overall
from ltlab_ci.flows import duet, folder, judge, prepare, rounds, versions
from ltlab_ci.flows.case import Outside, fresh, timed
from ltlab_ci.flows.run import interrupted
from ltlab_ci.lab import embedded
from ltlab_ci.report import headline

FILE = "selftest.json"


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What a self-test came to, and the exit code of it."""

    result: model.SelfTest
    code: errors.ExitCode


def run(config: model.Config, outside: Outside, times: int) -> Tested:
    """Compare head with itself so many times; samples and figures stay in the report folder.

    Raises ConfigError, LabNotReady and EngineError before the first comparison.
    """
    outside = outside.marked()
    started = outside.now()
    tried: list[model.Tried] = []
    findings: list[model.Finding] = []
    with fresh(config.report_dir, outside), contextlib.ExitStack() as opened:
        pair = versions.same(config, outside.environ)
        bench = opened.enter_context(prepare.bench(config, outside.environ, outside.unique))
        prepared = prepare.scenarios(config, bench, outside.environ, outside.voice)
        told = duet.held(config, prepared, outside)
        both, trouble = duet.built(opened, config, bench, pair)
        findings += trouble
        for number in range(1, times + 1) if len(both) == len(rounds.SIDES) else ():
            seed, place = f"{pair.seed}:{number}", f"{number:03d}"
            tasks = duet.planned(
                config, outside, bench, both, seed=seed, prepared=prepared, place=place
            )
            against, more = duet.all_of(tasks, told, pair.facts)
            findings += more
            if any(each.effect != "warn" for each in more):
                break
            tried.append(_tried(against))
            outside.voice.say(f"{number} of {times}: {tried[-1].headline}")
            if outside.interrupts.requested:
                findings.append(interrupted("interrupted between two comparisons"))
                break
        result = _summed(config, times, tried, findings, timed(started, outside.now()))
        folder.write(config.report_dir, {FILE: f"{result.model_dump_json(indent=2)}\n".encode()})
    return Tested(result=result, code=_code(result))


def _tried(against: judge.Compared) -> model.Tried:
    comparison = against.comparison
    assert comparison is not None  # a comparison that came to none has left a finding
    return model.Tried(
        verdict=comparison.verdict,
        alarm=overall.alarmed(comparison),
        headline=headline.of(comparison, against.doubts),
        spread=comparison.spread,
    )


def _summed(
    config: model.Config,
    times: int,
    tried: list[model.Tried],
    findings: list[model.Finding],
    when: model.Times,
) -> model.SelfTest:
    valid = [each for each in tried if each.verdict != "invalid"]
    alarms = sum(each.alarm for each in valid)
    return model.SelfTest(
        asked=times,
        valid=len(valid),
        alarms=alarms,
        interval=binomial.interval(alarms, len(valid)) if valid else None,
        budget_s=config.compare.budget_s,
        alpha=statistics.ALPHA,
        tried=tuple(tried),
        findings=tuple(findings),
        environment=embedded.describe(config.service),
        times=when,
    )


def _code(result: model.SelfTest) -> errors.ExitCode:
    """Return 0 where something was measured: an alarm is what is counted, not a failure."""
    code = outcome.exit_code((), result.findings)
    unmeasured = not result.valid and code is errors.ExitCode.OK
    return errors.ExitCode.FAILED if unmeasured else code
