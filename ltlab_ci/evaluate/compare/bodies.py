"""How large answers are on base and head: what is faster may only say less. Shown, and never judged.

Not here: whether an answer is right, which checks and statuses tell (failures.py).
"""

from __future__ import annotations

from ltlab_ci import model
from ltlab_ci.evaluate.compare import digits, slices

_NOTICEABLE = 0.1
_ENOUGH = 30


def answers(recording: model.Recording) -> tuple[model.AnswerSize, ...]:
    """Return the sizes that changed by a tenth or more: of an endpoint's answers, else of an iteration's."""
    sides = [_sizes(recording, side) for side in slices.SIDES]
    found = []
    for endpoint in sorted(set(sides[0]) & set(sides[1])):
        base, head = (of[endpoint] for of in sides)
        if base > 0 and abs(head / base - 1) >= _NOTICEABLE:
            name, method = recording.endpoints[endpoint] if endpoint >= 0 else ("", "")
            size = model.AnswerSize(
                name=name, method=method, base=digits.cut(base), head=digits.cut(head)
            )
            found.append(size)
    return tuple(found)


def _sizes(recording: model.Recording, side: str) -> dict[int, float]:
    """Return the bytes of an answer by endpoint; -1: of all answers to an iteration."""
    total: dict[int, float] = {}
    number: dict[int, int] = {}
    for one in recording.rounds:
        samples: model.Side = getattr(one, side)
        for endpoint, received in (samples.received or {}).items():
            of_endpoint = int((samples.endpoint == endpoint).sum())
            done = of_endpoint if endpoint >= 0 else len(samples.iterations_ns)
            total[endpoint] = total.get(endpoint, 0.0) + received
            number[endpoint] = number.get(endpoint, 0) + done
    return {each: total[each] / number[each] for each in total if number[each] >= _ENOUGH}
