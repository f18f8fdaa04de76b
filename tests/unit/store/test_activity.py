"""What samples tell of scenarios of a script, of VUs and of iterations."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltlab_ci import model
from ltlab_ci.store import activity, duck
from tests import factories
from tests.factories import SECOND_NS, START_NS

Row = dict[str, object]


def a_row(metric: str, at_s: float, value: float = 1.0, *, vu: int = 0, **tags: str) -> Row:
    tags = {"scenario": "browse", **tags}
    whole: Row = {
        "metric_name": metric,
        "timestamp": START_NS + round(at_s * SECOND_NS),
        "metric_value": value,
        **tags,
    }
    return {**whole, "metadata": f"vu={vu}"} if vu else whole


def a_request(
    at_s: float, ms: float = 100.0, *, vu: int = 0, failed: int = 0, **tags: str
) -> list[Row]:
    tags = {"method": "GET", "name": "/", "status": "200", **tags}
    values = {"http_reqs": 1.0, "http_req_duration": ms, "http_req_failed": float(failed)}
    return [a_row(metric, at_s, value, vu=vu, **tags) for metric, value in values.items()]


def filled(folder: Path, rows: list[Row]) -> duck.Store:
    columns = dict.fromkeys(factories.K6_COLUMNS, "")
    writer = duck.Writer(folder, "browse")
    writer.ingest(factories.a_batch(folder / "rows.csv", [{**columns, **row} for row in rows]))
    writer.close()
    return duck.Store(folder)


def test_tallies__leave_set_up_and_tear_down_out(tmp_path: Path) -> None:
    rows = [
        *a_request(0.1, scenario="", group="::setup"),
        *a_request(1.0, failed=1, status="503", error_code="1503"),
        *a_request(2.0, status="0", error_code="1212"),
        *a_request(9.0, scenario="", group="::teardown"),
    ]
    [tally] = activity.tallies(filled(tmp_path, rows), "browse")
    assert (tally.name, tally.requests, tally.judged) == ("browse", 2, 2)
    assert (tally.failed, tally.refused, tally.bad) == (1, 1, 2)
    assert tally.failed_as == "503"


def test_tallies__are_one_for_each_scenario_of_the_script(tmp_path: Path) -> None:
    rows = [
        *a_request(1.0),
        a_row("checks", 1.0, 0.0, check="up"),
        a_row("iterations", 1.1),
        a_row("grpc_req_duration", 1.0, 3.0, scenario="rpc", status="12"),
        a_row("grpc_req_duration", 1.5, 3.0, scenario="rpc", status="0"),
        a_row("browser_http_req_failed", 1.0, 1.0, scenario="page"),
        a_row("data_sent", 1.0, 120.0, scenario="page"),
    ]
    browse, page, rpc = activity.tallies(filled(tmp_path, rows), "browse")
    assert (browse.checks, browse.checks_failed, browse.iterations) == (1, 1, 1)
    assert (rpc.calls, rpc.calls_failed, rpc.requests) == (2, 1, 0)
    assert (page.pages, page.pages_failed, page.bytes_sent) == (1, 1, 120.0)


def test_tallies__a_browser_that_got_no_answer_sent_something_all_the_same(tmp_path: Path) -> None:
    rows = [a_row("browser_data_sent", 1.0, 400.0), a_row("browser_data_sent", 2.0, 400.0)]
    [tally] = activity.tallies(filled(tmp_path, rows), "browse")
    assert (tally.pages, tally.pages_failed) == (2, 2)


@pytest.mark.parametrize(
    ("status", "received", "failed"),
    [("101", 0.0, 0), ("503", 0.0, 1), ("", 0.0, 1), ("", 50.0, 0)],
)
def test_tallies__a_session_without_a_handshake_failed(
    tmp_path: Path, status: str, received: float, failed: int
) -> None:
    rows = [a_row("ws_sessions", 1.0, status=status), a_row("data_received", 1.0, received)]
    [tally] = activity.tallies(filled(tmp_path, rows), "browse")
    assert (tally.sessions, tally.sessions_failed) == (1, failed)


def test_tallies__know_the_longest_silence(tmp_path: Path) -> None:
    rows = [row for at_s in (1.0, 1.1, 4.1, 5.0) for row in a_request(at_s)]
    [tally] = activity.tallies(filled(tmp_path, rows), "browse")
    assert tally.quiet_s == 3.0


def test_vus__of_a_run(tmp_path: Path) -> None:
    rows = [a_row("vus", at_s, value) for at_s, value in ((1, 2), (2, 4), (3, 1), (4, 0))]
    assert activity.vus(filled(tmp_path, rows), "browse") == model.Vus(
        alive_ns=START_NS + 3 * SECOND_NS, time_s=7.0
    )


def test_read__the_last_sign_of_life_of_each_vu(tmp_path: Path) -> None:
    rows = [
        *a_request(1.0, vu=1, name="/login"),
        a_row("iteration_duration", 1.1, 200.0, vu=1),
        a_row("data_sent", 1.1, 90.0, vu=1),
        *a_request(2.0, vu=2, name="/cart"),
        a_row("ws_connecting", 3.0, 5.0, vu=3, status="101"),
        a_row("vus", 9.0, 3.0),
    ]
    found = activity.read(filled(tmp_path, rows), "browse", [])
    assert [(end.ended, end.in_session, end.after, end.requests) for end in found.ends] == [
        (True, False, "GET /login", 0),
        (False, False, "GET /cart", 1),
        (False, True, "", 0),
    ]


def test_read__a_stream_of_grpc_stays_open_on_purpose(tmp_path: Path) -> None:
    rows = [
        a_row("grpc_streams", 1.0, vu=1),
        a_row("grpc_streams_msgs_received", 2.0, vu=1, status="0"),
    ]
    store = filled(tmp_path, rows)
    [end] = activity.read(store, "browse", []).ends
    [tally] = activity.tallies(store, "browse")
    assert (end.in_session, tally.streams) == (True, 1)


def test_pace__of_what_is_no_request(tmp_path: Path) -> None:
    rows = [a_row("messages_read", 1.0, vu=1)]
    assert activity.pace(filled(tmp_path, rows), "browse", "browse").protocol == ""


def test_read__when_iterations_began_that_ended_or_were_dropped(tmp_path: Path) -> None:
    rows = [a_row("iteration_duration", 2.0, 500.0), a_row("dropped_iterations", 3.0, 2.0)]
    found = activity.read(filled(tmp_path, rows), "browse", ["browse"])
    assert [(at - START_NS) / SECOND_NS for at in found.begun_ns["browse"]] == [1.5, 3.0, 3.0]


def test_pace__a_pause_is_the_time_between_requests_of_an_iteration(tmp_path: Path) -> None:
    rows = [
        *a_request(1.0, 100.0, vu=1),
        *a_request(3.0, 500.0, vu=1),  # begins 1.5 s after the first ended
        a_row("iteration_duration", 3.2, 2300.0, vu=1),
        *a_request(9.0, 100.0, vu=1),  # idle between two iterations, which is no pause
        a_row("iteration_duration", 9.0, 100.0, vu=1),
        *a_request(4.0, 50.0, vu=2, scenario="other"),
    ]
    assert activity.pace(filled(tmp_path, rows), "browse", "browse") == model.Pace(
        pause_s=1.5, request_s=0.5, requests=2, protocol="http"
    )
