"""Judge one scenario against its thresholds: each gets a verdict, nothing is raised.

Not here: asking the store (flows/), whether the run is to be trusted (validity.py), wording (report/).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ltlab_ci import errors, model
from ltlab_ci.evaluate import censored

_END_TOLERANCE_S = 1.0
_OF_METHOD = re.compile(r"([A-Z]+) (/.*)", re.DOTALL)
_ENOUGH_BEYOND = 5
"""Samples that must lie beyond a percentile; with fewer it is hardly more than the maximum."""

_EMITTED_ONLY_WHEN_THERE = frozenset({"dropped_iterations"})
"""Counters that an engine writes only when there is something to count: none means 0."""

_EVERYWHERE = frozenset({"group", "scenario"})
_OF_HTTP = frozenset(model.SYSTEM_TAGS) - {"check", "service", "subproto"}
"""Tags that k6 puts on any sample, and on those of HTTP requests, some only on what went wrong."""

_CHECK = re.compile(r"(?P<what>[\w.-]+)\s*(?P<op><=?|>=?)\s*(?P<limit>-?\d+(?:\.\d+)?)")
_PERCENT = 100.0
_SAME_RATE = 0.01
"""Up to this share two rates per s are told as one."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A threshold with the question that settles it, or the reason why none can.

    `whole` asks for the same metric without tags and windows, to tell "never recorded" from
    "nothing matched"; `tagged` asks for samples that have a tag at all, one question a tag, where a
    tag that no sample has would hold for ever.
    """

    threshold: model.Threshold
    question: model.Question | None
    whole: model.Question | None
    tagged: tuple[model.Question, ...] = ()
    reason: str = ""


def cases(
    thresholds: Sequence[model.Threshold], facts: model.Facts, cut: model.Cut
) -> tuple[Case, ...]:
    """Return what to ask for each threshold, in the order given."""
    return tuple(_deciding(_case(threshold, facts, cut)) for threshold in thresholds)


def _deciding(case: Case) -> Case:
    """Return a case as it is, unless its limit decides nothing: of a custom metric only a run tells."""
    futile = case.question and model.futile(case.threshold, case.question.type)
    if not futile:
        return case
    reason = f"{case.threshold.text!r} {futile.why}; {futile.instead}"
    return replace(case, question=None, reason=reason)


def questions(asked: Sequence[Case]) -> tuple[model.Question, ...]:
    """Return every question once, in order."""
    every = [each for case in asked for each in (case.question, case.whole, *case.tagged)]
    return tuple(dict.fromkeys(question for question in every if question is not None))


def judge(
    asked: Sequence[Case],
    answers: Mapping[model.Question, model.Answer],
    facts: model.Facts | None = None,
) -> tuple[model.Verdict, ...]:
    """Give every threshold its verdict, in the order given; without samples it is `no data`.

    Requests that never ended are in no sample: with `facts` they count where they can only make it worse.
    `answers` then hold those to `questions_beyond` too.
    """
    return tuple(_judge(case, answers, facts) for case in asked)


def questions_beyond(
    asked: Sequence[Case], answers: Mapping[model.Question, model.Answer], facts: model.Facts
) -> tuple[model.Question, ...]:
    """Return what else to ask where requests that never ended move a percentile up."""
    shifted = (_shifted(case, answers, facts) for case in asked)
    return tuple(dict.fromkeys(question for question in shifted if question is not None))


def own_cases(facts: model.Facts) -> tuple[Case, ...]:
    """Return what to ask for each of the engine's own thresholds: over the whole run."""
    return tuple(_case(_own_threshold(own), facts, model.Cut()) for own in facts.own)


def judge_own(
    facts: model.Facts,
    engine: model.EngineName,
    answers: Mapping[model.Question, model.Answer],
    stated: Sequence[model.Threshold] = (),
) -> tuple[model.Verdict, ...]:
    """Keep the engine's word on its own thresholds; one that had no data fails all the same.

    Where several processes each have a word on their share, the samples of all decide. What ltlab.yml
    has `stated` says for which of them "none" is right.
    """
    zero = {(each.metric, each.tags) for each in stated if each.absent_is_zero}
    asked = judge(own_cases(facts), answers)
    return tuple(
        _uncounted(own, engine, verdict)
        if verdict.count == 0 and _may_be_none(own, facts, zero)
        else _of_parts(own, engine.value, verdict)
        if own.in_parts
        else _kept(own, engine, verdict)
        for own, verdict in zip(facts.own, asked, strict=True)
    )


def _may_be_none(
    own: model.OwnThreshold,
    facts: model.Facts,
    zero: Collection[tuple[str, tuple[tuple[str, str], ...]]],
) -> bool:
    """Say whether a threshold without samples is one on nothing to count, not a mistake.

    An engine takes no threshold on a metric that its script does not declare, and a script that
    counts its errors adds to none of its counters when all is well.
    """
    kind, known = facts.types.get(own.metric), model.BUILT_IN.get(own.metric)
    kind = known.type if known else kind
    if own.fed or own.op or kind not in model.COUNTING:
        return False
    declared = known is None and own.metric not in facts.recorded
    return declared or (own.metric, own.tags) in zero


def _uncounted(
    own: model.OwnThreshold, engine: model.EngineName, ours: model.Verdict
) -> model.Verdict:
    reason = f"nothing was counted: the script never added to {own.metric}"
    reason += " with these tags" if own.tags else ""
    limit = _readable(own)
    figure: float | None = 0.0
    if limit is not None and limit.holds(0.0) == own.crossed:
        figure, reason = None, f"{reason}, and {engine} lets a rate of nothing pass"
    status = model.Status.FAIL if own.crossed else model.Status.PASS
    update = {"status": status, "observed": figure, "reason": reason}
    return _kept(own, engine, ours).model_copy(update=update)


def _own_threshold(own: model.OwnThreshold) -> model.Threshold:
    # What only its engine understands is not judged again: how much data it had is all we ask.
    return _readable(own) or replace(_samples_of(own.metric), tags=own.tags)


def _readable(own: model.OwnThreshold) -> model.Threshold | None:
    if own.op:
        return None  # the engine brought figures of its own
    try:
        return replace(model.Threshold.parse(own.metric, own.expression), tags=own.tags)
    except errors.ConfigError:
        return None


def _kept(own: model.OwnThreshold, engine: model.EngineName, ours: model.Verdict) -> model.Verdict:
    count = ours.count if own.count is None else own.count
    silent = count == 0 and not own.fed and own.metric not in _EMITTED_ONLY_WHEN_THERE
    judged = model.Status.FAIL if own.crossed else model.Status.PASS
    figures: dict[str, object] = {}
    if _readable(own) is None:
        figures = {"stat": "", "op": own.op, "bound": own.bound, "unit": own.unit}
        figures |= {"observed": own.observed}
    elif own.observed is not None and not silent:
        figures = {"observed": own.observed}
    return ours.model_copy(
        update={
            **figures,
            "origin": engine.value,
            "threshold": own.expression,
            "severity": "fail" if own.strict else "warn",
            "count": count,
            "status": model.Status.NO_DATA if silent else judged,
            "reason": _own_reason(own, engine, ours, silent=silent),
        }
    )


def _of_parts(own: model.OwnThreshold, engine: str, ours: model.Verdict) -> model.Verdict:
    shown = {"origin": engine, "threshold": own.expression}
    if _readable(own) is not None:
        return ours.model_copy(update=shown)
    reason = f"each {engine} judged its own share only; state it in ltlab.yml to have it judged"
    unjudged = {"status": model.Status.NO_DATA, "observed": None, "reason": reason}
    return ours.model_copy(update={**shown, "stat": "", "op": "", "bound": None, **unjudged})


def _own_reason(
    own: model.OwnThreshold, engine: model.EngineName, ours: model.Verdict, *, silent: bool
) -> str:
    if silent:
        return f"{engine} judged it although {ours.reason or 'it had no sample'}"
    if ours.observed is None:
        return f"by {engine}'s own figures: {ours.reason}" if own.fed and ours.reason else ""
    if ours.unit == "per s" and _differ(own.observed, ours.observed):
        return (
            f"{engine} divides by the whole run, set-up and tear-down included; "
            f"of the load alone it is {ours.observed:.4g} per s"
        )
    return ours.reason


def _differ(one: float | None, other: float) -> bool:
    return one is not None and not math.isclose(one, other, rel_tol=_SAME_RATE)


def own_hints(facts: model.Facts) -> Iterator[model.Finding]:
    """Yield the engine's own thresholds that cannot fail: the script is the user's, so a hint."""
    for own in facts.own:
        why = _futile_check(own) or _futile_own(own, facts)
        if why:
            yield model.Finding(
                code="limit-cannot-fail",
                effect="warn",
                message=f"the script's threshold {own.metric}: {own.expression!r} {why}",
                remedy="state a limit that a run can miss; a share of 1 % is 0.01 in k6's options",
                scenario=facts.scenario,
            )


def _futile_own(own: model.OwnThreshold, facts: model.Facts) -> str:
    threshold, built_in = _readable(own), model.BUILT_IN.get(own.metric)
    kind = built_in.type if built_in is not None else facts.types.get(own.metric)
    futile = model.futile(threshold, kind) if threshold is not None and kind else None
    return futile.why if futile is not None and futile.holds else ""


def _futile_check(own: model.OwnThreshold) -> str:
    """Say why a check of Artillery's `ensure` cannot fail; what it counts and times is never below 0."""
    found = _CHECK.fullmatch(own.expression)
    if (own.metric != "ensure" and not own.op) or found is None:
        return ""
    limit = float(found["limit"])
    if found["what"] == "maxErrorRate" and limit >= _PERCENT:
        return "cannot fail: it is a share in percent, 100 at most"
    below = limit < 0 if found["op"] == ">" else limit <= 0
    return "cannot fail: no figure is below 0" if found["op"] in {">", ">="} and below else ""


def window(
    facts: model.Facts, cut: model.Cut, over: model.Span | None
) -> tuple[model.Window | None, str]:
    """Return the stretch to judge, None for every sample; or why there is none."""
    start, end = facts.load_start_ns, facts.load_end_ns
    length_s = (end - start) / 1e9
    if over is not None:
        if over.end_s > length_s + _END_TOLERANCE_S:
            return None, f"the load lasted {length_s:.1f} s and never reached {over}"
        first, last = start + _ns(over.start_s), start + _ns(over.end_s)
        return model.Window(start_ns=first, end_ns=last), ""
    if cut.nothing:
        return None, ""
    # The last sample lies at the very end, and a window is half open.
    first, last = start + _ns(cut.start_s), end - _ns(cut.end_s) if cut.end_s else end + 1
    if first >= last - (not cut.end_s):
        return None, f"the load lasted {length_s:.1f} s; steady_state leaves nothing of it"
    return model.Window(start_ns=first, end_ns=last), ""


def _case(threshold: model.Threshold, facts: model.Facts, cut: model.Cut) -> Case:
    kind = facts.types.get(threshold.metric)
    built_in = model.BUILT_IN.get(threshold.metric)
    if kind is None and built_in is not None:
        kind = built_in.type
    if kind is None and threshold.absent_is_zero and threshold.metric not in facts.recorded:
        # An engine does not even name what nothing was added to.
        kind = model.MetricType.RATE if threshold.unit == "%" else model.MetricType.COUNTER
    whole = _question(facts, _samples_of(threshold.metric), (), None, kind)
    if kind is None:
        reason = _untyped(threshold) if threshold.metric in facts.recorded else _unknown(threshold)
        return Case(threshold=threshold, question=None, whole=None, reason=reason)
    wrong = model.misfit(threshold, kind, built_in.unit if built_in else None)
    stretch, missing = window(facts, cut, threshold.over)
    custom = any(name not in model.SYSTEM_TAGS for name, _ in threshold.tags)
    if custom and facts.ambiguous_tags:
        wrong = "the script sets tags holding & or =, which k6's output cannot carry"
    if wrong or missing:
        return Case(threshold=threshold, question=None, whole=whole, reason=wrong or missing)
    question = _question(facts, threshold, _recorded(threshold.tags, facts), stretch, kind)
    tagged = [
        _question(facts, _samples_of(threshold.metric), ((name, "*"),), None, kind)
        for name, _ in threshold.tags
        if threshold.absent_is_zero and not _sure(threshold.metric, name)
    ]
    known = tuple(each for each in tagged if each is not None)
    return Case(threshold=threshold, question=question, whole=whole, tagged=known)


def _sure(metric: str, tag: str) -> bool:
    """Say whether a tag can be on a metric's samples, although those of a good run may lack it."""
    return tag in _EVERYWHERE or (metric.startswith("http_req") and tag in _OF_HTTP)


def _recorded(tags: tuple[tuple[str, str], ...], facts: model.Facts) -> tuple[tuple[str, str], ...]:
    """Return tags as samples have them: reports show names without the service's address, `GET /items`."""
    found = dict(tags)
    of_method = _OF_METHOD.fullmatch(found.get("name", ""))
    if of_method is not None and "name with method" not in facts.spelt:
        found["name"] = of_method[2]
        found.setdefault("method", of_method[1])
    for tag in ("name", "url"):
        if found.get(tag, "").startswith("/") and f"{tag} as path" not in facts.spelt:
            found[tag] = facts.address + found[tag]
    return tuple(found.items())


def _question(
    facts: model.Facts,
    threshold: model.Threshold,
    tags: tuple[tuple[str, str], ...],
    stretch: model.Window | None,
    kind: model.MetricType | None,
) -> model.Question | None:
    if kind is None:
        return None
    return model.Question(
        scenario=facts.scenario,
        metric=threshold.metric,
        type=kind,
        stat=threshold.stat,
        tags=tags,
        window=stretch,
        seconds=_covered_s(stretch, facts) if stretch is not None else facts.load_s,
    )


def _covered_s(stretch: model.Window, facts: model.Facts) -> float:
    """Return how much of a window the load filled: its end may lie a little beyond the load's."""
    return (min(stretch.end_ns, facts.load_end_ns) - stretch.start_ns) / 1e9


def _judge(
    case: Case, answers: Mapping[model.Question, model.Answer], facts: model.Facts | None
) -> model.Verdict:
    threshold = case.threshold
    answer = answers.get(case.question) if case.question is not None else None
    value, count = (answer.value, answer.count) if answer else (None, 0)
    beyond: Sequence[float] = ()
    if facts is not None and answer is not None and case.question is not None:
        beyond = censored.values(case.question, threshold, facts)
        moved = _shifted(case, answers, facts)
        value = censored.figure(
            case.question, answer, beyond, answers.get(moved) if moved is not None else None
        )
    if case.question is not None and count == 0 and _zero_counts(case, answers):
        value = 0.0
    if value is None:
        silence = _silence(case, answers) if not count else _no_figure(threshold, count)
        status, reason = model.Status.NO_DATA, case.reason or silence
    else:
        status = model.Status.PASS if threshold.holds(value) else model.Status.FAIL
        reason = _unended(len(beyond)) or _few(threshold, count)
    return model.Verdict.of(
        threshold,
        status,
        bound=threshold.bound,
        unit=_unit(case),
        observed=value,
        count=count,
        reason=reason,
    )


def _shifted(
    case: Case, answers: Mapping[model.Question, model.Answer], facts: model.Facts
) -> model.Question | None:
    question = case.question
    answer = answers.get(question) if question is not None else None
    if question is None or answer is None:
        return None
    beyond = len(censored.values(question, case.threshold, facts))
    return censored.shifted(question, answer.count, beyond)


def _unended(number: int) -> str:
    if not number:
        return ""
    those = (
        "1 request that never ended counts"
        if number == 1
        else f"{number} requests that never ended count"
    )
    return f"{those} in it"


def _zero_counts(case: Case, answers: Mapping[model.Question, model.Answer]) -> bool:
    """Say whether "no sample" means 0: asked for by the user, or how the engine writes it.

    A filter on a metric that recorded nothing at all may be a typing error, so `absent: zero`
    on a filter still needs the metric to have samples of other tags, and each tag to be on some of
    them; without a filter it does not.
    """
    threshold = case.threshold
    if case.question is None or case.question.type not in model.COUNTING:
        return False
    if threshold.metric in _EMITTED_ONLY_WHEN_THERE:
        return True
    if not threshold.absent_is_zero:
        return False
    needed = (case.whole, *case.tagged) if threshold.tags else ()
    return all(each is not None and _count(answers, each) for each in needed)


def _count(answers: Mapping[model.Question, model.Answer], question: model.Question) -> int:
    answer = answers.get(question)
    return answer.count if answer is not None else 0


def _silence(case: Case, answers: Mapping[model.Question, model.Answer]) -> str:
    threshold = case.threshold
    whole = answers.get(case.whole) if case.whole is not None else None
    if whole is None or whole.count == 0:
        return _unknown(threshold)
    where = f" in {threshold.over}" if threshold.over else ""
    return f"none of the {whole.count} samples of {threshold.metric} matches {threshold.key}{where}"


def _no_figure(threshold: model.Threshold, count: int) -> str:
    return f"{threshold.stat} of its {count} samples is no finite number"


def _few(threshold: model.Threshold, count: int) -> str:
    """Say so where a percentile rests on almost nothing: hardly a sample lies beyond it."""
    beyond = count * (1 - threshold.stat.percentile / 100)
    if threshold.stat.name != "p" or threshold.stat.percentile in {0, 100}:
        return ""
    if beyond >= _ENOUGH_BEYOND:
        return ""
    needed = math.ceil(_ENOUGH_BEYOND / (1 - threshold.stat.percentile / 100))
    return f"{count} samples are few for {threshold.stat}; from {needed} on it can be trusted"


def _unknown(threshold: model.Threshold) -> str:
    return f"the run recorded no sample of {threshold.metric}"


def _untyped(threshold: model.Threshold) -> str:
    return f"the engine ended before it told the type of {threshold.metric}"


def _samples_of(metric: str) -> model.Threshold:
    return model.Threshold(
        metric=metric,
        tags=(),
        stat=model.Stat(name="count"),
        op=">",
        bound=0.0,
        unit="",
        text="count > 0",
    )


def _unit(case: Case) -> str:
    threshold, question = case.threshold, case.question
    built_in = model.BUILT_IN.get(threshold.metric)
    kind = question.type if question is not None else built_in.type if built_in else None
    if threshold.stat.name == "count":
        return "B" if built_in and built_in.unit is model.Unit.DATA else ""
    if threshold.stat.name == "rate":
        return "share" if kind is model.MetricType.RATE else "per s" if kind else ""
    if threshold.unit == "time" or (built_in and built_in.unit is model.Unit.TIME):
        return "ms"
    return ""


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
