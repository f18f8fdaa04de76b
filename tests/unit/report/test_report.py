"""All files of a report: the same result gives the same bytes, and result.json is the result."""

from __future__ import annotations

import json

import jsonschema
import pytest

from ltlab_ci import model, report
from tests.unit.report import cases


@pytest.mark.parametrize("case", cases.CASES)
def test_render__is_deterministic_and_complete(case: str) -> None:
    files = report.render(cases.CASES[case]())
    assert list(files) == [
        "result.json",
        "summary.md",
        "junit.xml",
        "report.html",
        "metrics.txt",
        "load-performance.json",
    ]
    assert files == report.render(cases.CASES[case]())


@pytest.mark.parametrize("case", cases.CASES)
def test_render__result_json_is_the_result_and_obeys_its_schema(case: str) -> None:
    result = cases.CASES[case]()
    text = report.render(result)["result.json"]
    assert model.Result.model_validate_json(text) == result
    assert text.endswith(b"}\n")
    schema = json.loads(report.json_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(text), schema)


def test_render__the_time_of_writing_stands_in_result_json_alone() -> None:
    result = cases.demo()
    later = result.times.model_copy(update={"written": "2031-01-01T00:00:00Z"})
    first, second = report.render(result), report.render(result.model_copy(update={"times": later}))
    assert [name for name in first if first[name] != second[name]] == ["result.json"]


def test_result_json__of_an_older_version_without_places_is_read() -> None:
    found = json.loads(report.result_json(cases.all_pass()))
    for scenario in found["scenarios"]:
        del scenario["place"]
        for verdict in scenario["verdicts"]:
            del verdict["place"]
    assert model.Result.model_validate_json(json.dumps(found)) == cases.all_pass()
