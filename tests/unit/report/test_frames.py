"""InfluxDB's annotated CSV becomes frames; values, types, labels and holes are kept."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import errors
from ltlab_ci.report import frames
from tests.factories import assert_two_lines

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SERIES = """\
#datatype,string,long,dateTime:RFC3339,double,string,string,string
#group,false,false,false,false,true,true,true
#default,_result,,,,,,
,result,table,_time,_value,_field,_measurement,testid
,,0,2026-11-24T02:36:58.3Z,1.5,p95,http_req_duration,run-1
,,0,2026-11-24T02:36:59.123456789Z,,p95,http_req_duration,run-1
,,1,2026-11-24T02:36:59Z,2,p95,http_req_duration,"run, 2"

#datatype,string,long,string,long,boolean,dateTime:RFC3339
#group,false,false,false,false,false,false
#default,_result,,,,,
,result,table,error,count,ok,seen
,,0,refused,18014398509481985,true,2026-11-24T02:37:00Z
,,0,,,false,
"""


def test_of_csv__tables_with_a_measurement_are_series_and_others_are_not() -> None:
    one, two, table = frames.of_csv(SERIES)
    assert one == {
        "schema": {
            "name": "http_req_duration",
            "fields": [
                {"name": "Time", "type": "time"},
                {"name": "p95", "type": "number", "labels": {"testid": "run-1"}},
            ],
        },
        "data": {"values": [[1795487818300, 1795487819123], [1.5, None]]},
    }
    assert two["schema"]["fields"][1]["labels"] == {"testid": "run, 2"}
    assert [(each["name"], each["type"]) for each in table["schema"]["fields"]] == [
        ("error", "string"),
        ("count", "number"),
        ("ok", "boolean"),
        ("seen", "time"),
    ]
    assert table["data"]["values"] == [
        ["refused", ""],
        [18014398509481985, None],
        [True, False],
        [1795487820000, None],
    ]


def test_of_csv__nothing_found_is_no_frame() -> None:
    assert frames.of_csv("\r\n") == frames.of_csv("") == ()


def test_of_csv__an_error_after_the_first_rows_is_an_error() -> None:
    late = "\n#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,out of memory,\n"
    with pytest.raises(errors.StoreError, match="InfluxDB: out of memory") as caught:
        frames.of_csv(SERIES + late)
    assert_two_lines(caught.value)


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf"])
def test_of_csv__what_json_cannot_hold_is_a_hole(text: str) -> None:
    [frame, *_] = frames.of_csv(SERIES.replace("1.5", text))
    assert frame["data"]["values"][1] == [None, None]


@given(
    names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1),
    us=st.integers(0, 4_000_000_000_000_000),
)
def test_of_csv__texts_and_times_come_back(names: list[str], us: int) -> None:
    time = EPOCH + timedelta(microseconds=us)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["#datatype", "string", "long", "string", "dateTime:RFC3339Nano"])
    writer.writerow(["#group", "false", "false", "false", "false"])
    writer.writerow(["#default", "_result", "", "", ""])
    writer.writerow(["", "result", "table", "name", "_time"])
    writer.writerows(["", "", "0", name, f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"] for name in names)
    [frame] = frames.of_csv(text.getvalue())
    found, times = frame["data"]["values"]
    assert found == names
    assert set(times) == {us // 1000}


@given(rows=st.integers(0, 500), most=st.integers(1, 50))
def test_thinned__never_more_than_asked_and_never_none_of_some(rows: int, most: int) -> None:
    frame = frames.series("p95", list(range(rows)), list(range(rows)))
    thin = frames.thinned(frame, most)
    assert frames.length(thin) <= most
    assert thin["data"]["values"][0][:1] == list(range(rows))[:1]
    assert frames.length(frame) == rows
    assert rows > most or thin == frame
