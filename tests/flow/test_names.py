"""Names and tags may hold any text: thresholds on them are judged, or refused, never misread."""

from __future__ import annotations

import json

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

HOSTILE = (
    "GET /items with spaces",
    'say "hello"',
    "it's",
    "größe/日本/🛒",
    "a=b&c=d",
    "a|b",
    "*bold* _em_ `code` [link](http://x) # | --- |",
    "<script>alert(1)</script>",
    "one,two",
    "tab\tand\nline end",
    "a\\b",
    "{curly: braces}",
    "100 % sure",
    "a::b",
)


def key(metric: str, tag: str, value: str) -> str:
    """Return a threshold's key, with a quote around the value that it does not hold itself."""
    quote = "'" if '"' in value else '"'
    return f"{metric}{{{tag}:{quote}{value.replace('*', chr(92) + '*')}{quote}}}"


@pytest.fixture(scope="module")
def hostile(toy: str, tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run a script that uses every name for a request, a check, a group and the scenario."""
    thresholds = {key("http_reqs", "name", name): ["count == 2"] for name in HOSTILE}
    for name in HOSTILE:
        thresholds[key("checks", "check", name.replace("::", ""))] = ["rate == 100%"]
    name = "Kasse | <b>böse</b> & `Co` = \"x\", 'y'"
    lab = {
        "version": 1,
        "service": {"url": toy},
        "scenarios": {name: {"script": "load.js", "thresholds": thresholds}},
    }
    script = projects.k6(
        f"""
        for (const name of {json.dumps(HOSTILE)}) {{
          group(name.replaceAll('::', ''), () => {{
            const answer = http.get(`${{url}}/fast`, {{ tags: {{ name }} }});
            check(answer, {{ [name.replaceAll('::', '')]: (r) => r.status === 200 }});
          }});
        }}
        """,
        options="vus: 1, iterations: 2",
        more="import { group } from 'k6';",
    )
    folder = tmp_path_factory.mktemp("hostile") / "project"
    files = {"load.js": script}
    return projects.write(folder, json.dumps(lab, ensure_ascii=False), files).run("run")


def test_run__passes(hostile: projects.Ran) -> None:
    assert hostile.found["headline"] == f"all {2 * len(HOSTILE)} thresholds hold"
    assert hostile.code == 0, hostile.out


@pytest.mark.parametrize("name", HOSTILE)
def test_name__has_its_own_verdict_and_samples(hostile: projects.Ran, name: str) -> None:
    written = {"name": name.replace("*", "\\*")}
    of_name = [v for v in hostile.scenario()["verdicts"] if v["tags"] == written]
    assert [(v["status"], v["observed"]) for v in of_name] == [("pass", 2)]
    kept = hostile.query("SELECT DISTINCT name FROM samples WHERE metric = 'http_reqs'")
    assert (name,) in kept
    shown = {endpoint["name"]: endpoint["requests"] for endpoint in hostile.scenario()["endpoints"]}
    assert shown[name] == 2


def test_html__holds_no_markup_of_a_name(hostile: projects.Ran) -> None:
    page = (hostile.report / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "<b>böse" not in page


def test_markdown__keeps_one_line_a_row(hostile: projects.Ran) -> None:
    rows = (hostile.report / "summary.md").read_text(encoding="utf-8").splitlines()
    [row] = [row for row in rows if "one,two" in row and "http_reqs" in row]
    assert row.startswith("|")
    assert row.endswith("|")


def test_custom_tag__is_judged(project: MakeProject, toy: str) -> None:
    name = 'Premium, "gold" | größe:1'
    thresholds = json.dumps({key("http_reqs", "plan", name): ["count == 20"]}, ensure_ascii=False)
    script = projects.k6(f"http.get(`${{url}}/fast`, {{ tags: {{ plan: {json.dumps(name)} }} }});")
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 0, run.out
    kept = run.query("SELECT DISTINCT tags FROM samples WHERE metric = 'http_reqs'")
    assert kept == [(f"plan={name}",)]


@pytest.mark.parametrize("value", ["a&team=b", "b&team", "=b"])
def test_custom_tag__that_k6_cannot_write_is_no_data(
    project: MakeProject, toy: str, value: str
) -> None:
    script = projects.k6(
        f"http.get(`${{url}}/fast`, {{ tags: {{ plan: '{value}', team: 'b' }} }});"
    )
    thresholds = '{"http_reqs{team:b}": ["count > 0"], "http_reqs{method:GET}": ["count == 20"]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    verdict = run.verdict("http_reqs count > 0")
    assert verdict["status"] == "no data"
    assert "cannot carry" in verdict["reason"]
    assert run.verdict("http_reqs count == 20")["status"] == "pass"


def test_options_tag__that_k6_cannot_write_leaves_other_thresholds_alone(
    project: MakeProject, toy: str
) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);", options="vus: 1, iterations: 20, tags: { branch: 'a&b=c' }"
    )
    thresholds = '{"http_reqs{method:GET}": ["count == 20"]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 0, run.err


def test_url__is_shown_without_the_services_address_and_its_ids(
    project: MakeProject, toy: str
) -> None:
    script = projects.k6("http.get(`${url}/fast?item=${__ITER}`);", options="vus: 1, iterations: 8")
    thresholds = json.dumps(
        {
            "http_reqs{name:/fast?item=3}": ["count == 1"],
            "http_reqs{name:GET /fast*}": ["count == 8"],
            f"http_reqs{{name:{toy}/fast?item=4}}": ["count == 1"],
        }
    )
    run = project(projects.lab(f"{{url: {toy}}}", thresholds=thresholds), {"load.js": script}).run(
        "run"
    )
    assert run.code == 0, run.out
    [endpoint] = run.scenario()["endpoints"]
    assert (endpoint["name"], endpoint["requests"], endpoint["names"]) == ("/fast?item=*", 8, 8)
