"""Which lab a run takes place in, and what engines may write there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ltlab_ci import console, model
from ltlab_ci.flows import labs
from ltlab_ci.lab import embedded
from tests import factories
from tests.fakes import influx as fake

pytestmark = pytest.mark.loopback

NO_TOKEN = "InfluxDB makes no token for engines: their samples go there afterwards"


@pytest.fixture
def kept() -> fake.Influx:
    return fake.Influx()


@pytest.fixture
def config(kept: fake.Influx, tmp_path: Path) -> Iterator[model.Config]:
    """Return a configuration for which `ltlab start` left a lab up, with this InfluxDB."""
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "influxdb-token").write_text(kept.token, encoding="utf-8")
    with fake.Server(kept).serving() as url:
        (folder / ".env").write_text(f"INFLUXDB_PORT={urlsplit(url).port}\n", encoding="utf-8")
        yield factories.a_config(tmp_path, lab_dir=folder)


def live(config: model.Config) -> model.Live:
    """Bring the lab up, and return what it lets an engine feed."""
    voice = console.Console(quiet=False, plain=True, no_color=True)
    bench = embedded.bench(config.root, {})
    with labs.up(config, bench, {}, "7", voice) as lab:
        fed = lab.live("browse", inside=False)
        assert lab.runtime is model.Runtime.DOCKER
        assert fed is not None
        return fed


def test_up__engines_write_with_a_token_of_their_own(
    kept: fake.Influx, config: model.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    fed = live(config)
    assert fed.influx is not None
    assert fed.influx.token == "write-only" != kept.token
    assert kept.made == {}
    assert NO_TOKEN not in capsys.readouterr().err


@pytest.mark.parametrize("status", [401, 403, 500])
def test_up__without_a_token_engines_write_nothing_there_and_it_is_said(
    kept: fake.Influx, config: model.Config, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.refuses = {f"POST {fake.AUTHORIZATIONS}": status}
    fed = live(config)
    assert fed.influx is None
    assert fed.statsd == ("127.0.0.1", 8125)  # live graphs need no token
    said = capsys.readouterr().err
    assert NO_TOKEN in said
    assert kept.token not in said
