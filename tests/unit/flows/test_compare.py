"""Recorded rounds whose URLs hold ids, judged as a comparison judges them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ltlab_ci import model
from ltlab_ci.flows import compare
from tests.unit.evaluate.compare import simulated

_HEADER = "metric_name,timestamp,metric_value,expected_response,method,name,url"


def recorded(folder: Path, seed: int, change: float) -> tuple[Path, Path]:
    """Write 60 s of 50 requests/s a side: half to products by their ids, a quarter to slugs, the rest to /about.

    Head's products are slower by `change`. Both sides ask for ids of their own.
    """
    plain, slower = (
        simulated.a_recording(seed, rate=50, endpoints=4, change=each) for each in (0.0, change)
    )
    for number, (one, other) in enumerate(zip(plain.rounds, slower.rounds, strict=True), start=1):
        for side, own, slow in (("base", one.base, other.base), ("head", one.head, other.head)):
            rng = np.random.default_rng([seed, number, side == "head"])
            port = 8001 if side == "base" else 8002
            rows = [
                _row(port, start + round(ms * 1e6), ms, _path(int(endpoint), rng))
                for endpoint, start, ms in zip(
                    own.endpoint,
                    own.start_ns,
                    np.where(own.endpoint < 2, slow.ms, own.ms),
                    strict=True,
                )
            ]
            file = folder / side / f"round-{number:02d}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join([_HEADER, *rows, ""]), encoding="utf-8")
    return folder / "base", folder / "head"


def _path(endpoint: int, rng: np.random.Generator) -> str:
    if endpoint < 2:
        return f"/products/{rng.integers(100_000)}"
    return "/about" if endpoint == 2 else f"/blog/{_WORDS[rng.integers(len(_WORDS))]}"


_WORDS = [
    f"{one}-{other}" for one in ("red", "blue", "old", "new", "big", "shy") for other in "abcdef"
]


def _row(port: int, end: int, ms: float, path: str) -> str:
    url = f"http://127.0.0.1:{port}{path}"
    return f"http_req_duration,{end},{ms:.6f},true,GET,{url},{url}"


def judged(
    sides: Sequence[Path], temp: Path, naming: model.Naming | None = None
) -> model.Comparison:
    rules = model.Rules(naming=naming or model.Naming())
    return compare.judge(*sides, rules=rules, temp=temp).comparison


@pytest.mark.parametrize("seed", range(4))
def test_judge__ten_per_cent_on_urls_with_ids_are_found_in_a_minute(
    tmp_path: Path, seed: int
) -> None:
    found = judged(recorded(tmp_path, seed, 0.1), tmp_path / "temp")
    slower = {row.name for row in found.rows if row.verdict == "slower"}
    assert (found.verdict, slower) == ("slower", {"/products/:id"})
    assert {row.name for row in found.rows} == {"/products/:id", "/blog/:id", "/about"}
    assert found.uncompared_requests == 0
    assert [(each.name, each.names > 30) for each in found.grouped] == [
        ("/blog/:id", True),
        ("/products/:id", True),
    ]
    again = judged((tmp_path / "base", tmp_path / "head"), tmp_path / "temp")
    assert again.model_dump_json() == found.model_dump_json()


def test_judge__the_same_code_under_other_ids_is_no_change(tmp_path: Path) -> None:
    for seed in range(4):
        found = judged(recorded(tmp_path / str(seed), seed, 0.0), tmp_path / "temp")
        assert not {"slower", "faster"} & {row.verdict for row in found.rows}


def test_judge__names_can_be_stated(tmp_path: Path) -> None:
    sides = recorded(tmp_path, 1, 0.0)
    naming = model.Naming(patterns=("/products/:sku",), learn=False)
    found = judged(sides, tmp_path / "temp", naming)
    assert {row.name for row in found.rows} == {"/products/:sku", "/about", "all other requests"}


def test_judge__limits_against_base_know_names_as_recorded_and_as_shown(tmp_path: Path) -> None:
    sides = recorded(tmp_path, 2, 0.5)
    stated = [
        model.Threshold.parse(f"http_req_duration{{name:{name}}}", "med < base * 1.2")
        for name in (
            "/products/*",
            "/products/:id",
            "GET /products/:id",
            "http://127.0.0.1:8001/products/*",
            "/about",
            "/nowhere",
        )
    ]
    found = compare.judge(
        *sides, rules=model.Rules(), temp=tmp_path / "temp", thresholds=stated
    ).limits
    assert [each.status.value for each in found] == [*["fail"] * 4, "pass", "no data"]
