"""The lab that stays up on a laptop: one lab, several projects, every command of its life.

The tests share it and run in this order, so that it is booted as seldom as possible. It has a name
and ports of its own: whoever runs the tests may have a lab of his own.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from ltlab_ci import model
from ltlab_ci.lab import grafana
from ltlab_ci.report import snapshot
from tests.flow import projects
from tests.lab import runs, stack

pytestmark = pytest.mark.timeout(1800)  # the first test may have to build the images

SHOP = json.dumps({"uid": "shop-own", "title": "Shop", "panels": [], "schemaVersion": 41})


@dataclass(frozen=True, kw_only=True)
class Laptop:
    """A lab that was started, and a folder to type commands in."""

    folder: Path
    docker: runs.Docker
    name: str

    @property
    def env(self) -> Mapping[str, str]:
        """Return the environment of every command."""
        return {**self.docker.env, "LTLAB_LAB_DIR": str(self.folder / "settings")}

    def ltlab(self, *words: str, code: int = 0) -> projects.Ran:
        """Type a command; it must end with this code."""
        ran = projects.Project(folder=self.folder).run(*words, env=self.env)
        assert ran.code == code, (words, ran.out, ran.err)
        return ran

    def info(self, *words: str) -> dict[str, Any]:
        """Return what `ltlab info --json` says."""
        found: dict[str, Any] = json.loads(self.ltlab("info", "--json", *words).out)
        return found

    def url(self, service: str) -> str:
        """Return where a service answers, by the settings that were written."""
        lines = (self.folder / "settings" / ".env").read_text(encoding="utf-8").split()
        ports = dict(line.split("=") for line in lines)
        return f"http://127.0.0.1:{ports[service.upper().replace('-', '_') + '_PORT']}"

    def states(self) -> dict[str, str]:
        """Return how each service is, as Docker says."""
        label = f"label=com.docker.compose.project={self.name}"
        shown = '{{.Label "com.docker.compose.service"}} {{.Status}}'
        said = self.docker("ps", "--filter", label, "--format", shown).splitlines()
        return {line.split()[0]: line.split()[-1].strip("()") for line in said}

    def runs(self) -> set[tuple[str, str]]:
        """Return project and scenario of every run that the lab holds."""
        found = json.loads(self.ltlab("metrics", "--json").out)["runs"]
        return {(each["project"], each["scenario"]) for each in found}

    def dashboard(self, uid: str) -> model.Json | None:
        """Return a dashboard as the lab's Grafana has it."""
        answer = requests.get(f"{self.url('grafana')}/api/dashboards/uid/{uid}", timeout=10)
        found: model.Json | None = answer.json()["dashboard"] if answer.ok else None
        return found

    def offered(self, uid: str, variable: str) -> set[str]:
        """Return what can be chosen on a dashboard, asked by way of the lab's Grafana."""
        board = json.loads((stack.ROOT / "grafana/dashboards" / f"{uid}.json").read_bytes())
        [query] = [v["query"] for v in board["templating"]["list"] if v["name"] == variable]
        now = time.time_ns()
        window = model.Window(start_ns=now - 3600 * 10**9, end_ns=now)
        panel = {"id": 1, "targets": [{"refId": "A", "query": query}]}
        view = model.View(title="", variables={}, window=window)
        asked = snapshot.queries({"panels": [panel]}, view)
        with grafana.opened(model.Grafana(url=self.url("grafana")), direct=True) as client:
            [[frame]] = client.frames(asked, window).values()
        return set(frame["data"]["values"][-1])


@pytest.fixture(scope="module")
def laptop(docker: runs.Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """Start a lab by the commands that a user types; whatever happens, nothing of it is left."""
    name = f"ltlab-test-{secrets.token_hex(4)}"
    made = Laptop(folder=tmp_path_factory.mktemp("laptop") / "me", docker=docker, name=name)
    made.folder.mkdir()
    try:
        _configured(made, LAB_NAME=name, **stack.free_ports())
        made.ltlab("start")
        yield made
    finally:
        made.ltlab("purge", "--yes")


def _configured(laptop: Laptop, **values: str) -> projects.Ran:
    words = [[f"--{key.lower().replace('_', '-')}", text] for key, text in values.items()]
    return laptop.ltlab("configure", *(word for pair in words for word in pair))


def test_start__all_of_it_is_healthy_and_answers_where_info_says(laptop: Laptop) -> None:
    found = laptop.info()
    assert {each["name"]: each["state"] for each in found["services"]} == dict.fromkeys(
        ("influxdb", "telegraf", "grafana", "toy-api"), "healthy"
    )
    assert found["name"] == laptop.name
    for service, path in (("toy-api", "/health"), ("grafana", "/api/health")):
        assert requests.get(found["addresses"][service] + path, timeout=10).ok


def test_doctor__knows_a_whole_lab_and_a_half_one(laptop: Laptop) -> None:
    def checks() -> dict[str, Any]:
        found = json.loads(laptop.ltlab("doctor", "--json").out)["checks"]
        return {each["name"]: each for each in found}

    whole = checks()
    assert (whole["Docker"]["state"], whole["lab"]["state"]) == ("ok", "ok")
    assert laptop.url("grafana") in whole["lab"]["found"]
    telegraf = laptop.docker.service(laptop.name, "telegraf")
    assert telegraf is not None
    laptop.docker("stop", telegraf)
    half = checks()["lab"]
    assert (half["state"], half["found"]) == (
        "warn",
        f"{laptop.name} is half up: telegraf is exited",
    )
    assert half["remedy"].startswith("`ltlab start` mends it")
    laptop.ltlab("start")
    assert laptop.states()["telegraf"] == "healthy"


def test_info__shows_credentials_on_request_alone(laptop: Laptop) -> None:
    shown = laptop.info("--show-secrets")
    known = {"Authorization": f"Token {shown['token']}"}
    where = shown["addresses"]["influxdb"]
    assert requests.get(f"{where}/api/v2/buckets", headers=known, timeout=10).ok
    said = laptop.ltlab("info")
    assert shown["token"] not in said.out + said.err
    assert shown["password"] not in said.out + said.err
    assert all(text in said.out for text in (*shown["addresses"].values(), "********"))


@pytest.mark.quiet
def test_two_projects_at_the_same_time__are_told_apart(laptop: Laptop) -> None:
    """One of them shares its load among two k6, whose samples the lab must tell apart as well."""
    toy = f"{{url: '{laptop.url('toy-api')}'}}"
    shop = runs.two_engines(laptop.folder / "shop", toy, seconds=3)
    blog = runs.k6_alone(laptop.folder / "blog", toy, seconds=5)
    for project in (shop, blog):  # pictures of all dashboards take long, and are tried elsewhere
        with (project.folder / "ltlab.yml").open("a", encoding="utf-8") as file:
            file.write("grafana: {snapshots: [k6-dashboard]}\n")
    with (
        shop.running("run", env=laptop.env) as first,
        blog.running("scale", "2", env=laptop.env) as second,
    ):
        pass
    for ran, findings in ((first.ended(), set()), (second.ended(), {"load-shared"})):
        assert ran.findings.keys() == findings
        assert ran.code == 0, ran.err
        assert ran.found["environment"]["lab"] == "docker"
        stored = runs.observed(ran)
        recorded = runs.observed(projects.Project(folder=ran.folder).run("judge"))
        assert recorded == {
            key: (status, pytest.approx(value, rel=1e-9), count)
            for key, (status, value, count) in stored.items()
        }
    assert laptop.runs() == {("shop", "browse"), ("shop", "buy"), ("blog", "load")}
    assert laptop.offered("k6-dashboard", "project") == {"shop", "blog"}
    assert laptop.offered("artillery-pro", "project") == {"shop"}


def test_dashboard__appears_without_a_restart_and_stays_over_one(laptop: Laptop) -> None:
    file = laptop.folder / "own.json"
    file.write_text(SHOP, encoding="utf-8")
    linked = laptop.ltlab("dashboard", "link", "own.json")
    assert linked.err.strip().endswith("/d/shop-own")
    assert laptop.dashboard("shop-own") is not None
    laptop.ltlab("restart", "-s", "grafana")
    assert laptop.dashboard("shop-own") is not None
    assert laptop.states()["grafana"] == "healthy"


def test_chaos__takes_the_toy_api_of_the_lab(laptop: Laptop) -> None:
    toy = laptop.url("toy-api")
    project = projects.write(laptop.folder / "trouble", "")
    with project.running("chaos", "spike", env=laptop.env) as run:
        run.loaded()
        run.interrupt()
    ran = run.ended()
    assert ran.code == 130
    assert (ran.found["environment"]["service"], ran.found["environment"]["lab"]) == (toy, "docker")
    assert ("chaos", "k6-spike") in laptop.runs()


def test_logs__of_all_and_of_one(laptop: Laptop) -> None:
    whole = laptop.ltlab("logs", "--lines", "3").out.splitlines()
    named = {line.split(":")[0] for line in whole}
    assert named - {"grafana"} == {"influxdb", "telegraf", "toy-api"}  # the stand-in says nothing
    assert len(laptop.ltlab("logs", "influxdb", "--lines", "2").out.splitlines()) == 2
    refused = laptop.ltlab("logs", "--follow", code=2)
    assert refused.refusal[1] == "name it: ltlab logs influxdb -f"


def test_rebuild__takes_up_other_ports_and_keeps_data_and_dashboards(laptop: Laptop) -> None:
    before, known = laptop.url("influxdb"), laptop.runs()
    told = _configured(laptop, **stack.free_ports())
    assert "ltlab rebuild" in told.err
    said = laptop.ltlab("rebuild").out
    assert laptop.url("influxdb") in said
    assert before not in said
    assert laptop.runs() == known
    assert laptop.dashboard("shop-own") is not None


def test_stop_and_start__keep_data(laptop: Laptop) -> None:
    known = laptop.runs()
    laptop.ltlab("stop")
    assert laptop.ltlab("metrics", code=3).refusal == ("the lab is not up", "ltlab start")
    assert laptop.ltlab("restart", code=3).refusal[1] == "ltlab start"
    laptop.ltlab("dashboard", "unlink", "own.json")
    laptop.ltlab("start")
    assert laptop.runs() == known
    assert laptop.dashboard("shop-own") is None


@pytest.mark.parametrize("command", ["reset", "purge"])
def test_destructive__asks_first_and_says_what_goes(laptop: Laptop, command: str) -> None:
    said = laptop.ltlab(command, code=130)  # nobody is there to answer
    assert f"the lab {laptop.name}" in said.out
    assert "Go on?" in said.out
    assert set(laptop.states().values()) == {"healthy"}


def test_reset__empties_it(laptop: Laptop) -> None:
    assert laptop.runs()
    laptop.ltlab("reset", "--yes")
    assert laptop.runs() == set()
    assert set(laptop.states().values()) == {"healthy"}


def test_purge__leaves_nothing_but_what_is_the_users(laptop: Laptop) -> None:
    influxdb = laptop.docker.service(laptop.name, "influxdb")
    assert influxdb is not None
    volumes = laptop.docker.volumes(influxdb)
    mine = laptop.folder / "settings" / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    laptop.ltlab("purge", "--yes")
    assert laptop.docker.left(laptop.name, volumes) == []
    assert list((laptop.folder / "settings").iterdir()) == [mine]
