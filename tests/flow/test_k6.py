"""What ltlab says of a k6 run is what k6 says: figures, own thresholds, the user's own output."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ltlab_ci import errors
from tests.flow import projects
from tests.flow.conftest import MakeProject

SCRIPT = (projects.DATA / "flow" / "everything.js").read_text(encoding="utf-8")
CSV_DIGITS = 1e-6  # k6 writes samples with six decimals
TRENDS = {
    "group_duration",
    *(f"http_req_{phase}" for phase in ("blocked", "connecting", "duration", "receiving")),
    *(f"http_req_{phase}" for phase in ("sending", "tls_handshaking", "waiting")),
    "iteration_duration",
    "waited",
    "weight_kg",
}
COUNTERS = {"baskets", "data_received", "data_sent", "dropped_iterations", "http_reqs"}
COUNTERS |= {"iterations", "revenue_eur"}
RATES = {"checks", "http_req_failed", "sold"}
GAUGES = {"stock", "vus", "vus_max"}
USAGE = {"engine_cpu", "engine_memory", "machine_cpu"}  # ltlab's own, measured beside the load


@pytest.fixture(scope="module")
def everything(toy: str, tmp_path_factory: pytest.TempPathFactory) -> projects.Ran:
    """Run the script that uses every kind of metric."""
    folder = tmp_path_factory.mktemp("everything") / "project"
    thresholds = '{waited: ["p(95) < 60s", "count > 5"], stock: ["value == -1"]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    return projects.write(folder, lab, {"load.js": SCRIPT}).run("run")


@pytest.fixture(scope="module")
def summary(everything: projects.Ran) -> Mapping[str, Mapping[str, float]]:
    """Return k6's own figures by metric."""
    text = (everything.logs("load") / "k6-summary.json").read_text(encoding="utf-8")
    metrics: Mapping[str, Mapping[str, float]] = json.loads(text)["metrics"]
    return metrics


def test_metrics__are_those_of_k6(
    everything: projects.Ran, summary: Mapping[str, Mapping[str, float]]
) -> None:
    assert set(everything.metrics()) - USAGE == TRENDS | COUNTERS | RATES | GAUGES
    silent = {"never_used", "errors_of_nobody"}
    theirs = {name for name in summary if "{" not in name}
    assert theirs == {*everything.metrics(), *silent} - USAGE


@pytest.mark.parametrize("name", sorted(TRENDS))
def test_trend__agrees_to_the_last_digit(
    everything: projects.Ran, summary: Mapping[str, Mapping[str, float]], name: str
) -> None:
    ours, theirs = everything.metrics()[name]["stats"], summary[name]
    stats = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "count")
    assert ours["count"] == theirs["count"]
    assert {stat: ours[stat] for stat in stats} == pytest.approx(
        {stat: theirs[stat] for stat in stats}, rel=1e-11, abs=CSV_DIGITS
    )


@pytest.mark.parametrize("name", sorted(COUNTERS - {"revenue_eur"}))
def test_counter__agrees_exactly(
    everything: projects.Ran, summary: Mapping[str, Mapping[str, float]], name: str
) -> None:
    assert everything.metrics()[name]["stats"]["count"] == summary[name]["count"]


def test_counter__of_fractions_agrees_to_the_digits_of_its_samples(
    everything: projects.Ran, summary: Mapping[str, Mapping[str, float]]
) -> None:
    ours = everything.metrics()["revenue_eur"]
    assert ours["stats"]["count"] == pytest.approx(
        summary["revenue_eur"]["count"], abs=CSV_DIGITS * ours["count"]
    )


@pytest.mark.parametrize("name", sorted(RATES))
def test_rate__agrees_exactly(
    everything: projects.Ran, summary: Mapping[str, Mapping[str, float]], name: str
) -> None:
    ours, theirs = everything.metrics()[name]["stats"], summary[name]
    assert ours["count"] == theirs["passes"] + theirs["fails"]
    assert ours["rate"] == pytest.approx(theirs["value"], rel=1e-11)


@pytest.mark.parametrize("name", sorted(GAUGES))
def test_gauge__agrees_exactly(
    everything: projects.Ran, summary: Mapping[str, Mapping[str, float]], name: str
) -> None:
    ours, theirs = everything.metrics()[name]["stats"], summary[name]
    assert ours == {stat: theirs[stat] for stat in ("value", "min", "max")}


def test_own_thresholds__keep_k6s_word_and_need_data(everything: projects.Ran) -> None:
    own = [v for v in everything.scenario()["verdicts"] if v["origin"] == "k6"]
    assert {(v["metric"], *v["tags"].values(), v["threshold"]): v["status"] for v in own} == {
        ("http_req_duration", "p(95)<60000"): "pass",
        ("http_req_duration", "max<0.001"): "fail",
        ("http_req_duration", "true", "p(99)<60000"): "pass",
        ("http_req_duration", "nobody", "p(95)<500"): "no data",
        ("group_duration", "::shop", "avg>0"): "pass",
        ("checks", "rate>0.5"): "pass",
        ("weight_kg", "p(95)>1"): "pass",
        ("never_used", "p(95)<1"): "no data",
        ("dropped_iterations", "count>0"): "pass",
        ("errors_of_nobody", "count<1"): "pass",  # declared, and nothing to count
    }
    assert everything.code == 1
    assert everything.scenario()["exit_code"] == 99
    assert everything.scenario()["complete"]


def test_thresholds__of_custom_metrics_are_judged(everything: projects.Ran) -> None:
    assert everything.verdict("waited p(95) < 60s")["status"] == "pass"
    assert everything.verdict("waited count > 5")["status"] == "pass"
    assert everything.verdict("stock value == -1")["observed"] == -1


def test_load__is_counted_without_setup_and_teardown(everything: projects.Ran) -> None:
    scenario = everything.scenario()
    assert 1.5 < scenario["duration_s"] < 4.5
    assert scenario["judged_s"] is None  # steady_state is off unless given
    in_setup = "SELECT sum(value) FROM samples WHERE metric = 'baskets' AND \"group\" = '::setup'"
    assert everything.query(in_setup) == [(3,)]


def test_names__with_quotes_commas_and_line_ends_are_whole(everything: projects.Ran) -> None:
    rows = everything.query(
        "SELECT name, count(*) FROM samples WHERE metric = 'http_reqs' AND scenario = 'steady' "
        "GROUP BY name ORDER BY name"
    )
    [(named, several), (by_url, as_many)] = rows
    assert named == 'GET "fast", then\nmore'
    assert by_url.endswith('/nowhere?a=1,2&b="x"')
    assert several == as_many > 10


def test_summary__of_the_user_keeps_working(project: MakeProject, toy: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);",
        more="export function handleSummary(data) {\n"
        "  return { stdout: 'my own words', 'mine.json': JSON.stringify(data.metrics.http_reqs) };\n"
        "}",
    )
    thresholds = '{http_reqs: ["count == 20"]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 0, run.err
    mine = json.loads((run.folder / "mine.json").read_text(encoding="utf-8"))
    assert mine["values"]["count"] == 20
    assert "my own words" in (run.logs("load") / "k6.log").read_text(encoding="utf-8")


def test_own_thresholds__survive_an_environment_that_hides_them(
    project: MakeProject, toy: str
) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`);",
        options="vus: 1, iterations: 20, thresholds: { http_req_duration: ['max<0.001'] }",
    )
    hiding = {"K6_NO_SUMMARY": "true", "K6_NO_THRESHOLDS": "true"}
    hiding |= {"K6_SUMMARY_MODE": "disabled", "K6_NEW_MACHINE_READABLE_SUMMARY": "true"}
    lab = projects.lab(f"{{url: {toy}}}")
    run = project(lab, {"load.js": script}).run("run", env=hiding)
    assert run.code == 1, run.err
    assert run.verdict("http_req_duration max<0.001")["status"] == "fail"


def test_own_thresholds__in_words_that_only_k6_reads(project: MakeProject, toy: str) -> None:
    keys = ("http_req_duration{name:a,name:b}", "http_reqs{plan:a&b}", "http_reqs{ method : GET }")
    own = {key: ["count>0"] for key in keys[1:]} | {keys[0]: ["p(95)<60000"]}
    script = projects.k6(
        "http.get(`${url}/fast`, { tags: { plan: 'a&b', name: 'b' } });",
        options=f"vus: 1, iterations: 20, thresholds: {json.dumps(own)}",
    )
    run = project(projects.lab(f"{{url: {toy}}}"), {"load.js": script}).run("run")
    assert run.code == 0
    assert run.verdict("http_req_duration p(95)<60000")["status"] == "pass"
    own_verdicts = {(*v["tags"].values(),): v for v in run.scenario()["verdicts"]}
    assert own_verdicts["GET",]["status"] == "pass"
    # Its output cannot carry the tag; k6 itself has the requests, and its word is kept.
    assert own_verdicts["a&b",]["status"] == "pass"


def test_types__of_custom_metrics_whatever_the_summary_shows(
    project: MakeProject, toy: str
) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`); a_trend.add(3); a_count.add(2); a_gauge.add(1); a_rate.add(1);",
        options="vus: 1, iterations: 20, summaryTrendStats: ['max', 'min']",
        more="const a_trend = new Trend('a_trend'), a_count = new Counter('a_count');\n"
        "const a_gauge = new Gauge('a_gauge'), a_rate = new Rate('a_rate');",
    )
    thresholds = """{a_trend: ["p(95) == 3"], a_count: ["count == 40"], a_gauge: ["value == 1"],
      a_rate: ["rate == 100%"]}"""
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 0, run.out


def test_command__runs_one_script_without_a_file(project: MakeProject, toy: str) -> None:
    script = projects.k6("http.get(`${url}/fast`); sleep(0.05);", options="")
    mine = project("", {"shop/load.js": script})
    words = ("k6", "-s", "load.js", "-p", "shop", "--url", toy)
    run = mine.run(*words, "--", "--vus", "2", "--duration", "2s")
    assert run.code == 0, run.err
    assert run.scenario()["name"] == "load"
    assert run.metrics()["vus"]["stats"]["max"] == 2
    assert 1.5 < run.scenario()["duration_s"] < 3
    assert "--vus 2 --duration 2s" in run.found["reproduce"]


def test_script__gets_environment_arguments_and_modules(project: MakeProject, toy: str) -> None:
    script = "import { get } from './lib/shop.js';\n" + projects.k6(
        "check(get(url), { [__ENV.RATE + __ENV.FLAVOUR]: (r) => r.status === 200 });",
        more="if (!__ENV.FLAVOUR) throw new Error('no flavour');",
    )
    files = {
        "load.js": script,
        "lib/shop.js": "import http from 'k6/http';\n"
        "const paths = JSON.parse(open('./paths.json'));\n"
        "export const get = (url) => http.get(url + paths.fast);",
        "lib/paths.json": '{"fast": "/fast"}',
    }
    thresholds = '{"checks{check:7salt}": ["rate == 100%"]}'
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    lab += "    env: {RATE: '7'}\n    args: [--env, FLAVOUR=salt]\n"
    run = project(lab, files).run("run")
    assert run.code == 0, run.out + run.err


def test_infinity__is_no_figure_and_spoils_nothing_else(project: MakeProject, toy: str) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`); odd.add(Infinity); odd.add(NaN); odd.add(-1e-9); big.add(1e300);",
        more="const odd = new Trend('odd'), big = new Trend('big');",
    )
    thresholds = (
        '{http_reqs: ["count == 20"], odd: ["max < 5", "count > 20"], big: ["max > 1e299"]}'
    )
    lab = projects.lab(f"{{url: {toy}}}", thresholds=thresholds)
    run = project(lab, {"load.js": script}).run("run")
    assert run.code == 1
    assert run.verdict("odd max < 5")["status"] == "no data"
    assert run.verdict("odd max < 5")["reason"] == "max of its 40 samples is no finite number"
    others = ("http_reqs count == 20", "odd count > 20", "big max > 1e299")
    assert {run.verdict(other)["status"] for other in others} == {"pass"}


@pytest.mark.parametrize(
    ("adding", "code"),
    [
        ("new Counter('http_reqs')", errors.ExitCode.STORE),  # nothing says whether all is there
        ("new Gauge('vus')", errors.ExitCode.OK),
        ("new Trend('http_req_duration', true)", errors.ExitCode.OK),
        ("new Rate('http_req_failed')", errors.ExitCode.FAILED),  # a rate counts it as true
    ],
)
def test_infinity__in_k6_s_own_metrics_is_told_and_breaks_nothing(
    project: MakeProject, toy: str, adding: str, code: int
) -> None:
    script = projects.k6(
        "http.get(`${url}/fast`); own.add(Infinity);", more=f"const own = {adding};"
    )
    thresholds = '{iterations: ["count == 20"], http_req_failed: ["rate < 1%"]}'
    run = project(projects.lab(f"{{url: {toy}}}", thresholds=thresholds), {"load.js": script}).run(
        "run"
    )
    assert run.code == code, run.out + run.err
    assert run.verdict("iterations count == 20")["status"] == "pass"
    told = run.findings.get("samples-incomplete", {"message": ""})["message"]
    assert told.startswith("the script made http_reqs infinite") == (code == errors.ExitCode.STORE)


def test_plain_script__is_k6_s_to_plan_and_to_judge(project: MakeProject, toy: str) -> None:
    # No VUs, K6_OUT, a counter of errors without any, and a tag whose value k6's output cannot carry.
    script = projects.k6(
        "http.get(`${url}/fast`, { tags: { query: 'q=1', kind: 'api' } });",
        options="thresholds: { mishaps: ['count<1'], 'http_req_duration{kind:api}': ['p(95)<60000'], "
        "'http_req_duration{query:q=1}': ['p(95)<60000'], 'http_req_duration{kind:ipa}': ['p(95)<1'] }",
        more="const mishaps = new Counter('mishaps');",
    )
    lab = projects.lab(f"{{url: {toy}}}", more="    args: ['-i', '5']\n")
    mine = project(lab, {"load.js": script})
    run = mine.run("run", env={"K6_OUT": "json=out.json"})
    assert run.findings == {}
    verdicts = {
        (each["metric"], *each["tags"].values()): each for each in run.scenario()["verdicts"]
    }
    assert {key: each["status"] for key, each in verdicts.items()} == {
        ("mishaps",): "pass",
        ("http_req_duration", "api"): "pass",
        ("http_req_duration", "q=1"): "pass",
        ("http_req_duration", "ipa"): "no data",
    }
    assert "nothing was counted" in verdicts["mishaps",]["reason"]
    assert verdicts["http_req_duration", "api"]["observed"] > 0
    assert run.metrics()["iterations"]["stats"]["count"] == 5
    assert '"metric":"http_reqs"' in (mine.folder / "out.json").read_text(encoding="utf-8")
