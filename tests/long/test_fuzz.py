"""Each reader of other people's files is fuzzed at length, from several starts (`make fuzz` is longer still)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci import test_fuzz
from tests.fuzz import readers

STARTS = range(1, 6)
SECONDS = 60


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("reader", sorted(readers.READERS))
def test_reader__lets_nothing_but_its_own_errors_out(
    reader: str, start: int, tmp_path: Path
) -> None:
    test_fuzz.fuzzed(reader, tmp_path, f"-max_total_time={SECONDS}", f"-seed={start}")
