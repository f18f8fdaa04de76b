"""Whatever is asked for, the script holds exactly that, and nothing that was given becomes code."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ltlab_ci import errors, model
from ltlab_ci.config import blueprints
from ltlab_ci.config.blueprints import Blueprint, Endpoint, Shape

K6, ARTILLERY = model.EngineName.K6, model.EngineName.ARTILLERY
NASTY = "/a'\"`${x}{{ $processEnvironment.HOME }}\n*/\u2028</script>#é%zz%20?q=a&b=[1]"
TEXTS = st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: f"/{text}")
METHODS = st.sampled_from([*blueprints.Method])
BLUEPRINTS = st.builds(
    Blueprint,
    shape=st.sampled_from([*Shape]),
    engine=st.just(K6),
    endpoints=st.lists(
        st.builds(lambda method, path: Endpoint.parse(f"{method}:{path}"), METHODS, TEXTS),
        min_size=1,
        max_size=3,
    ).map(tuple),
    duration_s=st.integers(blueprints.SHORTEST_S, 3600),
    rate=st.integers(1, 100),
    peak=st.integers(101, 1000),
    users=st.integers(1, 100),
    think_s=st.floats(0.01, 100),
)


def a_blueprint(shape: Shape, **parts: Any) -> Blueprint:  # noqa: ANN401  (any part of it)
    usual = {"engine": K6, "endpoints": (Endpoint.parse("/items"),), "duration_s": 30}
    return Blueprint(shape=shape, **{**usual, **parts})


def artillery(blueprint: Blueprint) -> dict[str, Any]:
    """Return the blueprint's Artillery script as Artillery reads it."""
    text = blueprints.script(model_of(blueprint, ARTILLERY))
    return dict(yaml.safe_load(text))


def model_of(blueprint: Blueprint, engine: model.EngineName) -> Blueprint:
    return Blueprint(**{**vars(blueprint), "engine": engine})


@pytest.mark.parametrize(
    ("text", "method", "path", "name"),
    [
        ("/items", "GET", "/items", "GET /items"),
        ("post:/items?all=1", "POST", "/items?all=1", "POST /items"),
        ("/a:b", "GET", "/a:b", "GET /a:b"),
        ("/a b%20c%2", "GET", "/a%20b%20c%252", "GET /a%20b%20c%252"),
        ("/é\udcff", "GET", "/%C3%A9%FF", "GET /%C3%A9%FF"),
    ],
)
def test_parse__method_path_and_name(text: str, method: str, path: str, name: str) -> None:
    endpoint = Endpoint.parse(text)
    assert (endpoint.method, endpoint.path, endpoint.name) == (method, path, name)


@pytest.mark.parametrize("text", ["", "items", "http://127.0.0.1/items", "FETCH:/items", "/\ud800"])
def test_parse__what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(errors.ConfigError):
        Endpoint.parse(text)


@given(TEXTS)
def test_parse__a_path_is_what_was_meant_without_what_could_be_code(text: str) -> None:
    path = Endpoint.parse(text).path
    assert unquote(path) == unquote(text)
    assert re.fullmatch(r"[\w\-.~!$&'()*+,;=:@/?%]+", path, re.ASCII)
    assert urlsplit(f"http://127.0.0.1:1{path}").hostname == "127.0.0.1"


@given(BLUEPRINTS)
def test_phases__last_whole_seconds_and_the_whole_time(blueprint: Blueprint) -> None:
    phases = blueprint.phases
    assert all(phase.duration_s >= 1 for phase in phases)
    assert sum(phase.duration_s for phase in phases) == (blueprint.duration_s if phases else 0)
    assert {phase.start for phase in phases} <= {
        blueprint.rate,
        blueprint.peak,
        (blueprint.rate + blueprint.peak) // 2,
    }


@given(BLUEPRINTS)
def test_script__of_artillery_holds_what_was_asked_for(blueprint: Blueprint) -> None:
    values = artillery(blueprint)
    [scenario] = values["scenarios"]
    flow = scenario["flow"]
    if blueprint.shape is Shape.THINK_TIME:
        [loop] = flow
        assert loop["count"] == blueprint.loops
        *flow, pause = loop["loop"]
        assert pause == {"think": blueprint.think_s}
    found = [(method, step["url"], step["name"]) for each in flow for method, step in each.items()]
    assert found == [(one.method.lower(), one.path, one.name) for one in blueprint.endpoints]
    if blueprint.phases:
        stated = [
            (phase["duration"], phase["arrivalRate"], phase.get("rampTo", phase["arrivalRate"]))
            for phase in values["config"]["phases"]
        ]
        assert stated == [(each.duration_s, each.start, each.end) for each in blueprint.phases]
    assert values["config"]["ensure"]["thresholds"]
    assert values["config"]["target"] == "{{ $processEnvironment.BASE_URL }}"


@given(BLUEPRINTS)
def test_script__of_k6_differs_by_literals_alone(blueprint: Blueprint) -> None:
    """With every text in quotes replaced, two scripts of a shape are the same but for numbers."""
    plain = tuple(Endpoint(method=each.method, path="/x") for each in blueprint.endpoints)
    other = Blueprint(**{**vars(blueprint), "endpoints": plain})
    texts = r'"(?:[^"\\\n]|\\.)*"'
    mine, theirs = blueprints.script(blueprint), blueprints.script(other)
    assert re.sub(texts, '""', mine) == re.sub(texts, '""', theirs)
    held = [json.loads(text) for text in re.findall(texts, mine)]
    assert held == [text for one in blueprint.endpoints for text in (one.path, one.name)]


def test_script__of_k6_jumps_by_stages_of_no_length() -> None:
    text = blueprints.script(a_blueprint(Shape.SPIKE, rate=3, peak=70))
    stages = re.findall(r"target: (\d+), duration: '(\d+)s'", text)
    assert stages == [("3", "12"), ("70", "0"), ("70", "6"), ("3", "0"), ("3", "12")]


def test_script__of_k6_ramps_between_its_rates() -> None:
    text = blueprints.script(a_blueprint(Shape.RAMP_UP_DOWN, rate=3, peak=70))
    stages = re.findall(r"target: (\d+), duration: '(\d+)s'", text)
    assert stages == [("70", "12"), ("70", "6"), ("3", "12")]


@pytest.mark.parametrize("text", ["4s", "25h", "5500ms", "0", "soon"])
def test_whole_seconds__refuses_what_no_blueprint_can_last(text: str) -> None:
    with pytest.raises(errors.ConfigError):
        blueprints.whole_seconds(text)


@pytest.mark.parametrize("text", ["0", "1ms", "2h", "-1s"])
def test_think_seconds__refuses_what_nobody_thinks(text: str) -> None:
    with pytest.raises(errors.ConfigError):
        blueprints.think_seconds(text)
