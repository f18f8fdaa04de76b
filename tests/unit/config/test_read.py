"""ltlab.yml, .env, environment and flags become one configuration, and each value has a source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ltlab_ci import errors, model
from ltlab_ci.config import read

YML = """\
version: 1
service: {url: "http://127.0.0.1:5000/"}
thresholds:
  http_req_failed: rate < 1%
steady_state: {skip_start: 5s}
engines: {k6: {path: tools/k6}}
scenarios:
  browse:
    script: load/browse.js
    env: {RATE: "50"}
    args: [--quiet]
    thresholds: {http_reqs: [count > 1, count > 2]}
    steady_state: {skip_end: 500ms}
  checkout:
    engine: artillery
    script: load/checkout.txt
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "load").mkdir(parents=True)
    (folder / "load" / "browse.js").write_text("export default function () {}")
    (folder / "load" / "checkout.txt").write_text("config: {}")
    (folder / "ltlab.yml").write_text(YML)
    return folder


def loaded(
    cwd: Path,
    *,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
) -> read.Loaded:
    return read.load(cwd=cwd, environ=environ or {}, flags=flags or {}, names=names)


def refusal(cwd: Path, flags: Mapping[str, str] | None = None) -> errors.ConfigError:
    with pytest.raises(errors.ConfigError) as caught:
        loaded(cwd, flags=flags)
    assert caught.value.remedy
    return caught.value


def test_load__knows_where_each_threshold_is_stated(project: Path) -> None:
    lines = (project / "ltlab.yml").read_text(encoding="utf-8").splitlines()
    browse, _ = loaded(project).config.scenarios
    assert browse.place is not None
    assert lines[browse.place.line - 1].strip() == "browse:"
    for threshold in browse.thresholds:
        assert threshold.place is not None
        assert threshold.place.file == "ltlab.yml"
        assert threshold.text in lines[threshold.place.line - 1]


def test_single__starts_at_its_script(project: Path) -> None:
    script = model.Scenario(
        name="browse", engine=model.EngineName.K6, script=project / "load" / "browse.js"
    )
    found = read.single(script, root=project, cwd=project, environ={}, flags={})
    assert found.config.scenarios[0].place == model.Place(file="load/browse.js", line=1)


def test_load__gives_scenarios_that_are_ready_to_run(project: Path) -> None:
    browse, checkout = loaded(project).config.scenarios
    assert browse == model.Scenario(
        name="browse",
        engine=model.EngineName.K6,
        script=project / "load" / "browse.js",
        env={"RATE": "50"},
        args=("--quiet",),
        thresholds=(
            model.Threshold.parse("http_reqs", "count > 1"),
            model.Threshold.parse("http_reqs", "count > 2"),
            model.Threshold.parse("http_req_failed", "rate < 1%"),
        ),
        cut=model.Cut(start_s=0.0, end_s=0.5),
    )
    assert (checkout.engine, checkout.cut) == (model.EngineName.ARTILLERY, model.Cut(start_s=5.0))


@pytest.mark.parametrize(
    ("given", "k6", "source"),
    [
        (("", "", ""), "{project}/tools/k6", "ltlab.yml"),
        (("LTLAB_K6=bin/k6", "", ""), "{project}/bin/k6", "LTLAB_K6 in .env"),
        (("LTLAB_K6=", "", ""), "{project}/tools/k6", "ltlab.yml"),
        (("LTLAB_K6", "", ""), "{project}/tools/k6", "ltlab.yml"),
        (("LTLAB_K6=a/k6", "/opt/k6", ""), "/opt/k6", "LTLAB_K6"),
        (("", "k6", ""), "k6", "LTLAB_K6"),
        (("LTLAB_K6=a/k6", "/opt/k6", "x/k6"), "{project}/x/k6", "--k6"),
        (("LTLAB_K6=a/k6", "", "x/k6"), "{project}/x/k6", "--k6"),
    ],
)
def test_load__the_cascade(
    project: Path, given: tuple[str, str, str], k6: str, source: str
) -> None:
    dotenv, environ, flag = given
    (project / ".env").write_text(dotenv)
    found = loaded(project, environ={"LTLAB_K6": environ}, flags={"k6": flag})
    assert found.config.k6_path == k6.format(project=project)
    assert found.settings["k6"].source == source


@pytest.mark.parametrize(
    ("given", "version"), [("v2.2.0", "2.2.0"), ("1.0.0-rc1", "1.0.0-rc1"), ("", "")]
)
def test_load__a_version_of_k6(project: Path, given: str, version: str) -> None:
    assert loaded(project, environ={"LTLAB_K6_VERSION": given}).config.k6_version == version


def test_load__what_is_no_version_is_refused_with_its_source(project: Path) -> None:
    with pytest.raises(errors.ConfigError, match="LTLAB_K6_VERSION: 'latest' is no version"):
        loaded(project, environ={"LTLAB_K6_VERSION": "latest"})


def test_load__paths_of_ltlab_yml_start_at_its_folder_all_others_where_one_stands(
    project: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    flags = {"config": "../project/ltlab.yml", "artillery": "./artillery", "report-dir": "out"}
    config = loaded(elsewhere, flags=flags).config
    assert (config.root, config.file) == (project, project / "ltlab.yml")
    assert config.k6_path == str(project / "tools/k6")
    assert config.artillery_path == str(elsewhere / "artillery")
    assert config.report_dir == elsewhere / "out"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"HOME": "/home/someone"}, "/home/someone/.cache/ltlab"),
        ({"HOME": "/home/someone", "LTLAB_CACHE_DIR": "/var/cache"}, "/var/cache"),
        ({"HOME": "/home/someone", "LTLAB_CACHE_DIR": "cache"}, "{project}/cache"),
        ({"HOME": "/home/someone", "LTLAB_CACHE_DIR": "~"}, "/home/someone"),
        ({"HOME": "/home/someone", "LTLAB_CACHE_DIR": "~x/y"}, "{project}/~x/y"),
    ],
)
def test_load__the_cache_is_at_home_unless_told(
    project: Path, given: dict[str, str], expected: str
) -> None:
    config = loaded(project, environ=given).config
    assert config.cache_dir == Path(expected.format(project=project))


def test_load__a_home_is_not_needed(project: Path) -> None:
    assert loaded(project).config.cache_dir.is_absolute()


def test_load__an_address_replaces_the_service_but_keeps_what_ready_means(project: Path) -> None:
    text = YML.replace('{url: "http://127.0.0.1:5000/"}', "{command: [./shop], ready: {get: /up}}")
    (project / "ltlab.yml").write_text(text)
    config = loaded(project, flags={"url": "http://shop.test"}).config
    service = config.service
    assert service is not None
    assert (service.url, service.command, service.ready.get) == ("http://shop.test", None, "/up")
    assert config.url_given
    assert not loaded(project).config.url_given


@pytest.mark.parametrize("url", ["shop.test", "ftp://shop.test", "http://", "http://127.0.0.1:x"])
def test_load__an_address_that_is_none_is_refused(project: Path, url: str) -> None:
    assert repr(url) in refusal(project, flags={"url": url}).message


def test_load__runs_the_scenarios_that_were_named(project: Path) -> None:
    config = loaded(project, names=["checkout"]).config
    assert [scenario.name for scenario in config.scenarios] == ["checkout"]
    with pytest.raises(errors.ConfigError) as caught:
        loaded(project, names=["browse", "chekout"])
    assert caught.value.message == "ltlab.yml has no scenario 'chekout' (did you mean 'checkout'?)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("load/browse.js", "load/missing.js", "ltlab.yml:9:5: no script 'load/missing.js'"),
        ("load/browse.js", "load", "ltlab.yml:9:5: no script 'load'"),
        ("    engine: artillery\n", "", "ltlab.yml:15:5: cannot tell the engine of checkout.txt"),
    ],
)
def test_load__refuses_scripts_before_anything_starts(
    project: Path, old: str, new: str, message: str
) -> None:
    (project / "ltlab.yml").write_text(YML.replace(old, new))
    assert refusal(project).message == message


def test_load__a_broken_scenario_counts_although_another_was_named(project: Path) -> None:
    (project / "load" / "checkout.txt").unlink()
    with pytest.raises(errors.ConfigError, match=r"no script 'load/checkout.txt'"):
        loaded(project, names=["browse"])


def test_load__an_env_file_that_is_no_text_is_refused(project: Path) -> None:
    (project / ".env").write_bytes(b"LTLAB_K6=\xff\xfe\n")
    assert ".env" in refusal(project).message


def test_load__other_variables_in_an_env_file_are_nobody_s_business(project: Path) -> None:
    (project / ".env").write_text("SECRET=s3cret\nLTLAB_URL=http://shop.test\n")
    found = loaded(project)
    assert "s3cret" not in repr(found)
    assert found.settings["url"].value == "http://shop.test"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.js", "k6"),
        ("a.ts", "k6"),
        ("a.mjs", "k6"),
        ("a.tar", "k6"),
        ("a.yml", "artillery"),
        ("a.yaml", "artillery"),
        ("a.json", "artillery"),
        ("a.txt", None),
        ("js", None),
    ],
)
def test_engine_of__tells_by_the_name(name: str, expected: str | None) -> None:
    assert read.engine_of(Path(name)) == expected


def test_single__needs_no_ltlab_yml(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text("")
    scenario = model.Scenario(name="a", engine=model.EngineName.K6, script=script)
    config = read.single(
        scenario,
        root=tmp_path,
        cwd=tmp_path,
        environ={"LTLAB_URL": "http://shop.test"},
        flags={"k6": "./k6"},
    ).config
    assert (config.root, config.file, config.scenarios) == (tmp_path, None, (scenario,))
    assert config.service == model.Service(url="http://shop.test")
    assert config.k6_path == str(tmp_path / "k6")


def test_single__a_missing_script_is_refused(tmp_path: Path) -> None:
    scenario = model.Scenario(name="a", engine=model.EngineName.K6, script=tmp_path / "a.js")
    with pytest.raises(errors.ConfigError, match="no script at"):
        read.single(scenario, root=tmp_path, cwd=tmp_path, environ={}, flags={})


def test_single__a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    script = tmp_path / os.fsdecode(b"caf\xe9.js")
    script.write_text("")
    scenario = model.Scenario(name=script.stem, engine=model.EngineName.K6, script=script)
    with pytest.raises(errors.ConfigError) as caught:
        read.single(scenario, root=tmp_path, cwd=tmp_path, environ={}, flags={})
    assert "no UTF-8" in caught.value.message
    assert caught.value.message.encode("utf-8")


@pytest.mark.parametrize(
    ("written", "patterns", "learn"),
    [
        ("", (), True),
        ('names: ["/a/:id", "/b/*"]', ("/a/:id", "/b/*"), True),
        ("names: {learn: false}", (), False),
        ("names: {patterns: [/a/:id], learn: false}", ("/a/:id",), False),
    ],
)
def test_load__names(
    project: Path,
    written: str,
    patterns: tuple[str, ...],
    learn: bool,  # noqa: FBT001
) -> None:
    file = project / "ltlab.yml"
    file.write_text(f"{file.read_text(encoding='utf-8')}{written}\n", encoding="utf-8")
    for scenario in loaded(project).config.scenarios:
        assert scenario.naming == model.Naming(patterns=patterns, learn=learn)


def test_load__names_of_a_scenario_replace_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "load.js").write_text("")
    (tmp_path / "ltlab.yml").write_text(
        "version: 1\nnames: [/a/:id]\n"
        "scenarios:\n  one: {script: load.js}\n  two: {script: load.js, names: [/b/:id]}\n"
    )
    found = {each.name: each.naming.patterns for each in loaded(tmp_path).config.scenarios}
    assert found == {"one": ("/a/:id",), "two": ("/b/:id",)}
