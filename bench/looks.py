"""A recording judged as `ltlab compare` judges it live: with the look at half that long budgets have."""

from __future__ import annotations

from dataclasses import replace

from ltlab_ci import model
from ltlab_ci.evaluate import compare
from ltlab_ci.evaluate.compare import overall


def judged(recording: model.Recording, round_s: float) -> model.Comparison:
    """Return what a comparison says whose rounds were planned to take so many seconds."""
    at = model.first_look((round_s,) * len(recording.rounds))
    if not at:
        return compare.compare(recording, model.Rules())[0]
    half = replace(recording, rounds=recording.rounds[:at])
    first, _ = compare.compare(half, model.Rules(share=model.FIRST_SHARE))
    if overall.settled(first):
        return first
    return compare.compare(recording, model.Rules(share=1 - model.FIRST_SHARE))[0]
