"""Bad input is refused in two lines before anything starts: what, where, and what to do.

One case of each kind; every single rule has its unit test (tests/unit/config).
"""

from __future__ import annotations

import pytest

from tests.flow import projects
from tests.flow.conftest import MakeProject

GET = projects.k6("http.get(`${url}/fast`);")
# Would leave a file behind if it were ever started.
SERVICE = "{command: [touch, started]}"


def refused(mine: projects.Project, *words: str) -> tuple[str, str]:
    """Run what must be refused; return the two lines."""
    run = mine.run(*words)
    assert run.code == 2, run.err
    assert run.out == ""
    assert not (mine.folder / "started").exists()
    if run.result is not None:
        [finding] = run.findings.values()
        assert finding["message"] == run.refusal[0]
        assert finding["code"] in {"ConfigError", "ConfigMissing"}
    return run.refusal


def test_file__is_missing(project: MakeProject) -> None:
    what, remedy = refused(project("", {"load.js": GET}), "run")
    assert what.startswith("no ltlab.yml in ")
    assert "ltlab k6 -s SCRIPT" in remedy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("version: 1\nscenarios: {a: [}\n", "ltlab.yml:2:17: not valid YAML: "),
        ("version: 1\n\tscenarios: {}\n", "ltlab.yml:2:1: not valid YAML: "),
        ("version: 1\nversion: 1\n", "ltlab.yml:2:1: not valid YAML: 'version' stands here twice"),
        ("just a line\n", "ltlab.yml:1:1: holds no settings"),
        ("version: 1\n", "ltlab.yml:1:1: 'scenarios' is missing"),
    ],
)
def test_file__is_malformed(project: MakeProject, text: str, what: str) -> None:
    assert refused(project(text), "run")[0].startswith(what)


@pytest.mark.parametrize(
    ("old", "new", "what", "remedy"),
    [
        (
            "service",
            "servise",
            "ltlab.yml:2:1: unknown key 'servise' (did you mean 'service'?)",
            "use one of version, service, ",
        ),
        (
            "script",
            "skript",
            "ltlab.yml:5:5: unknown key 'skript' (did you mean 'script'?)",
            "use one of engine, script",
        ),
        (
            "[touch, started]}",
            "[x], url: 'http://a'}",
            "ltlab.yml:2:1: service needs one of command, image, compose and url",
            "command",
        ),
        (
            "load.js",
            "other.js",
            "ltlab.yml:5:5: no script 'other.js'",
            "from the folder of ltlab.yml",
        ),
        (
            "load.js",
            "ltlab.txt",
            "ltlab.yml:5:5: cannot tell the engine of ltlab.txt",
            "engine: k6",
        ),
    ],
)
def test_key__is_wrong(project: MakeProject, old: str, new: str, what: str, remedy: str) -> None:
    text = projects.lab(SERVICE).replace(old, new, 1)
    said = refused(project(text, {"load.js": GET, "ltlab.txt": "-"}), "run")
    assert said[0].startswith(what)
    assert remedy in said[1]


@pytest.mark.parametrize(
    ("key", "that", "what"),
    [
        (
            "http_req_durations",
            "p(95) < 1s",
            "unknown metric 'http_req_durations' (did you mean 'http_req_duration'?)",
        ),
        ("http_req_duration{nam:x}", "p(95) < 1s", "unknown tag 'nam' (did you mean 'name'?)"),
        ("http_req_duration", "p95 < 1s", "unknown stat 'p95'"),
        ("http_req_duration", "p(95) < 1sec", "unknown unit 'sec'"),
        (
            "http_req_duration",
            "p(95) < 5%",
            "the unit in 'p(95) < 5%' does not fit p(95) of a trend",
        ),
        ("http_reqs", "p(95) < 5", "http_reqs is a counter, which has no p(95)"),
        ("http_reqs{name}", "count > 1", "tag filter 'name' in 'http_reqs{name}' has no value"),
    ],
)
def test_threshold__can_never_be_judged(
    project: MakeProject, key: str, that: str, what: str
) -> None:
    text = projects.lab(SERVICE, thresholds=f'{{"{key}": ["{that}"]}}')
    said, remedy = refused(project(text, {"load.js": GET}), "run")
    assert said.startswith("ltlab.yml:6:")
    assert what in said
    assert remedy


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ('{that: "count > 1", over: "5s..1s"}', "window '5s..1s' ends before it starts"),
        ('{that: "count > 1", severity: error}', "severity: 'error' is not 'fail' or 'warn'"),
        ('{that: "count > 1", sverity: warn}', "unknown key 'sverity' (did you mean 'severity'?)"),
    ],
)
def test_threshold__has_a_wrong_setting(project: MakeProject, spec: str, what: str) -> None:
    text = projects.lab(SERVICE, thresholds=f"{{http_reqs: [{spec}]}}")
    said, _ = refused(project(text, {"load.js": GET}), "run")
    assert said.startswith("ltlab.yml:6:")
    assert what in said


@pytest.mark.parametrize("tag", ["plan:a&b", "plan:a=b"])
def test_threshold__on_a_custom_tag_that_k6_cannot_write(project: MakeProject, tag: str) -> None:
    text = projects.lab(SERVICE, thresholds=f'{{"http_reqs{{{tag}}}": ["count > 1"]}}')
    said, remedy = refused(project(text, {"load.js": GET}), "run")
    assert "cannot carry & or = in tag 'plan'" in said
    assert "another value" in remedy


def test_threshold__on_a_custom_tag_while_another_cannot_be_written(
    project: MakeProject,
) -> None:
    script = projects.k6("http.get(url);", options="tags: { team: 'a&plan=b' }")
    text = projects.lab(SERVICE, thresholds='{"http_reqs{plan:b}": ["count > 1"]}')
    said, _ = refused(project(text, {"load.js": script}), "run")
    assert "option tag team='a&plan=b' holds & or =" in said


SAME = "`k6 inspect` shows the same error"


@pytest.mark.parametrize(
    ("script", "what", "mended"),
    [
        ("export default function () {", "k6 cannot load load.js: ", SAME),
        ("throw new Error('no such shop');", "no such shop", SAME),
        ("import 'k6/x/unknown';", "k6/x/unknown", "build a k6 that has it with xk6"),
        ("open('./users.json');", "users.json", SAME),
        ("export const options = { vus: 'many' };", "k6 cannot load load.js: ", SAME),
        ("import http from 'k6/http';", "k6 cannot load load.js: ", SAME),
    ],
    ids=["syntax", "throws", "module", "file", "options", "no function"],
)
def test_k6_script__does_not_load(
    project: MakeProject, script: str, what: str, mended: str
) -> None:
    said, remedy = refused(project(projects.lab(SERVICE), {"load.js": script}), "run")
    assert said.startswith("scenario load: k6 cannot load load.js: ")
    assert what in said
    assert mended in remedy


FLOW = "scenarios: [{flow: [{get: {url: /fast}}]}]"


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("config: [", "(parse)"),
        (f"config: {{target: http://a, processor: no.js}}\n{FLOW}", "no.js"),
        (
            f"config: {{target: http://a, phases: [{{duration: soon, arrivalRate: 1}}]}}\n{FLOW}",
            "duration",
        ),
        ("config: {target: http://a}", '"scenarios" is required'),
    ],
    ids=["syntax", "processor", "phase", "no scenario"],
)
def test_artillery_script__does_not_load(project: MakeProject, script: str, what: str) -> None:
    lab = projects.lab(SERVICE, script="load.yml")
    said, remedy = refused(project(lab, {"load.yml": script}), "run")
    assert said.startswith("scenario load: Artillery cannot load load.yml ")
    assert what in said
    assert "`artillery run` shows the same error" in remedy


@pytest.mark.parametrize("word", ["run", "validate"])
def test_artillery_script__asks_in_vain(project: MakeProject, word: str) -> None:
    script = f"config: {{target: http://a, plugins: {{fuzzer: {{}}}}, ensure: {{p95: 5}}}}\n{FLOW}"
    said, remedy = refused(
        project(projects.lab(SERVICE, script="load.yml"), {"load.yml": script}), word
    )
    assert said.startswith(
        "scenario load: load.yml switches on plug-ins that Artillery cannot load: "
    )
    assert "; it has limits in config.ensure, and the plug-in" in said
    assert "add `plugins: {ensure: {}}`" in remedy


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("run", "lode"), "ltlab.yml has no scenario 'lode' (did you mean 'load'?)"),
        (("run", "--config", "other.yml"), "no other.yml in "),
        (("run", "--url", "localhost:80"), "'localhost:80' is no address"),
        (("k6", "-s", "no.js"), "no script at "),
        (("artillery", "-s", "no.yml"), "no script at "),
        (("k6", "-s", "load.js", "--", "--no-thresholds"), "--no-thresholds cannot be given"),
        (("run", "--report-dir", "notes"), "holds files that ltlab did not write"),
        (("run", "--report-dir", "load.js"), "load.js"),
    ],
)
def test_flag__is_wrong(project: MakeProject, words: tuple[str, ...], what: str) -> None:
    mine = project(projects.lab(SERVICE), {"load.js": GET, "notes/mine.txt": "dear"})
    assert what in refused(mine, *words)[0]
    assert (mine.folder / "notes" / "mine.txt").read_text() == "dear"
