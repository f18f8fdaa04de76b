"""Several engine processes are read as one, and what they say is summed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ltlab_ci import model
from ltlab_ci.load import parts
from tests import factories


def an_outcome(requests: float, *found: model.Finding, crossed: bool = False) -> model.Outcome:
    own = model.OwnThreshold(metric="checks", expression="rate>0.9", crossed=crossed)
    return model.Outcome(
        types={"sold": model.MetricType.COUNTER},
        own=(own,),
        findings=found,
        totals={"threw": 1.0, "http_reqs": requests},
    )


def test_summed__of_one_process_is_its_own_word() -> None:
    outcome = an_outcome(3.0)
    assert parts.summed([outcome], "browse") is outcome


def test_summed__adds_up_what_was_counted_and_says_which_process_found_what() -> None:
    found = factories.a_finding("engine", message="it crashed")
    outcome = parts.summed([an_outcome(3.0), an_outcome(4.0, found, crossed=True)], "browse")
    assert outcome.totals == {"threw": 2.0, "http_reqs": 7.0}
    assert outcome.types == {"sold": model.MetricType.COUNTER}
    [own] = outcome.own
    assert own.in_parts
    assert outcome.findings[0].message == "process 2 of 2: it crashed"
    assert [each.code for each in outcome.findings][1:] == ["load-shared"]
    assert outcome.findings[-1].scenario == "browse"


def test_summed__a_total_that_one_does_not_tell_is_not_told() -> None:
    silent = model.Outcome(totals={"threw": 0.0})
    assert parts.summed([an_outcome(3.0), silent], "browse").totals == {"threw": 1.0}


class Reader:
    def __init__(self, *batches: model.Batch) -> None:
        self.batches = batches

    def drain(self) -> Iterator[model.Batch]:
        yield from self.batches[:1]

    def finish(self) -> Iterator[model.Batch]:
        yield from self.batches[1:]


@pytest.mark.parametrize("several", [1, 2, 3])
def test_readers__hand_on_what_each_has(several: int) -> None:
    batches = [
        model.Batch(paths=(factories.CAPTURED / f"{number}",), columns=())
        for number in range(2 * several)
    ]
    readers = parts.Readers([Reader(*batches[2 * n : 2 * n + 2]) for n in range(several)])
    assert list(readers.drain()) == batches[::2]
    assert list(readers.finish()) == batches[1::2]
