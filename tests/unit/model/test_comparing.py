"""How a comparison is asked for: texts that parse, budgets that are cut into rounds."""

from __future__ import annotations

import pytest

from ltlab_ci import errors, model


def comparing(budget: str = "120s", **spec: object) -> model.Comparing:
    return model.Comparing.of(
        model.CompareSpec.model_validate(spec),
        against="merge-base",
        budget=budget,
        target=model.Target(),
    )


def test_of__what_is_usual() -> None:
    assert comparing() == model.Comparing()
    assert comparing().rounds(20.0) == (20.0,) * 6
    assert comparing().rounds(40.0) == (40.0,) * 3


@pytest.mark.parametrize(
    ("budget", "spec", "rounds"),
    [
        ("60s", {}, (20.0, 20.0, 20.0)),
        ("2m", {"round": "10s"}, (10.0,) * 12),
        ("50s", {}, (25.0, 25.0)),
        ("24s", {"round": "6s"}, (6.0,) * 4),
        ("24s", {"round": "1m"}, (24.0,)),
    ],
)
def test_rounds__are_the_budget_together(
    budget: str, spec: dict[str, object], rounds: tuple[float, ...]
) -> None:
    assert comparing(budget, **spec).rounds(20.0) == rounds


@pytest.mark.parametrize(
    ("budget", "spec", "least"),
    [
        ("23s", {}, "24s"),
        ("47s", {"mode": "alternate"}, "48s"),
        ("60s", {"round": "5s"}, "6s"),
        ("60s", {"round": "6s", "mode": "alternate"}, "12s"),
    ],
)
def test_of__too_short_for_any_verdict_is_refused(
    budget: str, spec: dict[str, object], least: str
) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        comparing(budget, **spec)
    assert least in caught.value.remedy


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"load": "50/s"}, 50.0),
        ({"load": "2.5/s"}, 2.5),
        ({"load": "plateau"}, None),
    ],
)
def test_of__a_rate(spec: dict[str, object], expected: float | None) -> None:
    assert comparing("120s", **spec).rate_per_s == expected


@pytest.mark.parametrize(
    "spec",
    [
        *({"load": each} for each in ("50", "0/s", "-1/s", "50 /s", "fast")),
        *({"min_effect": each} for each in ("x", "100%", "-1%")),
        *({"fail_on": each} for each in ("", "never,slower", "slow")),
        *({"mode": "both"}, {"warmup": "3"}, {"against": ""}),
    ],
)
def test_spec__what_means_nothing_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises((errors.ConfigError, ValueError)):
        comparing("120s", **spec)


def test_of__rules() -> None:
    rules = comparing(min_effect="5%", fail_on="slower, faster").rules
    assert (rules.min_effect, rules.fail_on) == (0.05, frozenset({"slower", "faster"}))
    assert comparing(fail_on="never").rules.fail_on == frozenset()
