"""What cannot be read for InfluxDB is its store's trouble. With real servers: tests/lab/store."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.store import backfill
from tests.factories import assert_two_lines


def test_complete__a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "round-01.parquet"
    broken.write_bytes(b"PAR1 and then the disk was full")
    with pytest.raises(errors.StoreError, match=r"round-01\.parquet cannot be read") as caught:
        backfill.complete(model.Influx(url="http://127.0.0.1:9", token="t"), [broken], {})
    assert_two_lines(caught.value)
