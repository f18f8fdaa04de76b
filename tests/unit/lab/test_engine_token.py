"""The token that engines write with: made for a run, revoked after it, and no run fails for want of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ltlab_ci import model
from ltlab_ci.lab import engine_token, service
from tests.fakes import influx as fake

pytestmark = pytest.mark.loopback

MAKE, REVOKE = f"POST {fake.AUTHORIZATIONS}", f"DELETE {fake.AUTHORIZATIONS}"
LOOK = f"GET {fake.BUCKETS}"


@pytest.fixture
def kept() -> fake.Influx:
    return fake.Influx()


@pytest.fixture
def lab(kept: fake.Influx) -> Iterator[model.Influx]:
    """Serve it; this is what ltlab knows of it."""
    with fake.Server(kept).serving() as url:
        yield model.Influx(url=url, token=kept.token)


def handed_out(lab: model.Influx) -> str:
    with engine_token.write_only(lab, "engines of shop-1") as token:
        return token


def test_write_only__adds_to_the_raw_bucket_alone_and_is_revoked(
    kept: fake.Influx, lab: model.Influx
) -> None:
    with engine_token.write_only(lab, "engines of shop-1") as token:
        [made] = kept.made.values()
        bucket = {"type": "buckets", "id": fake.BUCKET["id"], "orgID": fake.BUCKET["orgID"]}
        assert made["permissions"] == [{"action": "write", "resource": bucket}]
        assert (made["token"], made["description"]) == (token, "engines of shop-1")
        assert made["orgID"] == fake.BUCKET["orgID"]
    assert kept.made == {}


def test_write_only__is_revoked_when_the_run_is_interrupted(
    kept: fake.Influx, lab: model.Influx
) -> None:
    def interrupted() -> None:
        with engine_token.write_only(lab, "engines of shop-1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert kept.asked == [LOOK, MAKE, REVOKE]
    assert kept.made == {}


@pytest.mark.parametrize("status", [401, 403, 500])
@pytest.mark.parametrize("asked", [LOOK, MAKE])
@pytest.mark.parametrize("page", ["", "<html>Sign in</html>"])
def test_write_only__of_an_influxdb_that_refuses_is_none(
    kept: fake.Influx, lab: model.Influx, asked: str, status: int, page: str
) -> None:
    kept.refuses, kept.page = {asked: status}, page
    assert handed_out(lab) == ""
    assert asked in kept.asked
    assert REVOKE not in kept.asked


@pytest.mark.parametrize("asked", [LOOK, MAKE])
def test_write_only__of_what_is_no_influxdb_is_none(
    kept: fake.Influx, lab: model.Influx, asked: str
) -> None:
    kept.refuses, kept.page = {asked: 200}, "<html>Sign in</html>"
    assert handed_out(lab) == ""
    assert asked in kept.asked


def test_write_only__with_a_wrong_token_or_bucket_is_none(
    kept: fake.Influx, lab: model.Influx
) -> None:
    assert handed_out(replace(lab, token="another")) == ""
    assert handed_out(replace(lab, bucket="another")) == ""
    assert kept.asked == [LOOK, LOOK]


def test_write_only__where_nobody_answers_is_none(lab: model.Influx) -> None:
    assert handed_out(replace(lab, url=f"http://127.0.0.1:{service.free_port()}")) == ""


@pytest.mark.parametrize("status", [404, 500])
def test_write_only__that_cannot_be_revoked_is_left_without_a_word(
    kept: fake.Influx, lab: model.Influx, status: int
) -> None:
    kept.refuses = {REVOKE: status}
    assert handed_out(lab) == "write-only"
    assert kept.asked[-1] == REVOKE
