"""What a Grafana is asked and given; one that refuses, hangs or is none is a LabError, no crash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ltlab_ci import errors, model
from ltlab_ci.lab import grafana
from tests.factories import assert_two_lines
from tests.fakes import grafana as fake

pytestmark = pytest.mark.loopback

DASHBOARD = {"uid": "k6-pro", "title": "k6: pro", "panels": []}
KEPT = {"uid": "k6-pro-0a1b2c3d", "title": "k6: pro: run 7", "panels": []}
WINDOW = model.Window(start_ns=1_700_000_000_000_000_000, end_ns=1_700_000_060_000_000_000)
QUERY = model.PanelQuery(panel=1, ref="A", flux="buckets()", step_s=1, max_points=400)


@pytest.fixture
def kept() -> fake.Grafana:
    """Return a Grafana that keeps things and wants a token."""
    return fake.Grafana(token="glsa_token", anonymous=False)


@pytest.fixture
def url(kept: fake.Grafana) -> Iterator[str]:
    with fake.Server(kept).serving() as url:
        yield url


def publish(url: str, *, token: str = "glsa_token", expires_s: int | None = None) -> model.Snapshot:
    with grafana.opened(model.Grafana(url=url, token=token), timeout_s=1.0) as client:
        return client.publish(KEPT, of=DASHBOARD, file="grafana/k6-pro.json", expires_s=expires_s)


def test_publish__saves_the_dashboard_that_grafana_does_not_know(
    kept: fake.Grafana, url: str
) -> None:
    posted = publish(url)
    [(key, snapshot)] = kept.snapshots.items()
    assert kept.dashboards == {"k6-pro": {**DASHBOARD, "id": None}}
    assert snapshot["dashboard"] == {**KEPT, "uid": "k6-pro", "id": None}
    assert posted == model.Snapshot(
        uid="k6-pro",
        title="k6: pro: run 7",
        file="grafana/k6-pro.json",
        url=f"{url}/dashboard/snapshot/{key}",
        key=key,
    )
    assert snapshot["deleteKey"] not in posted.model_dump_json()


def test_publish__leaves_a_dashboard_that_is_there_as_it_is(kept: fake.Grafana, url: str) -> None:
    mine = {**DASHBOARD, "title": "changed by the team"}
    kept.dashboards["k6-pro"] = mine
    publish(url)
    assert kept.dashboards == {"k6-pro": mine}


def test_publish__expires_when_asked_to(kept: fake.Grafana, url: str) -> None:
    expires = datetime.fromisoformat(publish(url, expires_s=3600).expires)
    [snapshot] = kept.snapshots.values()
    asked = datetime.now(UTC) + timedelta(hours=1)
    assert abs(expires - asked) < timedelta(minutes=1)
    assert abs(datetime.fromtimestamp(snapshot["expires"], UTC) - asked) < timedelta(minutes=1)


@pytest.mark.parametrize("path", ["/api/dashboards/db", "/api/snapshots"])
@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ({"status": 401}, "with 401: as asked"),
        ({"status": 403}, "with 403: as asked"),
        ({"status": 412}, "with 412: as asked"),
        ({"status": 500}, "with 500: as asked"),
        ({"status": 503}, "with 503: as asked"),
        ({"how": "hang"}, "does not answer (ReadTimeout)"),
        ({"how": "garbage"}, "is no Grafana"),
    ],
)
def test_publish__trouble_is_two_lines(
    kept: fake.Grafana, url: str, path: str, trouble: dict[str, object], says: str
) -> None:
    kept.trouble = {"path": path, **trouble}
    with pytest.raises(errors.LabError) as caught:
        publish(url)
    assert says in caught.value.message
    assert "glsa_token" not in f"{caught.value.message}{caught.value.remedy}"
    assert_two_lines(caught.value)


def test_publish__wrong_token(url: str) -> None:
    with pytest.raises(errors.LabError, match="401: Unauthorized") as caught:
        publish(url, token="wrong")
    assert "token" in caught.value.remedy


def test_publish__snapshots_switched_off(kept: fake.Grafana, url: str) -> None:
    kept.snapshots_enabled = False
    with pytest.raises(errors.LabError, match="403: Dashboard Snapshots are disabled"):
        publish(url)


def test_publish__nobody_there() -> None:
    with pytest.raises(errors.LabError, match="does not answer") as caught:
        publish("http://127.0.0.1:9")
    assert_two_lines(caught.value)


def test_frames__of_a_query_that_fails_are_none(kept: fake.Grafana, url: str) -> None:
    kept.source = {
        "uid": grafana.DATA_SOURCE,
        "url": "http://127.0.0.1:9",
        "jsonData": {"organization": "ltlab"},
        "secureJsonData": {"token": ""},
    }
    with grafana.opened(model.Grafana(url=url, token="glsa_token")) as client:
        assert client.frames([QUERY], WINDOW) == {(1, "A"): ()}


@pytest.mark.parametrize("trouble", [{"status": 502}, {"how": "hang"}, {"how": "garbage"}])
def test_frames__trouble_ends_the_asking(
    kept: fake.Grafana, url: str, trouble: dict[str, object]
) -> None:
    kept.trouble = {"path": "*", **trouble}
    with (
        grafana.opened(model.Grafana(url=url), timeout_s=0.3) as client,
        pytest.raises(errors.LabError),
    ):
        client.frames([QUERY, QUERY], WINDOW)


def test_repr__holds_no_token() -> None:
    assert "glsa" not in repr(model.Grafana(url="http://g", token="glsa_token"))


@pytest.mark.parametrize("direct", [True, False])
def test_opened__a_lab_of_our_own_is_reached_past_any_proxy(
    kept: fake.Grafana, url: str, monkeypatch: pytest.MonkeyPatch, *, direct: bool
) -> None:
    monkeypatch.setenv("http_proxy", url)  # it answers as Grafana does, whatever is asked of it
    monkeypatch.setenv("no_proxy", "")
    kept.dashboards["k6-pro"] = DASHBOARD
    lab = model.Grafana(url="http://grafana.invalid:3000", token="glsa_token")
    with grafana.opened(lab, direct=direct, timeout_s=2.0) as client:
        if direct:
            with pytest.raises(errors.LabError, match="does not answer"):
                client.has("k6-pro")
        else:
            assert client.has("k6-pro")
