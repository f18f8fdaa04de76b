"""Figures to look at: they agree with the samples, and they are bounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import pictures
from tests.unit.evaluate.compare import simulated


def pictured(recording: model.Recording) -> tuple[model.Comparison, model.Pictured]:
    found, _ = compare.compare(recording, model.Rules())
    [picture] = found.pictures
    return found, picture


def test_pictures__slices_and_rounds_are_those_that_were_judged() -> None:
    found, picture = pictured(simulated.a_recording(1, change=0.2, rate=80))
    assert len(picture.t_s) == found.slices
    assert picture.round_starts == (0, 10, 20)
    assert list(picture.t_s) == sorted(picture.t_s)
    assert picture.t_s[-1] == pytest.approx(found.seconds - found.slice_s, abs=0.2)
    [one] = picture.endpoints
    assert [each.stat for each in one.changes] == ["p(50)", "p(95)"]
    for each, row in zip(one.changes, found.rows, strict=True):
        assert len(each.values) == found.slices
        known = [value for value in each.values if value is not None]
        assert np.median(known) == pytest.approx(row.change, abs=0.04)


def test_pictures__distributions_count_every_successful_request() -> None:
    recording = simulated.a_recording(2, rate=80, endpoints=2, failing=(0.0, 0.1))
    _, picture = pictured(recording)
    code = {name: number for number, (name, _) in enumerate(recording.endpoints)}
    for one in picture.endpoints:
        for side, counts in (("base", one.base), ("head", one.head)):
            samples = [getattr(each, side) for each in recording.rounds]
            asked = sum(int(((s.endpoint == code[one.name]) & s.ok).sum()) for s in samples)
            # Slices are cut from the overlap of both sides: a request at its edge may be outside.
            assert asked - 10 <= sum(counts) <= asked
        assert one.base[0] + one.head[0] > 0
        assert one.base[-1] + one.head[-1] > 0


def test_pictures__percentiles_need_requests_beyond_them() -> None:
    _, picture = pictured(simulated.a_recording(3, rate=60))
    [one] = picture.endpoints
    shown = dict(zip(one.shares, one.base_ms, strict=True))
    assert shown[0.99] is not None
    assert shown[0.999] is None  # 3,600 requests: three lie beyond it


def test_pictures__the_worst_endpoints_first_and_not_too_many() -> None:
    recording = simulated.a_recording(4, rate=20 * 16, endpoints=16)

    def slowed(side: model.Side) -> model.Side:
        return replace(side, ms=np.where(side.endpoint == 13, side.ms * 2, side.ms))

    rounds = tuple(model.Round(base=one.base, head=slowed(one.head)) for one in recording.rounds)
    found, picture = pictured(replace(recording, rounds=rounds))
    assert found.verdict == "slower"
    assert picture.endpoints[0].name == "/13"
    assert len(picture.endpoints) == pictures.MOST_ENDPOINTS
    assert picture.left_out == 4


def test_pictures__processors_of_both_sides_where_they_were_recorded() -> None:
    recording = simulated.a_recording(5, rate=60)
    assert pictured(recording)[1].base_cpu == ()

    def used(side: model.Side, processors: float) -> model.Side:
        at = np.arange(int(side.start_ns.min()), int(side.start_ns.max()), 1_000_000_000)
        return replace(side, cpu_ns=at, cpu=np.full(len(at), processors))

    rounds = tuple(
        model.Round(base=used(one.base, 0.5), head=used(one.head, 0.75)) for one in recording.rounds
    )
    found, picture = pictured(replace(recording, rounds=rounds))
    assert len(picture.base_cpu) == found.slices
    assert set(picture.base_cpu) - {None} == {0.5}
    assert set(picture.head_cpu) - {None} == {0.75}


def test_pictures__nothing_to_show_where_nothing_was_tested() -> None:
    found, _ = compare.compare(simulated.a_recording(14, rate=2), model.Rules())
    assert found.pictures == ()
